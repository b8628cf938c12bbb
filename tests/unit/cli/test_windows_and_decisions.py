"""How windows and decisions look to people."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from lambdaloop.domain.outcomes import Estimate
from lambdaloop.domain.window import ColumnDrift, DriftReport, Performance, WindowReport
from scripts.cli.decisions import print_decision, print_decisions
from scripts.cli.output import console
from scripts.cli.windows import print_window, print_windows
from tests.fakes.governed_model import alarm, in_production, window
from tests.fakes.samples import MODEL, MORNING


@pytest.fixture(autouse=True)
def _wide_terminal() -> Iterator[None]:
    """The console of the whole process: what it was made with depends on the tests before."""
    before = console.width
    console.width = 250
    yield
    console.width = before


def far(**changes: Any) -> ColumnDrift:
    return replace(
        ColumnDrift(status="drift", method="psi", distance=0.5, threshold=0.2, adjusted_p_value=0.0001),
        **changes,
    )


def report(names: int = 4) -> WindowReport:
    model = in_production()
    features = {f"f{number}": far(distance=0.9 - number / 10) for number in range(names)}
    return replace(
        window(model.registry, MORNING, "drift"),
        drift=DriftReport(
            status="drift",
            rows=2000,
            share=0.4,
            features={"calm": far(status="ok", distance=0.01), **features},
            predictions={
                "prediction": far(status="ok", method="chi_square", problem="8 % missing, 0 % before")
            },
            multivariate=far(method="wasserstein"),
        ),
        performance=Performance(
            rows=500, metrics={"roc_auc": Estimate(value=0.81, low=0.78, high=0.84)}, drop=0.0312
        ),
        estimated=Performance(rows=2000, metrics={"roc_auc": Estimate(value=None)}),
        capture_loss=0.015,
        notes=("40 lines are left for the next run",),
    )


def test_a_list_of_windows_shows_drift_and_both_kinds_of_performance(
    capsys: pytest.CaptureFixture[str],
) -> None:
    print_windows(MODEL, [report()])
    told = capsys.readouterr().out
    assert "2026-03-02 09:00" in told
    assert "f0, f1, f2 and 1 more" in told
    assert "0.4000" in told
    assert "0.0312" in told


def test_a_window_shows_each_column_the_farthest_first_and_each_metric_with_its_interval(
    capsys: pytest.CaptureFixture[str],
) -> None:
    print_window(report())
    told = capsys.readouterr().out
    assert told.index("f0") < told.index("f3") < told.index("calm") < told.index("all features together")
    assert "8 % missing, 0 % before" in told
    assert "0.7800 to 0.8400" in told
    assert "1.5%" in told
    assert "40 lines are left for the next run" in told


def test_a_window_without_anything_to_judge_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    print_window(window(in_production().registry, MORNING, "insufficient_data"))
    told = capsys.readouterr().out
    assert "the watch found insufficient_data" in told
    assert "No performance" in told


def test_decisions_are_told_with_who_asked_and_why(capsys: pytest.CaptureFixture[str]) -> None:
    model = in_production()
    model.watch("drift")
    model.look("drift")
    model.ask(alarm())
    print_decisions(MODEL, model.registry.decisions(MODEL))
    told = capsys.readouterr().out
    assert told.index("alarm-e-1") < told.index("watch-2026")
    assert "retrained because drift was found in 2 of the last 3 windows of release 1 (2 needed)" in told


def test_a_decision_shows_every_check(capsys: pytest.CaptureFixture[str]) -> None:
    model = in_production()
    model.look("drift")
    print_decision(model.registry.decision(MODEL, model.ask(alarm())["id"]))
    told = capsys.readouterr().out
    for name in ("persistence", "single_flight", "release", "cooldown", "weekly_limit", "budget", "baseline"):
        assert name in told
    assert "alarm lambdaloop-churn-drift began" in told
    assert "not retrained because" in told
