import json
from datetime import timedelta

import pytest
import typer
from typer.testing import CliRunner

from lambdaloop.domain.experiment import ArmFigures, Contrast, Look
from lambdaloop.domain.experiment_life import looked
from scripts.cli.experiment import ArmTextError, _arms, _parsed, _ramp
from scripts.cli.experiment_story import difference_text, print_experiment
from scripts.cli.main import app
from scripts.cli.output import console
from scripts.cli.simulated_users import users
from tests.contract.test_experiments import experiment
from tests.fakes.samples import MORNING

run = CliRunner()


def test_an_arm_is_a_name_and_a_version() -> None:
    assert _parsed("challenger=7") == ("challenger", 7)
    with pytest.raises(ArmTextError, match="NAME=VERSION"):
        _parsed("challenger")


def test_shares_are_percentages_of_ten_thousand_buckets() -> None:
    named = [("control", 1), ("new", 2)]
    assert [arm.share for arm in _arms(named, "90,10")] == [9000, 1000]
    assert [arm.share for arm in _arms(named, None)] == [5000, 5000]


def test_a_plan_says_what_looking_all_the_time_costs() -> None:
    wanted = [
        "experiment",
        "plan",
        "--baseline",
        "0.1",
        "--smallest-effect",
        "0.02",
        "--units-per-day",
        "1000",
    ]
    found = json.loads(run.invoke(app, [*wanted, "--json"]).stdout)
    assert found["units_per_arm_looked_at_once"] == 3841
    assert found["units_per_arm"] > 3841
    assert found["days"] == pytest.approx(2 * found["units_per_arm"] / 1000)


def planned(*arguments: str) -> dict[str, float]:
    found: dict[str, float] = json.loads(run.invoke(app, ["experiment", "plan", *arguments, "--json"]).stdout)
    return found


def test_a_plan_says_what_is_found_by_the_units_that_there_will_be() -> None:
    found = planned("--baseline", "0.1", "--units-per-arm", "3841")
    assert found["effect_looked_at_once"] == pytest.approx(0.02, rel=1e-3)
    assert found["effect"] > 0.02
    power = planned("--baseline", "0.1", "--units-per-arm", "3841", "--smallest-effect", "0.02")
    assert power["power_looked_at_once"] == pytest.approx(0.8, abs=1e-3)
    assert power["power"] < 0.8


def test_what_no_effect_could_show_is_no_number() -> None:
    assert planned("--baseline", "0.9", "--units-per-arm", "5") == {
        "effect": None,
        "effect_looked_at_once": None,
    }


def test_unequal_shares_need_more_units_and_fewer_in_the_smallest_arm() -> None:
    even = planned("--deviation", "1", "--smallest-effect", "0.1")
    other = planned("--deviation", "1", "--smallest-effect", "0.1", "--control-share", "80")
    assert other["units"] == pytest.approx(even["units"] / (4 * 0.8 * 0.2), rel=0.01)
    assert other["units_per_arm"] == pytest.approx(other["units"] * 0.2, abs=1)
    assert other["units_per_arm"] < even["units_per_arm"]


def test_a_plan_says_how_to_start_what_is_judged_once() -> None:
    shown = run.invoke(app, ["experiment", "plan", "--baseline", "0.1", "--smallest-effect", "0.02"]).stdout
    assert "--design fixed --units-per-arm 3841" in " ".join(shown.split())


@pytest.mark.parametrize(
    "arguments",
    [
        ["--smallest-effect", "0.02"],
        ["--baseline", "0.1"],
        ["--baseline", "0.1", "--smallest-effect", "0.02", "--control-share", "100"],
        ["--smallest-effect", "0.02", "--baseline", "0.1", "--deviation", "3"],
        ["--smallest-effect", "0.2", "--baseline", "0.9"],
    ],
)
def test_a_plan_that_cannot_be_is_refused(arguments: list[str]) -> None:
    assert run.invoke(app, ["experiment", "plan", *arguments]).exit_code == 2


def test_status_shows_arms_figures_and_verdict() -> None:
    figures = ArmFigures(units=120, measured=100, total=75.0, squares=75.0)
    look = Look(
        at=MORNING + timedelta(hours=1),
        verdict="better",
        reason="new is better",
        winner="new",
        figures={"old": figures, "new": figures},
        contrasts=(Contrast(arm="new", difference=0.05, low=0.01, high=0.09),),
    )
    with console.capture() as captured:
        print_experiment(looked(experiment(), look).experiment)
    shown = captured.get()
    for expected in ("Experiment trial", "0.7500", "better: new is better", "40 %"):
        assert expected in shown
    assert difference_text(look.contrasts[0]) == "+0.0500 (+0.0100 to +0.0900)"
    assert difference_text(Contrast(arm="new", difference=None)) is None


def test_a_ramp_is_of_entities_or_of_requests() -> None:
    assert _ramp(25.0, None) == {"kind": "ramp", "buckets": 2500}
    assert _ramp(None, 12.5) == {"kind": "reshare", "shares": [8750, 1250]}
    for both in ((None, None), (25.0, 10.0)):
        with pytest.raises(typer.BadParameter, match="--participants for entities, or --share"):
            _ramp(*both)


def test_a_stateless_experiment_says_what_it_splits_and_counts() -> None:
    with console.capture() as captured:
        print_experiment(experiment(assignment="stateless"))
    shown = captured.get()
    assert "all requests, split by the weights of the live alias" in shown
    assert "who asks again may get the other arm" in shown
    assert "namespace" not in shown


def test_simulated_users_are_the_same_for_the_same_seed() -> None:
    first, second = (users(since_discount=True, seed=3) for _ in range(2))
    assert [next(first) for _ in range(20)] == [next(second) for _ in range(20)]
