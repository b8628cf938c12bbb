"""What is asked of CloudWatch about all models at once, how often, and what is made of answers that are not whole."""

from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from botocore.stub import Stubber

from lambdaloop import telemetry
from lambdaloop.adapters.aws_client import aws_client
from lambdaloop.adapters.cloudwatch_fleet import CloudWatchFleet
from lambdaloop.domain.errors import BackendUnavailableError
from lambdaloop.domain.fleet import ModelTraffic
from tests.contract.fault_injection import Wire, reject
from tests.fakes.samples import MORNING

END = MORNING + timedelta(minutes=5)


class CountingCloudWatch:
    """Answers every query with a number of its own, page by page as AWS does; remembers what it was asked."""

    def __init__(
        self, client: Any, *, values: dict[tuple[str, str], float] | None = None, status: str = "Complete"
    ) -> None:
        self.asked: list[list[dict[str, Any]]] = []
        self.given: list[tuple[datetime, datetime]] = []
        self._values, self._status = values or {}, status
        client.meta.events.register_first("provide-client-params.cloudwatch.GetMetricData", self._expect)
        self._stubber = Stubber(client)
        self._stubber.activate()

    def _expect(self, params: dict[str, Any], **_: Any) -> None:
        queries = params["MetricDataQueries"]
        self.asked.append(queries)
        self.given.append((params["StartTime"], params["EndTime"]))
        results = [
            {"Id": each["Id"], "StatusCode": self._status, "Values": self._of(each["MetricStat"])}
            for each in queries
        ]
        self._stubber.add_response("get_metric_data", {"MetricDataResults": results})

    def _of(self, stat: dict[str, Any]) -> list[float]:
        value = self._values.get((stat["Metric"]["MetricName"], stat["Stat"]))
        return [] if value is None else [value]


@pytest.fixture
def client() -> Any:
    return aws_client("cloudwatch", attempts=1)


def test_counts_and_percentiles_are_those_of_one_period(client: Any) -> None:
    cloudwatch = CountingCloudWatch(
        client,
        values={
            (telemetry.SERVER_ERRORS, "SampleCount"): 10.0,
            (telemetry.SERVER_ERRORS, "Sum"): 1.0,
            (telemetry.REQUEST_ERRORS, "Sum"): 4.0,
            (telemetry.INVALID_REQUESTS, "Sum"): 2.0,
            (telemetry.PREDICTIONS, "Sum"): 60.0,
            (telemetry.CAPTURE_LOST, "Sum"): 5.0,
            (telemetry.LATENCY, "p95"): 0.25,
        },
    )
    traffic = CloudWatchFleet(client=client).traffic({"churn": [3]}, start=MORNING, end=END)
    assert traffic["churn"] == ModelTraffic(
        requests=10.0,
        client_errors=3.0,
        server_errors=1.0,
        invalid_requests=2.0,
        predictions=60.0,
        lost_lines=5.0,
        latency_seconds={"p95": 0.25},
        release_requests={3: 10.0},
    )
    [queries] = cloudwatch.asked
    assert {query["MetricStat"]["Period"] for query in queries} == {300}
    assert cloudwatch.given == [(MORNING, END)]
    assert [query["MetricStat"]["Metric"]["Dimensions"] for query in queries][-2:] == [
        [{"Name": "Model", "Value": "churn"}],
        [{"Name": "Model", "Value": "churn"}, {"Name": "Release", "Value": "3"}],
    ]


def test_nothing_counted_is_zero_and_no_latency(client: Any) -> None:
    CountingCloudWatch(client)
    traffic = CloudWatchFleet(client=client).traffic({"churn": []}, start=MORNING, end=END)
    assert traffic == {"churn": ModelTraffic()}


def test_a_figure_is_paid_for_once_in_each_stretch_of_time(client: Any) -> None:
    cloudwatch = CountingCloudWatch(client)
    fleet = CloudWatchFleet(client=client)
    for releases in ([3], [3], [3, 4]):
        fleet.traffic({"churn": releases}, start=MORNING, end=END)
    assert [len(queries) for queries in cloudwatch.asked] == [10, 1]
    fleet.traffic({"churn": [3]}, start=END, end=END + timedelta(minutes=5))
    assert [len(queries) for queries in cloudwatch.asked] == [10, 1, 10]


def test_more_models_than_one_call_takes_are_asked_for_in_several(client: Any) -> None:
    cloudwatch = CountingCloudWatch(client)
    models = {f"model-{number}": [1] for number in range(51)}
    assert len(CloudWatchFleet(client=client).traffic(models, start=MORNING, end=END)) == 51
    assert [len(queries) for queries in cloudwatch.asked] == [500, 10]


@pytest.mark.parametrize("status", ["PartialData", "InternalError", "Forbidden"])
def test_an_answer_that_is_not_whole_is_none_and_is_not_kept(client: Any, status: str) -> None:
    cloudwatch = CountingCloudWatch(client, status=status)
    fleet = CloudWatchFleet(client=client)
    for asked in (1, 2):
        with pytest.raises(BackendUnavailableError, match=f"no whole answer for .* Model=churn.* .{status}"):
            fleet.traffic({"churn": []}, start=MORNING, end=END)
        assert len(cloudwatch.asked) == asked


@pytest.mark.parametrize("operation", ["GetMetricData", "DescribeAlarms"])
def test_being_throttled_is_an_error_that_says_so(client: Any, operation: str) -> None:
    wire, fleet = Wire(), CloudWatchFleet(client=client)
    ask = (
        fleet.ringing
        if operation == "DescribeAlarms"
        else partial(fleet.traffic, {"churn": []}, start=MORNING, end=END)
    )
    refused = reject(f"cloudwatch.{operation}", "ThrottlingException")
    with (
        wire.attached(client),
        wire.failing(refused),
        pytest.raises(BackendUnavailableError, match="ThrottlingException"),
    ):
        ask()


def test_alarms_that_ring_come_from_all_pages(client: Any) -> None:
    asked = {
        "AlarmNamePrefix": "lambdaloop-",
        "AlarmTypes": ["MetricAlarm", "CompositeAlarm"],
        "StateValue": "ALARM",
    }
    with Stubber(client) as stubber:
        stubber.add_response(
            "describe_alarms",
            {"MetricAlarms": [{"AlarmName": "lambdaloop-a-live-errors"}], "NextToken": "n"},
            asked,
        )
        stubber.add_response(
            "describe_alarms",
            {"CompositeAlarms": [{"AlarmName": "lambdaloop-b-all"}]},
            {**asked, "NextToken": "n"},
        )
        assert CloudWatchFleet(client=client).ringing() == ["lambdaloop-a-live-errors", "lambdaloop-b-all"]
