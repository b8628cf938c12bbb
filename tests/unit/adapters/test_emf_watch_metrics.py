"""What CloudWatch is told about a window."""

import io
import json
from dataclasses import replace
from typing import Any

import pytest

from lambdaloop import telemetry
from lambdaloop.adapters.emf_watch_metrics import EmfWatchMetrics
from lambdaloop.domain.definition import ModelDefinition
from lambdaloop.domain.outcomes import Estimate
from lambdaloop.domain.window import ColumnDrift, DriftReport, Performance, WindowReport
from tests.fakes.samples import MODEL, MORNING
from tests.fakes.watched_model import watched_definition

AGE = ColumnDrift(status="drift", method="psi", distance=0.3, threshold=0.1, problem="much is missing")
PLAN = ColumnDrift(status="ok", method="psi", distance=0.5, threshold=0.1)
REPORT = WindowReport(
    model=MODEL,
    start=MORNING,
    end=MORNING,
    status="drift",
    reason="age drifted",
    release=1,
    drift=DriftReport(
        status="drift",
        rows=1000,
        share=0.5,
        features={"age": AGE, "plan": PLAN},
        predictions={"prediction": replace(PLAN, distance=0.02), "score yes": replace(PLAN, distance=0.04)},
        multivariate=PLAN,
    ),
    performance=Performance(rows=500.0, metrics={"roc_auc": Estimate(value=0.8)}, drop=0.1),
    estimated=Performance(rows=1000.0, metrics={"roc_auc": Estimate(value=0.85)}, drop=0.0),
    estimator_error=-0.05,
    lines=1100,
    quarantined=11,
    capture_loss=0.02,
    label_delay_hours=6.0,
    baseline_age_days=30.0,
)
EMPTY = WindowReport(model=MODEL, start=MORNING, end=MORNING, status="no_release", reason="none")


def told(report: WindowReport, definition: ModelDefinition | None = None) -> list[dict[str, Any]]:
    log = io.StringIO()
    EmfWatchMetrics(log).record(report, definition or watched_definition())
    return [json.loads(line) for line in log.getvalue().splitlines()]


def figures(line: dict[str, Any]) -> dict[str, float]:
    """As CloudWatch reads the line."""
    (directive,) = line["_aws"]["CloudWatchMetrics"]
    assert directive["Namespace"] == telemetry.NAMESPACE
    assert all(name in line for name in directive["Dimensions"][0])
    assert line["_aws"]["Timestamp"] == MORNING.timestamp() * 1000
    return {metric["Name"]: line[metric["Name"]] for metric in directive["Metrics"]}


def test_every_figure_is_told_by_model() -> None:
    line = told(REPORT)[0]
    assert line["_aws"]["CloudWatchMetrics"][0]["Dimensions"] == [[telemetry.MODEL]]
    wanted = {
        telemetry.WATCH_RUNS: 1,
        telemetry.DRIFT_SHARE: 0.5,
        telemetry.PREDICTION_DRIFT: 0.4,
        telemetry.MULTIVARIATE_DRIFT: 0.99,
        telemetry.DATA_QUALITY_PROBLEMS: 1,
        telemetry.PERFORMANCE: 0.8,
        telemetry.PERFORMANCE_DROP: 0.1,
        telemetry.ESTIMATED_PERFORMANCE: 0.85,
        telemetry.ESTIMATED_PERFORMANCE_DROP: 0.0,
        telemetry.ESTIMATOR_ERROR: 0.05,
        telemetry.CAPTURE_LOSS: 0.02,
        telemetry.QUARANTINED_SHARE: 0.01,
        telemetry.LABEL_DELAY: 6.0,
        telemetry.BASELINE_AGE: 30.0,
        telemetry.BASELINE_MISSING: 0.0,
    }
    assert figures(line) == pytest.approx(wanted)


def test_drift_is_told_by_feature_in_thresholds() -> None:
    lines = told(REPORT)[1:]
    found = {line[telemetry.FEATURE]: figures(line)[telemetry.FEATURE_DRIFT] for line in lines}
    assert found == pytest.approx({"age": 3.0, "plan": 0.99})  # three times its threshold; chance


def test_what_has_no_value_is_not_told() -> None:
    (line,) = told(EMPTY)
    assert figures(line) == {telemetry.WATCH_RUNS: 1, telemetry.BASELINE_MISSING: 0}


def test_too_few_rows_give_no_verdict() -> None:
    assert REPORT.drift is not None
    few = replace(
        REPORT.drift, status="insufficient_data", rows=40, share=None, features={}, multivariate=None
    )
    told_figures = figures(told(replace(REPORT, drift=few))[0])
    assert not {telemetry.DRIFT_SHARE, telemetry.PREDICTION_DRIFT, telemetry.DATA_QUALITY_PROBLEMS} & set(
        told_figures
    )


def test_a_missing_baseline_is_told() -> None:
    assert figures(told(replace(EMPTY, status="no_baseline"))[0])[telemetry.BASELINE_MISSING] == 1


def test_telling_twice_changes_neither_the_greatest_nor_the_average_figure() -> None:
    log = io.StringIO()
    metrics = EmfWatchMetrics(log)
    for _ in range(2):
        metrics.record(REPORT, watched_definition())
    lines = log.getvalue().splitlines()
    assert lines[: len(lines) // 2] == lines[len(lines) // 2 :]  # the same figures at the same time


def test_of_very_many_features_those_with_an_alarm_are_told_first() -> None:
    assert REPORT.drift is not None
    many = {f"f{number:03d}": PLAN for number in range(300)} | {"age": AGE}
    definition = watched_definition(features={"age": {"alarm": True}})
    lines = told(replace(REPORT, drift=replace(REPORT.drift, features=many)), definition)[1:]
    assert len(lines) == 100
    assert lines[0][telemetry.FEATURE] == "age"
