import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from scripts.localcloud import schedules
from scripts.localcloud.cloud import ACCOUNT_ID, REGION
from scripts.localcloud.eventing.schedule_expressions import InvalidScheduleError, parse
from tests.localcloud.eventing_cloud import ROLE, EventingCloud, eventing_cloud, function_arn

HOUR = 3600
DAY = 24 * HOUR


def moment(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def due(expression: str, since: str, until: str, timezone: str = "UTC") -> list[str]:
    times = parse(expression, anchor=moment(since), timezone=timezone).due(moment(since), moment(until))
    return [datetime.fromtimestamp(time, UTC).strftime("%m-%dT%H:%M") for time in times]


@pytest.mark.parametrize(
    ("expression", "since", "until", "expected"),
    [
        ("rate(1 minute)", "2026-01-01T00:00", "2026-01-01T00:02", ["01-01T00:01", "01-01T00:02"]),
        ("rate(12 hours)", "2026-01-01T00:00", "2026-01-02T00:00", ["01-01T12:00", "01-02T00:00"]),
        ("cron(15 10 * * ? *)", "2026-01-01T10:15", "2026-01-03T00:00", ["01-02T10:15"]),
        ("cron(0/20 8 1 * ? *)", "2026-01-01T00:00", "2026-01-02T00:00", ["01-01T08:00", "01-01T08:20", "01-01T08:40"]),
        ("cron(0 18 ? * MON-FRI *)", "2026-01-02T00:00", "2026-01-06T00:00", ["01-02T18:00", "01-05T18:00"]),
        ("cron(0 0 ? * 1 *)", "2026-01-02T00:00", "2026-01-06T00:00", ["01-04T00:00"]),
        ("cron(0 0 L * ? *)", "2028-02-01T00:00", "2028-04-01T00:00", ["02-29T00:00", "03-31T00:00"]),
        ("cron(0 0 15W * ? *)", "2026-02-01T00:00", "2026-03-31T00:00", ["02-16T00:00", "03-16T00:00"]),
        ("cron(0 0 LW * ? *)", "2026-01-01T00:00", "2026-02-27T00:00", ["01-30T00:00", "02-27T00:00"]),
        ("cron(0 0 ? * 6#3 *)", "2026-01-01T00:00", "2026-02-01T00:00", ["01-16T00:00"]),
        ("cron(0 0 ? * FRIL *)", "2026-01-01T00:00", "2026-02-01T00:00", ["01-30T00:00"]),
        ("cron(0 0 1,15 JAN,MAR ? 2026)", "2026-01-01T12:00", "2027-02-01T00:00", ["01-15T00:00", "03-01T00:00", "03-15T00:00"]),
        ("at(2026-01-01T00:30:00)", "2026-01-01T00:00", "2026-01-02T00:00", ["01-01T00:30"]),
        ("at(2025-01-01T00:30:00)", "2026-01-01T00:00", "2026-01-02T00:00", []),
    ],
)  # fmt: skip
def test_a_schedule_is_due_when_its_expression_says(
    expression: str, since: str, until: str, expected: list[str]
) -> None:
    assert due(expression, since, until) == expected


def test_clocks_that_change_skip_and_do_not_repeat() -> None:
    spring = due("cron(30 2 * * ? *)", "2026-03-28T00:00", "2026-03-30T12:00", "Europe/Berlin")
    assert spring == ["03-28T01:30", "03-30T00:30"]  # 02:30 does not exist on the 29th
    autumn = due("cron(30 2 * * ? *)", "2026-10-24T12:00", "2026-10-26T00:00", "Europe/Berlin")
    assert autumn == ["10-25T00:30"]  # 02:30 comes twice on the 25th


@pytest.mark.parametrize(
    "expression",
    ["banana", "rate(0 minutes)", "rate(1 minutes)", "rate(5 minute)", "rate(5 seconds)", "rate(-1 hours)",
     "cron(0 12 * * *)", "cron(0 12 * * * *)", "cron(0 12 ? * ? *)", "cron(60 12 * * ? *)", "cron(0 12 32 * ? *)",
     "cron(0 12 * FOO ? *)", "cron(5-1 12 * * ? *)", "cron(0/0 12 * * ? *)", "cron(0 12 ? * 8 *)", "at(tomorrow)",
     "at(2026-02-30T00:00:00)", "cron(0 12 * * ? 1969)", "cron(? 12 * * ? *)", ""],
)  # fmt: skip
def test_an_expression_that_aws_refuses_is_refused(expression: str) -> None:
    with pytest.raises(InvalidScheduleError):
        parse(expression, anchor=0)


@given(st.integers(1, 100), st.floats(0, 1e6), st.floats(0, 1e5), st.floats(0, 1e5))
def test_cutting_a_stretch_of_time_changes_nothing(
    minutes: int, anchor: float, first: float, second: float
) -> None:
    unit = "minute" if minutes == 1 else "minutes"
    schedule = parse(f"rate({minutes} {unit})", anchor=anchor)
    middle, end = anchor + first, anchor + first + second
    assert [*schedule.due(anchor, middle), *schedule.due(middle, end)] == list(schedule.due(anchor, end))


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[EventingCloud]:
    with eventing_cloud(tmp_path) as running:
        yield running


def rule(cloud: EventingCloud, expression: str, name: str = "hourly", **more: Any) -> Any:
    events = cloud.client("events")
    events.put_rule(Name=name, ScheduleExpression=expression, **more)
    events.put_targets(Rule=name, Targets=[{"Id": "1", "Arn": function_arn(name)}])
    return events


def schedule(cloud: EventingCloud, expression: str, name: str = "s", arn: str = "", **more: Any) -> Any:
    scheduler = cloud.client("scheduler")
    scheduler.create_schedule(
        Name=name,
        ScheduleExpression=expression,
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={
            "Arn": arn or function_arn(name),
            "RoleArn": ROLE,
            **more.pop("target", {}),
        },
        **more,
    )
    return scheduler


def pass_time(cloud: EventingCloud, seconds: float) -> int:
    since = cloud.now
    cloud.advance(seconds)
    fired = schedules.fire_due(cloud.cloud, since, cloud.now)
    cloud.deliver()
    return fired


@pytest.mark.localcloud
def test_a_rule_fires_when_due_with_the_event_of_aws(cloud: EventingCloud) -> None:
    rule(cloud, "rate(1 hour)")
    created = cloud.now
    assert pass_time(cloud, HOUR - 1) == 0
    assert pass_time(cloud, 1) == 1
    [event] = cloud.functions.events
    assert event["time"] == datetime.fromtimestamp(created + HOUR, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert (event["source"], event["detail-type"], event["detail"]) == ("aws.events", "Scheduled Event", {})
    assert event["resources"] == [f"arn:aws:events:{REGION}:{ACCOUNT_ID}:rule/hourly"]


@pytest.mark.localcloud
def test_a_long_jump_fires_every_due_time_once_and_in_order(cloud: EventingCloud) -> None:
    rule(cloud, "rate(1 hour)", "hourly")
    rule(cloud, "rate(90 minutes)", "often")
    assert pass_time(cloud, 6 * HOUR) == 6 + 4
    times = [event["time"] for event in cloud.functions.events]
    assert times == sorted(times)
    assert len(set(times)) == 6 + 4 - 2  # they meet twice
    assert pass_time(cloud, 0) == 0


@pytest.mark.localcloud
def test_a_jump_of_a_year_is_bounded_to_the_newest_firings(cloud: EventingCloud) -> None:
    events = cloud.client("events")
    bus = events.create_event_bus(Name="other")["EventBusArn"]
    events.put_rule(Name="often", ScheduleExpression="rate(5 minutes)")
    events.put_targets(Rule="often", Targets=[{"Id": "1", "Arn": bus}])
    last = datetime.fromtimestamp(cloud.now + 365 * DAY, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    events.put_rule(Name="last", EventBusName="other", EventPattern=json.dumps({"time": [last]}))
    events.put_targets(Rule="last", EventBusName="other", Targets=[{"Id": "1", "Arn": function_arn("f")}])
    assert pass_time(cloud, 365 * DAY) == schedules.MAX_FIRINGS
    assert [event["time"] for event in cloud.functions.events] == [last]


@pytest.mark.localcloud
def test_nothing_fires_for_the_time_before_it_was_made(cloud: EventingCloud) -> None:
    before = cloud.now
    cloud.advance(3 * HOUR - cloud.now % HOUR + 60)
    rule(cloud, "cron(0 * * * ? *)")
    schedule(cloud, "cron(0 * * * ? *)")
    assert schedules.fire_due(cloud.cloud, before, cloud.now) == 0
    assert pass_time(cloud, HOUR) == 2


@pytest.mark.localcloud
def test_a_disabled_rule_does_not_fire(cloud: EventingCloud) -> None:
    events = rule(cloud, "rate(1 hour)", State="DISABLED")
    assert pass_time(cloud, HOUR) == 0
    events.enable_rule(Name="hourly")
    assert pass_time(cloud, HOUR) == 1


@pytest.mark.localcloud
@pytest.mark.parametrize(
    "expression", ["banana", "rate(1 minutes)", "cron(0 12 * * *)", "at(2030-01-01T00:00:00)"]
)
def test_a_rule_with_a_bad_expression_is_refused(cloud: EventingCloud, expression: str) -> None:
    with pytest.raises(ClientError, match=r"ValidationException.*ScheduleExpression is not valid"):
        rule(cloud, expression)


@pytest.mark.localcloud
def test_the_scheduler_sends_its_input_at_the_time_of_its_zone(cloud: EventingCloud) -> None:
    text = json.dumps({"due": "<aws.scheduler.scheduled-time>", "arn": "<aws.scheduler.schedule-arn>"})
    schedule(cloud, "cron(30 6 * * ? *)", ScheduleExpressionTimezone="Asia/Kolkata", target={"Input": text})
    pass_time(cloud, DAY)
    [event] = cloud.functions.events
    assert event["due"].endswith("T01:00:00Z")
    assert event["arn"].endswith(":schedule/default/s")


@pytest.mark.localcloud
def test_a_rate_of_the_scheduler_fires_at_once_unless_it_has_a_start(cloud: EventingCloud) -> None:
    before = cloud.now
    cloud.advance(1)
    schedule(cloud, "rate(1 hour)", "now")
    start = datetime.fromtimestamp(cloud.now + 2 * HOUR, UTC)
    schedule(cloud, "rate(1 hour)", "later", StartDate=start)
    cloud.advance(HOUR)
    schedules.fire_due(cloud.cloud, before, cloud.now)
    cloud.deliver()
    assert [one.function for one in cloud.functions.invocations] == [function_arn("now")] * 2
    pass_time(cloud, HOUR)
    assert [one.function for one in cloud.functions.invocations[2:]] == [
        function_arn("later"),
        function_arn("now"),
    ]


@pytest.mark.localcloud
def test_a_one_time_schedule_fires_once_and_goes_if_told_to(cloud: EventingCloud) -> None:
    at = datetime.fromtimestamp(cloud.now + 90, UTC).strftime("at(%Y-%m-%dT%H:%M:%S)")
    scheduler = schedule(cloud, at, "gone", ActionAfterCompletion="DELETE")
    schedule(cloud, at, "kept")
    assert [pass_time(cloud, 60), pass_time(cloud, 60), pass_time(cloud, 60)] == [0, 2, 0]
    assert [one["Name"] for one in scheduler.list_schedules()["Schedules"]] == ["kept"]


@pytest.mark.localcloud
def test_a_schedule_ends_at_its_end_date(cloud: EventingCloud) -> None:
    end = datetime.fromtimestamp(cloud.now + 2.5 * HOUR, UTC)
    schedule(cloud, "rate(1 hour)", EndDate=end)
    cloud.advance(1)
    assert pass_time(cloud, 10 * HOUR) == 2


@pytest.mark.localcloud
def test_a_schedule_that_could_not_work_is_refused(cloud: EventingCloud) -> None:
    with pytest.raises(ClientError, match=r"ValidationException.*banana"):
        schedule(cloud, "banana")
    with pytest.raises(ClientError, match=r"ValidationException.*Mars"):
        schedule(cloud, "rate(1 hour)", ScheduleExpressionTimezone="Mars/Olympus")
    with pytest.raises(ClientError, match="not emulated"):
        schedule(cloud, "rate(1 hour)", arn="arn:aws:scheduler:::aws-sdk:s3:putObject")
    with pytest.raises(ClientError, match="ResourceNotFound"):
        schedule(cloud, "rate(1 hour)", GroupName="nothing")
    assert cloud.client("scheduler").list_schedules()["Schedules"] == []
