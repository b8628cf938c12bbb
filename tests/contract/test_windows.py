"""What every window log promises, in memory and on DynamoDB."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from lambdaloop.domain.capture_layout import HOUR
from lambdaloop.domain.outcomes import Estimate
from lambdaloop.domain.window import Performance, WindowReport, trimmed
from tests.contract.aws import Aws
from tests.fakes.governed_model import WindowShelf
from tests.fakes.samples import MODEL, MORNING
from tests.unit.domain.test_window import large_report

Log = Any  # WindowShelf or DynamoRegistry


@pytest.fixture(params=["fake", "dynamodb"])
def log(request: pytest.FixtureRequest) -> Log:
    return WindowShelf() if request.param == "fake" else request.getfixturevalue("aws").registry


def report(hours: int = 0, model: str = MODEL) -> WindowReport:
    end = MORNING + hours * HOUR
    return WindowReport(
        model=model,
        start=end - timedelta(days=1),
        end=end,
        status="ok",
        reason="0% of the features drifted",
        release=3,
        version=2,
        performance=Performance(
            rows=250.0, metrics={"roc_auc": Estimate(value=1 / 3, low=0.0, high=None)}, drop=0.0
        ),
        new_labels=250,
        notes=("5 objects are left",),
    )


def test_a_report_reads_back_as_it_was_recorded(log: Log) -> None:
    log.record_window(report())
    assert log.windows(MODEL) == [report()]


def test_reports_come_newest_first_whatever_the_order_they_were_recorded_in(log: Log) -> None:
    for hours in (3, 1, 12, 2):
        log.record_window(report(hours))
    log.record_window(report(5, model="price"))
    assert log.windows(MODEL) == [report(hours) for hours in (12, 3, 2, 1)]
    assert log.windows(MODEL, limit=2) == [report(12), report(3)]
    assert log.windows(MODEL, since=report(3).end) == [report(12), report(3)]
    assert log.windows(MODEL, since=report(13).end) == []
    assert log.windows(MODEL, until=report(3).end, limit=2) == [report(3), report(2)]
    assert log.windows(MODEL, since=report(2).end, until=report(3).end) == [report(3), report(2)]


def test_a_window_that_is_judged_again_is_replaced_as_a_whole(log: Log) -> None:
    log.record_window(report())
    poorer = replace(report(), status="no_baseline", performance=None, notes=())
    log.record_window(poorer)
    assert log.windows(MODEL) == [poorer]


def test_the_largest_report_fits_into_an_item(aws: Aws) -> None:
    aws.registry.record_window(trimmed(large_report()))
    assert aws.registry.windows(MODEL) == [trimmed(large_report())]


def test_a_figure_without_a_finite_value_is_none(aws: Aws) -> None:
    aws.registry.record_window(replace(report(), capture_loss=float("nan")))
    (found,) = aws.registry.windows(MODEL)
    assert found.capture_loss is None
