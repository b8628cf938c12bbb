"""The clock that goes by what AWS says."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse

from lambdaloop.adapters.aws_client import aws_client
from lambdaloop.adapters.aws_clock import AwsClock
from lambdaloop.adapters.lambda_traffic import LambdaTraffic

ALIAS = b'{"FunctionVersion": "3", "RevisionId": "r"}'
TOLD = datetime(2031, 5, 6, 7, 8, 9, tzinfo=UTC)


def dated(*headers: Any) -> Any:
    """A client of Lambda that gets one answer after the other, each with these headers."""
    left = list(headers)
    client = aws_client("lambda")

    def answer(request: Any, **_rest: Any) -> AWSResponse:
        class Body:
            def stream(self) -> Any:
                return iter([ALIAS])

        return AWSResponse(request.url, 200, left.pop(0), Body())

    client.meta.events.register("before-send.lambda", answer)
    return client


@pytest.fixture
def seconds() -> list[float]:
    return [100.0]


@pytest.fixture
def timer(seconds: list[float]) -> Callable[[], float]:
    return lambda: seconds[0]


def test_it_tells_the_time_of_the_last_answer_and_what_has_passed_since(
    seconds: list[float], timer: Callable[[], float]
) -> None:
    client = dated({"date": "Tue, 06 May 2031 07:08:09 GMT"}, {"Date": "Tue, 06 May 2031 07:18:09 GMT"})
    clock, traffic = AwsClock(client, timer=timer), LambdaTraffic(function="inference", client=client)
    traffic.routing()
    assert clock.now() == TOLD
    seconds[0] += 2.5
    assert clock.now() == TOLD + timedelta(seconds=2.5)
    traffic.routing()
    assert clock.now() == TOLD + timedelta(minutes=10)


def test_until_then_and_without_a_date_it_is_the_machines() -> None:
    client = dated({}, {"date": "whenever"})
    clock, traffic = AwsClock(client), LambdaTraffic(function="inference", client=client)
    for _ in range(2):
        before = datetime.now(UTC)
        assert before <= clock.now() <= datetime.now(UTC)
        traffic.routing()
    assert before <= clock.now() <= datetime.now(UTC)
