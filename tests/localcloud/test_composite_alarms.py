from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from scripts.localcloud.cloudwatch.alarm_rules import AlarmRule, InvalidAlarmRuleError
from tests.localcloud.eventing_cloud import eventing_cloud, function_arn
from tests.localcloud.watched_metric import Watch

pytestmark = pytest.mark.localcloud


@pytest.fixture
def watch(tmp_path: Path) -> Iterator[Watch]:
    with eventing_cloud(tmp_path) as running:
        yield Watch(running)


def test_a_composite_alarm_follows_its_parts_at_once(watch: Watch) -> None:
    watch.alarm("errors")
    watch.alarm("slow", MetricName="Latency", Threshold=100.0)
    watch.api.put_composite_alarm(
        AlarmName="bad",
        AlarmRule='ALARM("errors") AND (ALARM(slow) OR NOT OK(slow))',
        AlarmActions=[function_arn("f")],
    )
    watch.api.put_composite_alarm(AlarmName="worse", AlarmRule="ALARM(bad)")
    assert watch.composite_state("bad") == "OK"
    watch.put(5)
    assert (watch.composite_state("bad"), watch.composite_state("worse")) == ("ALARM", "ALARM")
    watch.put(0, name="Latency")
    assert (watch.composite_state("bad"), watch.composite_state("worse")) == ("OK", "OK")
    watch.running.deliver()
    [event] = watch.running.functions.events
    assert event["alarmData"]["configuration"]["alarmRule"].startswith("ALARM(")


@pytest.mark.parametrize(
    "rule", ["ALARM(errors) AND", "ALARM errors", "BROKEN(errors)", 'ALARM("errors"', "", "ALARM(a) ALARM(b)"]
)
def test_a_composite_rule_that_cannot_be_read_is_refused(rule: str) -> None:
    with pytest.raises(InvalidAlarmRuleError):
        AlarmRule(rule)


def test_composite_alarms_need_existing_parts_and_no_circles(watch: Watch) -> None:
    with pytest.raises(ClientError, match="do not exist"):
        watch.api.put_composite_alarm(AlarmName="bad", AlarmRule="ALARM(errors)")
    watch.alarm()
    watch.api.put_composite_alarm(AlarmName="bad", AlarmRule="ALARM(errors)")
    watch.api.put_composite_alarm(AlarmName="worse", AlarmRule="ALARM(bad)")
    with pytest.raises(ClientError, match="circular"):
        watch.api.put_composite_alarm(AlarmName="bad", AlarmRule="ALARM(worse)")
