import io
import json
from datetime import timedelta

from lambdaloop.adapters.emf_experiment_metrics import EmfExperimentMetrics
from lambdaloop.domain.experiment import ArmFigures, Contrast, Look
from tests.contract.test_experiments import experiment
from tests.fakes.samples import MORNING


def test_each_arm_has_a_line_with_its_own_figures_at_the_time_of_the_look() -> None:
    stream = io.StringIO()
    look = Look(
        at=MORNING + timedelta(hours=1),
        verdict="undecided",
        reason="",
        figures={
            "old": ArmFigures(units=10, measured=4, total=3.0, squares=3.0),
            "new": ArmFigures(units=12, measured=0, total=0.0, squares=0.0),
        },
        contrasts=(Contrast(arm="new", difference=None),),
    )
    EmfExperimentMetrics(stream).record(experiment(), look)
    old, new = map(json.loads, stream.getvalue().splitlines())
    assert (old["Model"], old["Variant"], old["model_experiment_units"]) == ("churn", "old", 10)
    assert old["model_experiment_outcome"] == 0.75
    assert "model_experiment_outcome" not in new  # nobody's outcome is known, and that is not zero
    [directive] = new["_aws"]["CloudWatchMetrics"]
    assert directive["Dimensions"] == [["Model", "Variant"]]
    assert [each["Name"] for each in directive["Metrics"]] == ["model_experiment_units"]
    assert new["_aws"]["Timestamp"] == int(look.at.timestamp() * 1000)
