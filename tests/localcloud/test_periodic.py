import json
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from scripts.localcloud import periodic
from scripts.localcloud.eventing import work_queue
from tests.localcloud.eventing_cloud import EventingCloud, eventing_cloud, function_arn

pytestmark = pytest.mark.localcloud

PATIENCE_SECONDS = 60.0


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[EventingCloud]:
    with eventing_cloud(tmp_path) as running:
        yield running


@pytest.fixture
def ticking(cloud: EventingCloud) -> Iterator[EventingCloud]:
    threads = periodic.start(cloud.cloud)
    yield cloud
    threads.stop()


def eventually(condition: Callable[[], bool]) -> bool:
    """Looks again and again: threads at work give no other sign."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition() and time.monotonic() < deadline:
        threading.Event().wait(0.01)
    return condition()


def hourly(cloud: EventingCloud) -> None:
    events = cloud.client("events")
    events.put_rule(Name="hourly", ScheduleExpression="rate(1 hour)")
    events.put_targets(Rule="hourly", Targets=[{"Id": "1", "Arn": function_arn("hourly")}])


def alarm(cloud: EventingCloud) -> None:
    cloud.client("cloudwatch").put_metric_alarm(
        AlarmName="errors",
        Namespace="N",
        MetricName="Errors",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1.0,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
        AlarmActions=[function_arn("on-alarm")],
    )
    cloud.client("cloudwatch").put_metric_data(
        Namespace="N",
        MetricData=[{"MetricName": "Errors", "Value": 5.0, "Timestamp": cloud.cloud.clock.now()}],
    )


def alarm_states(cloud: EventingCloud) -> list[str]:
    items = cloud.client("cloudwatch").describe_alarm_history(
        AlarmName="errors", HistoryItemType="StateUpdate", ScanBy="TimestampAscending"
    )["AlarmHistoryItems"]
    return [json.loads(item["HistoryData"])["newState"]["stateValue"] for item in items]


def test_a_jump_of_the_clock_is_followed_at_once(ticking: EventingCloud) -> None:
    hourly(ticking)
    alarm(ticking)
    started = time.monotonic()
    ticking.advance(6 * 3600)
    assert eventually(lambda: len(ticking.functions.invocations) == 7)
    assert eventually(
        lambda: alarm_states(ticking) == ["ALARM", "INSUFFICIENT_DATA"]
    )  # later there is only silence
    assert time.monotonic() - started < 5
    by_function = [one.function for one in ticking.functions.invocations]
    assert by_function.count(function_arn("hourly")) == 6


def test_a_fast_clock_is_followed(ticking: EventingCloud) -> None:
    hourly(ticking)
    ticking.cloud.clock.set_speed(36_000)
    assert eventually(lambda: len(ticking.functions.invocations) >= 3)


def test_an_event_is_delivered_while_the_clock_stands_still(ticking: EventingCloud) -> None:
    events = ticking.client("events")
    events.put_rule(Name="r", EventPattern='{"source": ["shop"]}')
    events.put_targets(Rule="r", Targets=[{"Id": "1", "Arn": function_arn("f")}])
    events.put_events(Entries=[{"Source": "shop", "DetailType": "d", "Detail": "{}"}])
    assert eventually(lambda: len(ticking.functions.invocations) == 1)


def test_work_that_is_due_between_two_minutes_does_not_wait_for_the_minute(ticking: EventingCloud) -> None:
    done = threading.Event()
    ticking.advance(1)
    work_queue.of(ticking.cloud).add(done.set, due=ticking.now + 10)
    ticking.advance(9)
    assert not done.wait(0.4)
    ticking.advance(1)
    assert done.wait(PATIENCE_SECONDS)


def test_new_work_that_is_due_earlier_overtakes(ticking: EventingCloud) -> None:
    order: list[str] = []
    queue = work_queue.of(ticking.cloud)
    queue.add(lambda: order.append("later"), due=ticking.now + 40)
    queue.add(lambda: order.append("earlier"), due=ticking.now + 20)
    ticking.advance(30)
    assert eventually(lambda: order == ["earlier"])
    ticking.advance(30)
    assert eventually(lambda: order == ["earlier", "later"])


def test_work_that_fails_does_not_stop_the_rest(
    ticking: EventingCloud, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> None:
        raise LookupError("broken work")

    done = threading.Event()
    queue = work_queue.of(ticking.cloud)
    queue.add(fail)
    queue.add(done.set)
    assert done.wait(PATIENCE_SECONDS)
    assert "broken work" in caplog.text


def test_waiting_costs_nearly_no_processor_time(ticking: EventingCloud) -> None:
    hourly(ticking)
    ticking.cloud.clock.set_speed(1)
    ticking.cloud.clock.sleep(0.3)
    before, started = time.process_time(), time.monotonic()
    ticking.cloud.clock.sleep(1.5)
    share = (time.process_time() - before) / (time.monotonic() - started)
    ticking.cloud.clock.set_speed(0)
    assert share < 0.1


def test_it_stops_with_the_cloud_and_at_once(cloud: EventingCloud) -> None:
    periodic.start(cloud.cloud)
    [stop] = cloud.cloud.on_shutdown
    started = time.monotonic()
    stop()
    assert time.monotonic() - started < 2
    cloud.advance(7200)
    assert cloud.functions.invocations == []


def test_a_tick_over_a_month_evaluates_no_more_than_a_day_of_minutes(cloud: EventingCloud) -> None:
    alarm(cloud)
    since = cloud.now
    cloud.advance(30 * 86400)
    started = time.monotonic()
    periodic.tick(cloud.cloud, since, cloud.now)
    assert time.monotonic() - started < 5
    [found] = cloud.client("cloudwatch").describe_alarms()["MetricAlarms"]
    assert found["StateValue"] == "INSUFFICIENT_DATA"
