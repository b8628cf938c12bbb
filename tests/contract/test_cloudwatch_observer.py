"""What is asked of CloudWatch, and what is made of its answers.

moto computes no percentiles, so figures are checked against botocore's stubber, which validates both directions.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from botocore.stub import Stubber
from moto.moto_api._internal import moto_api_backend

from lambdaloop.adapters.aws_client import aws_client
from lambdaloop.adapters.cloudwatch_observer import CloudWatchObserver
from lambdaloop.domain.errors import BackendUnavailableError
from lambdaloop.domain.release import Release
from lambdaloop.domain.traffic import Observation
from tests.contract.fault_injection import Wire
from tests.fakes.samples import MODEL, MORNING, rules

RELEASE = Release(
    number=3,
    model=MODEL,
    version=4,
    status="shifting",
    execution="x",
    requested_by="ml-team",
    reason="better",
    created_at=MORNING,
    lambda_version="7",
    previous_lambda_version="5",
    first=False,
    rules=rules(),
)
LIVE_DIMENSIONS = [
    {"Name": "FunctionName", "Value": "inference"},
    {"Name": "Resource", "Value": "inference:live"},
    {"Name": "ExecutedVersion", "Value": "7"},
]
NOTHING: dict[str, Any] = {
    "MetricDataResults": [
        {"Id": name, "Values": [], "StatusCode": "Complete"}
        for name in ("requests", "answers", "failures", "p95", "p99")
    ]
}


@pytest.fixture
def client() -> Any:
    return aws_client("cloudwatch")


def query(name: str, namespace: str, metric: str, dimensions: Any, stat: str, period: int) -> dict[str, Any]:
    return {
        "Id": name,
        "MetricStat": {
            "Metric": {"Namespace": namespace, "MetricName": metric, "Dimensions": dimensions},
            "Period": period,
            "Stat": stat,
        },
    }


def observed(
    client: Any,
    results: dict[str, list[float]],
    *,
    seconds: float = 300,
    period: int = 300,
    alone: bool = False,
    status: str = "Complete",
) -> Observation:
    since = MORNING
    dimensions = LIVE_DIMENSIONS[:2] if alone else LIVE_DIMENSIONS
    own = [{"Name": "Model", "Value": MODEL}, {"Name": "Release", "Value": "3"}]
    queries = [
        query("requests", "Lambdaloop", "model_server_errors_total", own, "SampleCount", 60),
        query("answers", "Lambdaloop", "model_server_errors_total", own, "Sum", 60),
        query("failures", "AWS/Lambda", "Errors", dimensions, "Sum", 60),
        query("p95", "Lambdaloop", "model_prediction_latency_seconds", own, "p95", period),
        query("p99", "Lambdaloop", "model_prediction_latency_seconds", own, "p99", period),
    ]
    pages = [
        {"Id": each["Id"], "Values": results.get(each["Id"], []), "StatusCode": status} for each in queries
    ]
    with Stubber(client) as stubber:
        request = {
            "MetricDataQueries": queries,
            "StartTime": MORNING,
            "EndTime": MORNING + timedelta(seconds=period),
        }
        # Answers may come in pages; the values of one query may be spread over them.
        stubber.add_response(
            "get_metric_data", {"MetricDataResults": pages[:2], "NextToken": "more"}, request
        )
        stubber.add_response(
            "get_metric_data", {"MetricDataResults": pages[2:]}, {**request, "NextToken": "more"}
        )
        observer = CloudWatchObserver(function="inference", client=client)
        until = since + timedelta(seconds=seconds)
        observation = observer.observe(RELEASE, since=since, until=until, alone=alone)
        stubber.assert_no_pending_responses()
    return observation


def test_figures_are_those_of_the_version_behind_the_live_alias(client: Any) -> None:
    results = {"requests": [79.0, 20.0], "answers": [2.0], "p95": [0.04, 0.0555], "p99": [0.2]}
    assert observed(client, results) == Observation(
        requests=99, errors=2, p95_latency_ms=55.5, p99_latency_ms=200.0
    )


def test_what_died_before_it_could_answer_was_a_request_and_an_error(client: Any) -> None:
    results = {"requests": [10.0], "answers": [1.0], "failures": [2.0, 1.0]}
    assert observed(client, results) == Observation(requests=13, errors=4, p95_latency_ms=None)


@pytest.mark.parametrize("status", ["PartialData", "InternalError", "Forbidden"])
def test_figures_that_cloudwatch_could_not_read_are_not_taken_for_zero(client: Any, status: str) -> None:
    with pytest.raises(BackendUnavailableError, match=f"model_server_errors_total .*{status}"):
        observed(client, {"requests": [100.0]}, status=status)


def test_a_release_with_all_the_traffic_is_seen_as_the_alias_itself(client: Any) -> None:
    assert observed(client, {"requests": [7.0], "p95": [0.009]}, alone=True).requests == 7


def test_without_requests_there_is_no_latency(client: Any) -> None:
    assert observed(client, {}) == Observation(requests=0, errors=0, p95_latency_ms=None)


def test_labels_that_people_send_are_no_requests_whatever_lambda_counts(client: Any) -> None:
    """The inference function counts requests for predictions only; nothing else is asked for."""
    asked: list[Any] = []
    client.meta.events.register_first(
        "provide-client-params.cloudwatch.GetMetricData", lambda params, **_: asked.append(params)
    )
    observed(client, {})
    metrics = [one["MetricStat"]["Metric"]["MetricName"] for one in asked[0]["MetricDataQueries"]]
    assert not {"Invocations", "Duration"} & set(metrics)


@pytest.mark.parametrize(("seconds", "period"), [(0, 60), (1, 60), (60, 60), (61, 120), (90, 120)])
def test_a_window_is_widened_to_whole_minutes(client: Any, seconds: float, period: int) -> None:
    observed(client, {}, seconds=seconds, period=period)


def test_a_window_of_more_than_a_day_is_asked_for_by_the_day(client: Any) -> None:
    with Stubber(client) as stubber:
        stubber.add_response("get_metric_data", NOTHING)
        seen: list[Any] = []
        client.meta.events.register_first(
            "provide-client-params.cloudwatch.GetMetricData", lambda params, **_: seen.append(params)
        )
        CloudWatchObserver(function="inference", client=client).observe(
            RELEASE, since=MORNING, until=MORNING + timedelta(days=3), alone=False
        )
    assert {one["MetricStat"]["Period"] for one in seen[0]["MetricDataQueries"]} == {60, 86_400}


@pytest.fixture
def cloudwatch(client: Any) -> Iterator[Any]:
    moto_api_backend.reset()
    with Wire().attached(client):
        yield client


def test_alarms_have_states_and_missing_ones_are_left_out(cloudwatch: Any) -> None:
    for name, state in (("errors", "OK"), ("latency", "ALARM"), ("other", "ALARM")):
        cloudwatch.put_metric_alarm(
            AlarmName=name,
            ComparisonOperator="GreaterThanThreshold",
            EvaluationPeriods=1,
            MetricName="Errors",
            Namespace="AWS/Lambda",
            Period=60,
            Statistic="Sum",
            Threshold=1,
        )
        cloudwatch.set_alarm_state(AlarmName=name, StateValue=state, StateReason="test")
    observer = CloudWatchObserver(function="inference", client=cloudwatch)
    assert observer.alarm_states(["errors", "latency", "gone"]) == {"errors": "OK", "latency": "ALARM"}


def test_asking_for_no_alarm_does_not_ask_for_all(cloudwatch: Any) -> None:
    assert CloudWatchObserver(function="inference", client=cloudwatch).alarm_states([]) == {}


def asked(
    client: Any, since: datetime, until: datetime, *, alone: bool
) -> tuple[datetime, datetime, set[int]]:
    """Start, end and periods of the question."""
    seen: list[Any] = []
    client.meta.events.register_first(
        "provide-client-params.cloudwatch.GetMetricData", lambda params, **_: seen.append(params)
    )
    with Stubber(client) as stubber:
        stubber.add_response("get_metric_data", NOTHING)
        observer = CloudWatchObserver(function="inference", client=client)
        observer.observe(RELEASE, since=since, until=until, alone=alone)
    [question] = seen
    periods = {one["MetricStat"]["Period"] for one in question["MetricDataQueries"]}
    return question["StartTime"], question["EndTime"], periods


@pytest.mark.parametrize(
    ("days", "shortest"), [(1, 60), (14.9, 60), (15, 300), (15.1, 300), (62.9, 300), (63, 3600), (100, 3600)]
)
def test_periods_are_those_that_cloudwatch_still_has_figures_of(
    client: Any, days: float, shortest: int
) -> None:
    since = MORNING + timedelta(minutes=7, seconds=8)
    until = since + timedelta(days=days)
    start, end, periods = asked(client, since, until, alone=False)
    assert periods == {shortest, 86_400}
    assert start <= since < until <= end
    assert (start.timestamp() % shortest, end.timestamp() % shortest) == (0, 0)
    assert max(since - start, end - until) < timedelta(seconds=shortest)


@pytest.mark.parametrize(
    ("since", "until", "start", "end"),
    [
        (30, 330, 60, 360),  # the minute in which the previous version answered too is left out
        (0, 300, 0, 300),
        (50, 70, 60, 120),
        (10, 60, 0, 60),  # there is no other minute yet
        (10, 40, 0, 60),
    ],
)
def test_alone_the_minute_that_began_with_the_previous_version_is_left_out(
    client: Any, since: float, until: float, start: float, end: float
) -> None:
    after = [MORNING + timedelta(seconds=seconds) for seconds in (since, until, start, end)]
    assert asked(client, after[0], after[1], alone=True)[:2] == (after[2], after[3])
