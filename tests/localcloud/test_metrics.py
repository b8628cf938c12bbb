import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st
from moto import mock_aws

from scripts.localcloud import metrics, moto_seams
from scripts.localcloud.clock import VirtualClock
from scripts.localcloud.cloud import REGION, Cloud
from scripts.localcloud.cloudwatch import metric_math
from scripts.localcloud.cloudwatch.metric_store import MetricStore, metric_key
from scripts.localcloud.cloudwatch.statistics import Aggregate

MINUTE = timedelta(minutes=1)
MODEL = [{"Name": "Model", "Value": "churn"}]


class CloudWatch:
    def __init__(self, cloud: Cloud) -> None:
        self.clock = cloud.clock
        self.api: Any = boto3.client("cloudwatch", REGION)

    @property
    def now(self) -> datetime:
        return self.clock.now()

    def put(self, name: str, *values: float, ago: timedelta = timedelta(), **more: Any) -> None:
        datum = {"MetricName": name, "Dimensions": MODEL, "Timestamp": self.now - ago, **more}
        if values:
            datum["Values"] = list(values)
        self.api.put_metric_data(Namespace="N", MetricData=[datum])

    def statistics(
        self, name: str, *wanted: str, back: timedelta, period: int = 60, **more: Any
    ) -> list[Any]:
        simple = [one for one in wanted if not one.startswith("p")]
        extended = [one for one in wanted if one.startswith("p")]
        request = {
            "Namespace": "N",
            "MetricName": name,
            "Dimensions": MODEL,
            "StartTime": self.now - back,
            "EndTime": self.now + MINUTE,
            "Period": period,
            **({"Statistics": simple} if simple else {}),
            **({"ExtendedStatistics": extended} if extended else {}),
            **more,
        }
        found: list[Any] = self.api.get_metric_statistics(**request)["Datapoints"]
        return found

    def data(self, *expressions: str, back: timedelta, stats: dict[str, str], **more: Any) -> list[Any]:
        queries: list[Any] = [
            {
                "Id": name.lower(),
                "MetricStat": {
                    "Metric": {"Namespace": "N", "MetricName": name, "Dimensions": MODEL},
                    "Period": 60,
                    "Stat": stat,
                },
                "ReturnData": not expressions,
            }
            for name, stat in stats.items()
        ]
        queries += [{"Id": f"e{n}", "Expression": text} for n, text in enumerate(expressions)]
        request = {"MetricDataQueries": queries, "StartTime": self.now - back, "EndTime": self.now + MINUTE}
        found: list[Any] = self.api.get_metric_data(**request, ScanBy="TimestampAscending", **more)[
            "MetricDataResults"
        ]
        return found


@pytest.fixture
def watch(tmp_path: Path) -> Iterator[CloudWatch]:
    clock = VirtualClock(speed=0)
    clock.advance(60 - clock.time() % 60)
    cloud = Cloud(state_dir=tmp_path, port=0, gateway_port=0, clock=clock)
    with mock_aws(config={"core": {"reset_boto3_session": False}}):  # reading service models takes a while
        metrics.install(cloud)
        metrics.install(cloud)  # installing twice changes nothing
        yield CloudWatch(cloud)
    moto_seams.restore()


def test_percentiles_and_simple_statistics_come_from_the_values_of_a_period(watch: CloudWatch) -> None:
    watch.put("Latency", *range(1, 101))
    [point] = watch.statistics(
        "Latency", "Average", "SampleCount", "Maximum", "p50", "p90", "p99", back=MINUTE
    )
    assert (point["Average"], point["SampleCount"], point["Maximum"]) == (50.5, 100, 100)
    assert point["ExtendedStatistics"] == pytest.approx({"p50": 50.5, "p90": 90.1, "p99": 99.01})


def test_counts_say_how_often_a_value_came(watch: CloudWatch) -> None:
    watch.put("Latency", 1, 10, Counts=[99, 1])
    [point] = watch.statistics("Latency", "Sum", "SampleCount", "p50", back=MINUTE)
    assert (point["Sum"], point["SampleCount"], point["ExtendedStatistics"]["p50"]) == (109, 100, 1)


def test_a_statistic_set_counts_but_hides_percentiles(watch: CloudWatch) -> None:
    watch.put("Latency", StatisticValues={"SampleCount": 4, "Sum": 10, "Minimum": 1, "Maximum": 4})
    assert watch.statistics("Latency", "p90", back=MINUTE) == []
    [point] = watch.statistics("Latency", "Average", "Minimum", back=MINUTE)
    assert (point["Average"], point["Minimum"]) == (2.5, 1)


def test_a_percentile_needs_every_single_value_of_its_period(watch: CloudWatch) -> None:
    watch.put("Latency", 1, 2, 3)
    watch.put("Latency", StatisticValues={"SampleCount": 4, "Sum": 10, "Minimum": 1, "Maximum": 4})
    watch.put("Latency", 5, ago=MINUTE)
    watch.put(
        "Latency", StatisticValues={"SampleCount": 3, "Sum": 15, "Minimum": 5, "Maximum": 5}, ago=MINUTE
    )
    [known] = watch.statistics("Latency", "p90", back=2 * MINUTE)
    assert known["Timestamp"] == watch.now - MINUTE  # four times 5 is no secret
    assert known["ExtendedStatistics"] == {"p90": 5}
    assert watch.statistics("Latency", "p90", back=MINUTE, period=300) == []  # both minutes in one period


def test_periods_start_at_the_minute_of_the_start_time(watch: CloudWatch) -> None:
    for minute in range(10):
        watch.put("Count", 1, ago=minute * MINUTE + timedelta(seconds=13))
    points = watch.statistics("Count", "Sum", back=timedelta(minutes=9, seconds=30), period=300)
    starts = [point["Timestamp"] for point in points]
    assert min(starts) == watch.now - timedelta(minutes=10)
    assert sorted(starts)[1] - min(starts) == timedelta(minutes=5)
    assert sum(point["Sum"] for point in points) == 10


def test_units_are_kept_apart_and_can_be_asked_for(watch: CloudWatch) -> None:
    watch.put("Size", 1, Unit="Bytes")
    watch.put("Size", 2, Unit="Kilobytes")
    assert {p["Unit"]: p["Sum"] for p in watch.statistics("Size", "Sum", back=MINUTE)} == {
        "Bytes": 1,
        "Kilobytes": 2,
    }
    assert len(watch.statistics("Size", "Sum", back=MINUTE, Unit="Bytes")) == 1


def test_a_metric_is_its_namespace_name_and_all_its_dimensions(watch: CloudWatch) -> None:
    watch.put("Count", 1)
    watch.put("Count", 1, Dimensions=[*MODEL, {"Name": "Release", "Value": "1"}])
    [point] = watch.statistics("Count", "Sum", back=MINUTE)
    assert point["Sum"] == 1
    assert len(watch.api.list_metrics(Namespace="N", MetricName="Count")["Metrics"]) == 2
    [listed] = watch.api.list_metrics(Dimensions=[{"Name": "Release"}])["Metrics"]
    assert {"Name": "Release", "Value": "1"} in listed["Dimensions"]


def test_a_metric_without_values_for_two_weeks_is_no_longer_listed(watch: CloudWatch) -> None:
    watch.put("Count", 1)
    watch.clock.advance(15 * 86400)
    assert watch.api.list_metrics()["Metrics"] == []
    [point] = watch.statistics("Count", "Sum", back=timedelta(days=16), period=86400)
    assert point["Sum"] == 1


def test_metric_data_keeps_the_order_asked_for_and_hides_what_is_not_returned(watch: CloudWatch) -> None:
    for minute in range(3):
        watch.put("Count", minute + 1, ago=minute * MINUTE)
    [result] = watch.data(back=5 * MINUTE, stats={"Count": "Sum"})
    assert (result["Values"], result["StatusCode"], result["Label"]) == ([3, 2, 1], "Complete", "Count")
    assert result["Timestamps"] == sorted(result["Timestamps"])
    [only] = watch.data("count * 2", back=5 * MINUTE, stats={"Count": "Sum"})
    assert (only["Id"], only["Values"]) == ("e0", [6, 4, 2])


@pytest.mark.parametrize(
    ("expression", "values"),
    [
        ("errors / calls", [0.1]),
        ("100 * errors / calls", [10]),
        ("100 * FILL(errors, 0) / calls", [0, 10, 0]),
        ("FILL(errors, REPEAT)", [1, 1]),
        ("IF(calls > 15, calls)", [20]),
        ("IF(calls > 15, 1, 0)", [0, 0, 1]),
        ("IF(calls > 5 AND calls < 15, 1, 0)", [1, 1, 0]),
        ("SUM(METRICS())", [10, 11, 20]),
        ("MAX([errors, calls])", [10, 10, 20]),
        ("calls / SUM(calls)", [0.25, 0.25, 0.5]),
        ("-calls + 2 ^ 3", [-2, -2, -12]),
        ("calls / (calls - 10)", [2]),
    ],
)
def test_metric_math_computes(watch: CloudWatch, expression: str, values: list[float]) -> None:
    for minute, calls in enumerate((20, 10, 10)):
        watch.put("Calls", calls, ago=minute * MINUTE)
    watch.put("Errors", 1, ago=MINUTE)
    [result] = watch.data(expression, back=2 * MINUTE, stats={"Errors": "Sum", "Calls": "Sum"})
    assert result["Values"] == pytest.approx(values)


@pytest.mark.parametrize(
    "expression",
    [
        "SEARCH('{N,Model} Calls', 'Sum', 60)",
        "SELECT SUM(Calls) FROM N",
        "ANOMALY_DETECTION_BAND(calls)",
        "RATE(calls)",
        "unknown + 1",
        "calls +",
        "e0 + 1",
        "SUM(calls)",
        "[calls, calls]",
        "calls calls",
    ],
)
def test_metric_math_that_is_not_understood_is_an_error(watch: CloudWatch, expression: str) -> None:
    watch.put("Calls", 1)
    with pytest.raises(ClientError, match="ValidationError"):
        watch.data(expression, back=MINUTE, stats={"Calls": "Sum"})


@pytest.mark.parametrize(
    "datum",
    [
        {"Value": float("nan")},
        {"Value": float("inf")},
        {"Values": [1.0, float("nan")]},
        {"Values": [1.0], "Counts": [1.0, 2.0]},
        {"Values": [1.0], "Value": 1.0},
        {"Values": [1.0] * 151},
        {"Value": 2.0**361},
        {"Value": 1.0, "Dimensions": [{"Name": f"d{n}", "Value": "x"} for n in range(31)]},
        {"Value": 1.0, "Timestamp": datetime(2001, 1, 1, tzinfo=UTC)},
        {"StatisticValues": {"SampleCount": 1.0, "Sum": 1.0, "Minimum": 1.0, "Maximum": float("nan")}},
    ],
)
def test_values_that_aws_refuses_are_refused_and_nothing_is_stored(
    watch: CloudWatch, datum: dict[str, Any]
) -> None:
    with pytest.raises(ClientError, match="InvalidParameter"):
        watch.api.put_metric_data(
            Namespace="N", MetricData=[{"MetricName": "Good", "Value": 1.0}, {"MetricName": "Bad", **datum}]
        )
    assert watch.api.list_metrics()["Metrics"] == []


@pytest.mark.parametrize(
    ("request_", "problem"),
    [
        ({"Period": 61}, "multiple of 60"),
        ({"ExtendedStatistics": ["tm90"]}, "not emulated"),
        ({"StartTime": datetime(2020, 1, 1, tzinfo=UTC)}, "exceeds the limit of 1440"),
    ],
)
def test_questions_that_make_no_sense_are_refused(
    watch: CloudWatch, request_: dict[str, Any], problem: str
) -> None:
    wanted = {
        "Namespace": "N",
        "MetricName": "Count",
        "StartTime": watch.now - MINUTE,
        "EndTime": watch.now,
        "Period": 60,
        "Statistics": ["Sum"],
    }
    with pytest.raises(ClientError, match=problem):
        watch.api.get_metric_statistics(**wanted | request_)


def test_a_hundred_thousand_values_are_stored_and_queried_quickly() -> None:
    store = MetricStore()
    started = time.process_time()
    for second in range(100_000):
        store.put("N", {"MetricName": "Latency", "Value": float(second % 977)}, second)
    points = list(store.points(metric_key("N", "Latency", ()), 0, 100_000, 3600))
    assert sum(values.count for _, values in points) == 100_000
    assert all(values.statistic("p99") is not None for _, values in points)
    assert time.process_time() - started < 5  # about 0.3 s; moto needs minutes


def test_old_points_become_coarser_and_then_go_but_nothing_is_counted_twice() -> None:
    store = MetricStore()
    key, day = metric_key("N", "Count", ()), 86400
    for hour in range(0, 100 * 24, 6):
        for minute in (0, 1, 7):
            store.put("N", {"MetricName": "Count", "Value": 1.0}, hour * 3600 + minute * 60)
    [(_, total)] = store.points(key, 0, 101 * day, 101 * day)
    assert total.statistic("Sum") == 100 * 4 * 3
    first = [time for time, _ in store.points(key, 0, day, 60)]
    assert first == [0, 6 * 3600, 12 * 3600, 18 * 3600]  # hours by now
    store.put("N", {"MetricName": "Count", "Value": 1.0}, 600 * day)
    assert [time for time, _ in store.points(key, 0, 601 * day, day)] == [600 * day]


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=50), st.floats(0, 100))
def test_a_percentile_lies_between_the_values_around_its_rank(values: list[float], percent: float) -> None:
    aggregate = Aggregate()
    for value in values:
        aggregate.add(value)
    found = aggregate.statistic(f"p{percent:.4f}".replace("p100.0000", "p100"))
    ordered = sorted(values)
    rank = round(percent, 4) / 100 * (len(values) - 1)
    assert found is not None
    assert ordered[int(rank)] - 1e-6 <= found <= ordered[min(int(rank) + 1, len(values) - 1)] + 1e-6


def test_a_division_by_zero_is_no_data() -> None:
    found = metric_math.evaluate(
        "a / b", {"a": {0: 1.0, 60: 1.0}, "b": {0: 0.0, 60: 2.0}}.__getitem__, list, [0, 60]
    )
    assert found == {60: 0.5}


def test_a_busy_minute_takes_no_more_memory_than_a_calm_one_and_its_percentiles_stay_what_they_are() -> None:
    busy = Aggregate()
    for number in range(20_000):
        busy.add(5 + number / 1000)
    assert busy.values is not None
    assert len(busy.values) < 500
    assert (busy.count, busy.least, busy.most) == (20_000, 5, 24.999)
    for percent in (1, 50, 99):
        assert busy.statistic(f"p{percent}") == pytest.approx(5 + 20 * percent / 100, rel=0.005)
