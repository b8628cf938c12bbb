"""How many predictions CloudWatch counted."""

import json
from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from moto import mock_aws

from lambdaloop.adapters.aws_client import aws_client
from lambdaloop.adapters.cloudwatch_served import CloudWatchServed
from lambdaloop.adapters.emf_request_metrics import EmfRequestMetrics
from tests.fakes.clock import FakeClock
from tests.fakes.samples import MODEL, MORNING


@pytest.fixture
def client() -> Iterator[Any]:
    with mock_aws():
        yield aws_client("cloudwatch")


def count(
    client: Any,
    clock: FakeClock,
    predictions: int,
    model: str = MODEL,
    *,
    release: int = 3,
    status: int = 200,
    arm: str | None = None,
) -> None:
    """As CloudWatch reads the line that the inference function writes."""
    log = StringIO()
    EmfRequestMetrics(model=model, clock=clock, stream=log).record(
        release=release, predictions=predictions, status=status, seconds=0.1, arm=arm
    )
    line = json.loads(log.getvalue())
    directive = line["_aws"]["CloudWatchMetrics"][0]
    for dimensions in directive["Dimensions"]:
        for metric in directive["Metrics"]:
            client.put_metric_data(
                Namespace=directive["Namespace"],
                MetricData=[
                    {
                        "MetricName": metric["Name"],
                        "Dimensions": [{"Name": name, "Value": line[name]} for name in dimensions],
                        "Timestamp": line["_aws"]["Timestamp"] / 1000,
                        "Value": line[metric["Name"]],
                    }
                ],
            )


def test_what_the_inference_function_counted_in_the_window_is_added_up_once(client: Any) -> None:
    clock = FakeClock(MORNING)
    for predictions in (3, 4, 5):
        count(client, clock, predictions)
        count(client, clock, 100, model="price")
        clock.advance(1200)
    count(client, clock, 50)  # at the end, which is not within
    served = CloudWatchServed(client=client)
    assert served.served(MODEL, start=MORNING, end=MORNING + timedelta(hours=1)) == 12


def test_where_nothing_was_counted_nothing_is_known(client: Any) -> None:
    assert (
        CloudWatchServed(client=client).served(MODEL, start=MORNING, end=MORNING + timedelta(days=1)) is None
    )


def test_failed_requests_are_counted_by_release_and_arm(client: Any) -> None:
    clock = FakeClock(MORNING)
    count(client, clock, 5, arm="new")
    for release, status, arm in (
        (3, 503, "new"),
        (3, 500, "new"),
        (3, 500, "old"),
        (3, 422, "new"),
        (4, 500, "new"),
    ):
        count(client, clock, 0, release=release, status=status, arm=arm)
    served = CloudWatchServed(client=client)
    hour = {"start": MORNING, "end": MORNING + timedelta(hours=1)}
    assert served.failed(MODEL, release=3, variant="new", **hour) == 2
    assert served.failed(MODEL, release=3, variant="old", **hour) == 1
    assert served.failed(MODEL, release=5, variant="new", **hour) == 0
    assert served.failed(MODEL, release=3, variant=None, **hour) == 3


def test_before_the_first_whole_hour_nothing_has_failed_yet(client: Any) -> None:
    assert (
        CloudWatchServed(client=client).failed(MODEL, release=3, variant="new", start=MORNING, end=MORNING)
        == 0
    )
