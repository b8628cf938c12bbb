import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from scripts.localcloud.cloud import ACCOUNT_ID, REGION
from scripts.localcloud.cloudwatch.alarm_evaluation import Point, Threshold, judge
from tests.localcloud.eventing_cloud import eventing_cloud, function_arn
from tests.localcloud.watched_metric import Watch

pytestmark = pytest.mark.localcloud


@pytest.fixture
def watch(tmp_path: Path) -> Iterator[Watch]:
    with eventing_cloud(tmp_path) as running:
        yield Watch(running)


# 0: not breaching, X: breaching, -: missing; oldest first, the evaluation range of 3 periods and the 2 before them.
# The columns are missing, ignore, breaching, notBreaching; "=" keeps the state.
@pytest.mark.parametrize(
    ("to_alarm", "points", "states"),
    [
        (3, "0-X-X", "OK OK OK OK"),
        (3, "----0", "OK OK OK OK"),
        (3, "-----", "INSUFFICIENT_DATA = ALARM OK"),
        (3, "0XX-X", "ALARM ALARM ALARM ALARM"),
        (3, "--X--", "ALARM = ALARM OK"),
        (3, "----X", "= = ALARM OK"),  # no early alarm: the next value may be good
        (3, "---X-", "= = ALARM OK"),
        (3, "000XX", "OK OK OK OK"),
        (2, "0-X-X", "ALARM ALARM ALARM ALARM"),
        (2, "00X0X", "ALARM ALARM ALARM ALARM"),
        (2, "0-X--", "OK OK ALARM OK"),
        (2, "----0", "OK OK ALARM OK"),
        (1, "----X", "ALARM ALARM ALARM ALARM"),
        (1, "X0000", "OK OK OK OK"),
    ],
)
def test_m_out_of_n_with_each_way_to_treat_missing_data(to_alarm: int, points: str, states: str) -> None:
    values = {"0": 0.0, "X": 5.0, "-": None}
    range_ = [Point(time=n * 60, value=values[sign], samples=1) for n, sign in enumerate(points)]
    found = []
    for treatment in ("missing", "ignore", "breaching", "notBreaching"):
        verdict = judge(Threshold("GreaterThanThreshold", 1.0, 3, to_alarm, treatment), range_)
        found.append(verdict.state if verdict else "=")
    assert " ".join(found) == states


def test_a_new_alarm_knows_nothing(watch: Watch) -> None:
    watch.alarm()
    described = watch.described()
    assert (described["StateValue"], described["StateReason"]) == (
        "INSUFFICIENT_DATA",
        "Unchecked: Initial alarm creation",
    )


def test_an_alarm_follows_its_metric_and_says_why(watch: Watch) -> None:
    watch.alarm()
    watch.put(0)
    assert watch.state() == "OK"
    watch.put(2, 3)
    described = watch.described()
    data = json.loads(described["StateReasonData"])
    assert described["StateValue"] == "ALARM"
    assert "1 out of the last 1 datapoints [5.0 (" in described["StateReason"]
    assert "was greater than or equal to the threshold (1.0)" in described["StateReason"]
    assert (data["recentDatapoints"], data["threshold"], data["statistic"]) == ([5.0], 1.0, "Sum")
    assert data["evaluatedDatapoints"][0]["sampleCount"] == 2
    watch.put(0)
    assert watch.state() == "OK"
    assert watch.history("StateUpdate") == [
        "Alarm updated from INSUFFICIENT_DATA to OK",
        "Alarm updated from OK to ALARM",
        "Alarm updated from ALARM to OK",
    ]


def test_an_alarm_without_data_lingers_and_then_does_what_it_was_told(watch: Watch) -> None:
    watch.alarm("silent-is-bad", TreatMissingData="breaching")
    watch.alarm("silent-is-good", TreatMissingData="notBreaching")
    watch.alarm("silent-is-unknown")
    watch.put(0)
    watch.put()  # the last value is still in the evaluation range
    assert [watch.state(f"silent-is-{name}") for name in ("bad", "good", "unknown")] == ["OK", "OK", "OK"]
    watch.put()
    watch.put()
    states = [watch.state(f"silent-is-{name}") for name in ("bad", "good", "unknown")]
    assert states == ["ALARM", "OK", "INSUFFICIENT_DATA"]


def test_percentile_alarms_look_at_the_percentile(watch: Watch) -> None:
    watch.alarm("slow", Statistic=None, ExtendedStatistic="p90", Threshold=100.0)
    watch.put(*[10.0] * 95, *[1000.0] * 5)
    assert watch.state("slow") == "OK"
    watch.put(*[10.0] * 80, *[1000.0] * 20)
    assert watch.state("slow") == "ALARM"


def math_alarm(expression: str) -> dict[str, Any]:
    def metric(name: str) -> dict[str, Any]:
        stat = {"Metric": {"Namespace": "N", "MetricName": name}, "Period": 60, "Stat": "Sum"}
        return {"Id": name.lower(), "MetricStat": stat, "ReturnData": False}

    metrics = [
        metric("Errors"),
        metric("Calls"),
        {"Id": "rate", "Expression": expression, "ReturnData": True},
    ]
    return {"Metrics": metrics} | dict.fromkeys(("Namespace", "MetricName", "Statistic", "Period"))


def test_metric_math_alarms_look_at_the_expression(watch: Watch) -> None:
    watch.alarm("rate", Threshold=0.1, **math_alarm("errors / calls"))
    watch.api.put_metric_data(
        Namespace="N",
        MetricData=[{"MetricName": "Calls", "Value": 10.0, "Timestamp": watch.running.cloud.clock.now()}],
    )
    watch.put(2)
    assert watch.state("rate") == "ALARM"
    described = watch.described("rate")
    assert described["Metrics"][2]["Expression"] == "errors / calls"


def test_actions_come_once_per_change_and_only_when_enabled(watch: Watch) -> None:
    running = watch.running
    topic = running.client("sns").create_topic(Name="alerts")["TopicArn"]
    running.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=running.queue("alerts"))
    watch.alarm(
        AlarmActions=[topic, function_arn("on-alarm")], OKActions=[topic], AlarmDescription="too many"
    )
    watch.alarm("muted", AlarmActions=[topic], ActionsEnabled=False)
    for errors in (0, 5, 5, 5, 0, 0):
        watch.put(errors)
        running.deliver()
    bodies = [json.loads(message["Body"]) for message in running.messages("alerts")]
    notes = [json.loads(body["Message"]) for body in bodies]
    assert [note["NewStateValue"] for note in notes] == ["OK", "ALARM", "OK"]
    assert bodies[1]["Subject"] == 'ALARM: "errors" in US East (N. Virginia)'
    alarm = notes[1]
    assert (alarm["OldStateValue"], alarm["AlarmDescription"], alarm["AlarmName"]) == (
        "OK",
        "too many",
        "errors",
    )
    assert alarm["AlarmArn"] == f"arn:aws:cloudwatch:{REGION}:{ACCOUNT_ID}:alarm:errors"
    assert alarm["Trigger"]["MetricName"] == "Errors"
    assert (alarm["Trigger"]["Statistic"], alarm["Trigger"]["StatisticType"]) == ("SUM", "Statistic")
    [event] = running.functions.events
    assert event["source"] == "aws.cloudwatch"
    assert event["alarmData"]["state"]["value"] == "ALARM"
    assert event["alarmData"]["previousState"]["value"] == "OK"
    assert watch.history("Action") == [
        f"Successfully executed action {topic}",
        f"Successfully executed action {topic}",
        f"Successfully executed action {function_arn('on-alarm')}",
        f"Successfully executed action {topic}",
    ]
    assert watch.state("muted") == "OK"
    assert watch.history("Action", "muted") == []


def test_an_action_that_fails_is_in_the_history(watch: Watch) -> None:
    gone = f"arn:aws:sns:{REGION}:{ACCOUNT_ID}:gone"
    watch.alarm(AlarmActions=[gone])
    watch.put(5)
    watch.running.deliver()
    assert watch.history("Action") == [f"Failed to execute action {gone}"]


def test_a_change_of_state_is_an_event(watch: Watch) -> None:
    running = watch.running
    events = running.client("events")
    events.put_rule(
        Name="alarms",
        EventPattern=json.dumps({"source": ["aws.cloudwatch"], "detail": {"state": {"value": ["ALARM"]}}}),
    )
    events.put_targets(Rule="alarms", Targets=[{"Id": "1", "Arn": function_arn("f")}])
    watch.alarm(Dimensions=[])
    watch.put(0)
    watch.put(5)
    running.deliver()
    [event] = running.functions.events
    assert event["detail-type"] == "CloudWatch Alarm State Change"
    assert event["resources"] == [f"arn:aws:cloudwatch:{REGION}:{ACCOUNT_ID}:alarm:errors"]
    detail = event["detail"]
    assert (detail["alarmName"], detail["previousState"]["value"]) == ("errors", "OK")
    assert json.loads(detail["state"]["reasonData"])["recentDatapoints"] == [5.0]
    [metric] = detail["configuration"]["metrics"]
    assert metric["metricStat"]["metric"] == {"namespace": "N", "name": "Errors", "dimensions": {}}


def test_a_state_set_by_hand_acts_and_lasts_until_the_next_evaluation(watch: Watch) -> None:
    watch.alarm(AlarmActions=[function_arn("f")])
    watch.put(0)
    for _ in range(2):  # the second one changes nothing
        watch.api.set_alarm_state(AlarmName="errors", StateValue="ALARM", StateReason="drill")
    watch.running.deliver()
    assert (watch.state(), len(watch.running.functions.events)) == ("ALARM", 1)
    watch.put(0)
    assert watch.state() == "OK"
    with pytest.raises(ClientError, match="ValidationError"):
        watch.api.set_alarm_state(AlarmName="errors", StateValue="FINE", StateReason="drill")


def test_an_update_keeps_the_state_and_the_history(watch: Watch) -> None:
    watch.alarm()
    watch.put(5)
    watch.alarm(Threshold=100.0)
    assert watch.state() == "ALARM"
    assert len(watch.history("ConfigurationUpdate")) == 2
    watch.put(5)
    assert watch.state() == "OK"


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"AlarmActions": ["arn:aws:automate:us-east-1:ec2:stop"]}, "only SNS and Lambda"),
        ({"ComparisonOperator": "GreaterThanUpperThreshold", "ThresholdMetricId": "t"}, "anomaly detection"),
        ({"Statistic": None, "ExtendedStatistic": "tm99"}, "not emulated"),
        ({"TreatMissingData": "fine"}, "not supported"),
        ({"DatapointsToAlarm": 2}, "between 1 and"),
        ({"Period": 3600, "EvaluationPeriods": 200}, "more than a day"),
        ({"EvaluateLowSampleCountPercentile": "ignore"}, "not emulated"),
        (math_alarm("SEARCH(errors)"), "not emulated"),
        (math_alarm("SUM(errors)"), "single number"),
        (math_alarm("errors / nothing"), "nothing"),
    ],
)
def test_an_alarm_that_could_not_be_evaluated_is_refused(
    watch: Watch, settings: dict[str, Any], problem: str
) -> None:
    with pytest.raises(ClientError, match=problem):
        watch.alarm(**settings)


def test_alarms_are_found_by_every_filter_and_composites_only_when_asked_for(watch: Watch) -> None:
    watch.alarm("a-1", AlarmActions=[function_arn("f")])
    watch.alarm("a-2")
    watch.alarm("b-1")
    watch.api.put_composite_alarm(AlarmName="a-all", AlarmRule="ALARM(a-1) OR ALARM(a-2)")

    def names(**wanted: Any) -> list[str]:
        found = watch.api.describe_alarms(**wanted)
        return [alarm["AlarmName"] for alarm in found["MetricAlarms"] + found["CompositeAlarms"]]

    assert names() == ["a-1", "a-2", "b-1"]
    assert names(AlarmNamePrefix="a-", StateValue="INSUFFICIENT_DATA") == ["a-1", "a-2"]
    assert names(AlarmNamePrefix="a-", AlarmTypes=["MetricAlarm", "CompositeAlarm"]) == [
        "a-1",
        "a-2",
        "a-all",
    ]
    assert names(ActionPrefix="arn:aws:lambda") == ["a-1"]
    assert names(AlarmNames=["a-1", "nothing"]) == ["a-1"]
    pages = watch.api.get_paginator("describe_alarms").paginate(PaginationConfig={"PageSize": 2})
    assert [len(page["MetricAlarms"]) for page in pages] == [2, 1]
