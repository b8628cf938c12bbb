"""The baseline of a retrained version: live traffic, and what a model that never saw the newest rows was worth on them."""

import pytest

from lambdaloop.domain.metrics import Task
from lambdaloop.domain.monitoring_rules import Monitoring, Retraining
from lambdaloop.domain.profile import CategoryProfile
from lambdaloop.domain.serving_rules import Serving
from lambdaloop.monitoring.estimates import estimates
from lambdaloop.services.load_baseline import load_baseline, load_expected_loss
from tests.unit.services.captured_log import log_rows, rows_of
from tests.unit.services.training_run import Workshop
from tests.unit.training.sample_data import FEATURES, USUAL, candidate, definition, sample_csv


@pytest.mark.parametrize("task", ["binary", "regression"])
def test_a_refitted_winner_brings_the_outcomes_of_the_one_that_was_measured(task: Task) -> None:
    model = definition(
        task,
        training={"candidates": (candidate(USUAL[task][0]),)},
        serving=Serving(capture=tuple(FEATURES)),
        monitoring=Monitoring(min_labels=60),
        retraining=Retraining(original_weight=0),
    )
    workshop = Workshop(model, sample_csv(task))
    workshop.run()
    rows = [({**features, "plan": "pro"}, actual) for features, actual in rows_of(sample_csv(task, seed=1))]
    until = log_rows(workshop.archive, rows, since=workshop.clock.now())
    workshop.clock.advance((until - workshop.clock.now()).total_seconds())
    state = workshop.run("run-2", captured_until=until)
    version = workshop.version(state)
    baseline = load_baseline(version, artifacts=workshop.artifacts)
    found, metrics = estimates(baseline.outcomes, task), state["evaluation"]["metrics"]
    for name in ("accuracy", "log_loss", "brier") if task == "binary" else ("rmse", "mae", "r2"):
        assert found[name].value == pytest.approx(metrics[name], abs=1e-9), name
    plan = baseline.profile.features["plan"]
    assert isinstance(plan, CategoryProfile)
    assert dict(zip(plan.categories, plan.counts, strict=True)) == {"basic": 0, "plus": 0, "pro": 400}
    assert (load_expected_loss(version, artifacts=workshop.artifacts) is None) == (task == "binary")
