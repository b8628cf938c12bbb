"""What the watch finds reaches people: once, when it begins and when it ends, and never because a night was quiet."""

import re
from itertools import product
from typing import Any, get_args

import pytest

from infra.constructs.watch_alarm import alarm_name
from lambdaloop import telemetry
from lambdaloop.domain.monitoring_rules import Monitoring
from tests.infra.synthesis import PROJECT, Resource, Template

DAY = 24 * 3600
CHANGES = {"drift-share", "prediction-drift", "multivariate-drift", "performance-drop", "estimated-drop"}
FACTS = {"baseline-age", "baseline-missing"}
SHARES = {"capture-loss", "quarantined-share"}
HEALTH = {
    "watch-silent",
    "watch-failed",
    "watch-timed-out",
    "retraining-storm",
    "capture-undelivered",
    "capture-late",
    "events-undelivered",
}


def alarms(template: Template, model: str) -> dict[str, Resource]:
    """By what their names say beside the model."""
    prefix = f"lambdaloop-{model}-"
    found = template.of_type("AWS::CloudWatch::Alarm").values()
    return {each["AlarmName"].removeprefix(prefix): each for each in found}


@pytest.fixture
def of_churn(templates: dict[str, Template]) -> dict[str, Resource]:
    return alarms(templates["Lambdaloop-churn"], "churn")


@pytest.fixture
def of_price(templates: dict[str, Template]) -> dict[str, Resource]:
    return alarms(templates["Lambdaloop-price"], "price")


def dimensions(alarm: Resource) -> dict[str, Any]:
    return {each["Name"]: each["Value"] for each in alarm["Dimensions"]}


def test_everything_that_the_watch_finds_has_an_alarm(of_churn: dict[str, Resource]) -> None:
    assert {"data-quality"} | CHANGES | FACTS | SHARES | HEALTH <= set(of_churn)


def test_the_topic_hears_when_an_alarm_begins_and_when_it_ends(of_churn: dict[str, Resource]) -> None:
    for name in {"data-quality"} | CHANGES | FACTS | SHARES | HEALTH:
        [topic] = of_churn[name]["AlarmActions"]
        assert "AlertsAlarmTopic" in topic["Fn::ImportValue"]
        assert of_churn[name]["OKActions"] == [topic]
        assert "InsufficientDataActions" not in of_churn[name]
        assert of_churn[name]["AlarmDescription"].startswith("churn: ")


def test_a_verdict_stands_until_the_next_one(of_churn: dict[str, Resource]) -> None:
    for name in CHANGES | FACTS | {"data-quality"}:
        assert of_churn[name]["TreatMissingData"] == "ignore", name


def test_where_nothing_came_nothing_was_lost(of_churn: dict[str, Resource]) -> None:
    for name in SHARES | HEALTH - {"watch-silent"}:
        assert of_churn[name]["TreatMissingData"] == "notBreaching", name


def test_the_definition_says_how_many_windows_make_an_alarm(
    of_churn: dict[str, Resource], of_price: dict[str, Resource]
) -> None:
    for found, windows, hours in ((of_churn, (2, 3), 1), (of_price, (3, 4), 24)):
        for name in CHANGES | SHARES | {"data-quality"}:
            alarm = found[name]
            assert (alarm["DatapointsToAlarm"], alarm["EvaluationPeriods"]) == windows, name
            assert alarm["Period"] == hours * 3600


def test_a_fact_is_told_at_once(of_price: dict[str, Resource]) -> None:
    for name in FACTS:
        assert (of_price[name]["DatapointsToAlarm"], of_price[name]["EvaluationPeriods"]) == (1, 1)


def test_thresholds_are_those_of_the_definition(of_price: dict[str, Resource]) -> None:
    at_least, above = "GreaterThanOrEqualToThreshold", "GreaterThanThreshold"
    expected = {
        "drift-share": (telemetry.DRIFT_SHARE, at_least, 0.25),
        "prediction-drift": (telemetry.PREDICTION_DRIFT, at_least, 1),
        "multivariate-drift": (telemetry.MULTIVARIATE_DRIFT, at_least, 1),
        "performance-drop": (telemetry.PERFORMANCE_DROP, above, 1.5),
        "estimated-drop": (telemetry.ESTIMATED_PERFORMANCE_DROP, above, 1.5),
        "data-quality": (telemetry.DATA_QUALITY_PROBLEMS, above, 0),
        "capture-loss": (telemetry.CAPTURE_LOSS, above, 0.05),
        "quarantined-share": (telemetry.QUARANTINED_SHARE, above, 0.01),
        "label-delay": (telemetry.LABEL_DELAY, above, 72),
        "baseline-age": (telemetry.BASELINE_AGE, above, 365),
        "baseline-missing": (telemetry.BASELINE_MISSING, above, 0),
        "retraining-storm": (telemetry.RETRAINING_STORMS, above, 0),
    }
    for name, (metric, operator, threshold) in expected.items():
        alarm = of_price[name]
        assert (alarm["Namespace"], alarm["MetricName"]) == ("Lambdaloop", metric)
        assert (alarm["ComparisonOperator"], alarm["Threshold"]) == (operator, threshold), name
        assert dimensions(alarm) == {"Model": "price"}


def test_a_metric_that_arrives_twice_changes_nothing(templates: dict[str, Template]) -> None:
    for template in templates.values():
        for alarm in template.of_type("AWS::CloudWatch::Alarm").values():
            if alarm.get("Namespace") == "Lambdaloop" and alarm["MetricName"] != telemetry.SERVER_ERRORS:
                assert alarm["Statistic"] == "Maximum", alarm["AlarmName"]


def test_only_features_that_matter_have_alarms_and_any_column_may_be_one(
    of_churn: dict[str, Resource], of_price: dict[str, Resource]
) -> None:
    assert not [name for name in of_churn if name.startswith("feature-drift")]
    [name] = [name for name in of_price if name.startswith("feature-drift")]
    assert name == "feature-drift.gr%C3%B6%C3%9Fe%3A m%C2%B2"
    assert dimensions(of_price[name]) == {"Model": "price", "Feature": "gr%C3%B6%C3%9Fe%3A m%C2%B2"}
    assert (of_price[name]["ComparisonOperator"], of_price[name]["Threshold"]) == (
        "GreaterThanOrEqualToThreshold",
        1,
    )


def test_the_name_of_a_feature_always_fits_into_an_alarms_and_stays_its_own() -> None:
    names = ["ö" * 300, "ö" * 299 + "o", ":leading", " ", "a/b", "x" * 150, "x" * 151]
    found = [telemetry.feature_dimension(name) for name in names]
    assert len(set(found)) == len(names)
    for text in found:
        assert text.isascii()
        assert 0 < len(text) <= 150
        assert not text.startswith(":")


def test_labels_are_late_only_where_the_definition_expects_some(
    of_churn: dict[str, Resource], of_price: dict[str, Resource]
) -> None:
    assert "label-delay" not in of_churn
    assert "label-delay" in of_price


def test_no_two_models_can_have_an_alarm_of_the_same_name(templates: dict[str, Template]) -> None:
    ends = set(alarms(templates["Lambdaloop-price"], "price"))
    plain = {end for end in ends if "." not in end}
    assert not {(one, other) for one, other in product(plain, plain) if one.endswith(f"-{other}")}
    # Models' names have no dot: what stands before the first one belongs to one model alone.
    assert all(end.startswith("feature-drift.") for end in ends - plain)
    assert alarm_name("churn", "EstimatedDrop") == "lambdaloop-churn-estimated-drop"


@pytest.mark.parametrize("every_hours", get_args(Monitoring.__annotations__["every_hours"]))
def test_cloudwatch_can_look_back_as_far_as_any_definition_makes_it(every_hours: Any) -> None:
    longest = Monitoring(every_hours=every_hours, window_hours=24, alarm_windows=(1, 168 // every_hours))
    assert longest.alarm_windows[1] * every_hours * 3600 <= 7 * DAY
    with pytest.raises(ValueError, match="looks back 168 hours at most"):
        Monitoring(every_hours=every_hours, window_hours=24, alarm_windows=(1, 168 // every_hours + 1))


def test_the_watch_is_silent_after_two_runs_that_did_not_come(
    of_churn: dict[str, Resource], of_price: dict[str, Resource]
) -> None:
    for found, hours in ((of_churn, 1), (of_price, 24)):
        alarm = found["watch-silent"]
        filled, runs = alarm["Metrics"]
        assert filled["Expression"] == "FILL(runs, 0)"
        assert runs["MetricStat"]["Period"] == hours * 3600
        assert runs["MetricStat"]["Metric"]["MetricName"] == telemetry.WATCH_RUNS
        assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("LessThanThreshold", 1)
        # The value of the present period comes late even in good times.
        assert (alarm["DatapointsToAlarm"], alarm["EvaluationPeriods"]) == (3, 3)
        assert alarm["TreatMissingData"] == "breaching"


def test_one_watch_that_fails_is_enough(churn: Template, of_churn: dict[str, Resource]) -> None:
    for name, metric in (("watch-failed", "ExecutionsFailed"), ("watch-timed-out", "ExecutionsTimedOut")):
        alarm = of_churn[name]
        assert (alarm["MetricName"], alarm["Statistic"], alarm["Threshold"]) == (metric, "Sum", 0)
        [dimension] = alarm["Dimensions"]
        assert dimension["Value"] == churn.document["Outputs"]["WatchWorkflow"]["Value"]


def test_what_nobody_took_is_told(churn: Template, of_churn: dict[str, Resource]) -> None:
    alarm = of_churn["events-undelivered"]
    assert (alarm["Namespace"], alarm["MetricName"]) == ("AWS/SQS", "ApproximateNumberOfMessagesVisible")
    [queue] = churn.of_type("AWS::SQS::Queue")
    assert dimensions(alarm) == {"QueueName": {"Fn::GetAtt": [queue, "QueueName"]}}


def test_capture_is_late_when_the_watch_would_miss_it(churn: Template, of_churn: dict[str, Resource]) -> None:
    schedules = churn.of_type("AWS::Scheduler::Schedule")
    [schedule] = [each for id_, each in schedules.items() if id_.startswith("Watching")]
    minutes = int(schedule["ScheduleExpression"].removeprefix("cron(").split()[0])
    alarm = of_churn["capture-late"]
    assert (alarm["MetricName"], alarm["Threshold"]) == ("DeliveryToS3.DataFreshness", minutes * 60)
    [stream] = churn.of_type("AWS::KinesisFirehose::DeliveryStream")
    for name in ("capture-late", "capture-undelivered"):
        assert dimensions(of_churn[name]) == {"DeliveryStreamName": {"Ref": stream}}


def test_the_runbook_has_a_row_for_every_alarm_and_none_for_others(templates: dict[str, Template]) -> None:
    text = (PROJECT / "docs" / "operations.md").read_text()
    section = text.partition("## When an alarm rings")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `([^`]+)` \|", section, flags=re.MULTILINE)
    names = {name.partition(".")[0] for name in alarms(templates["Lambdaloop-price"], "price")}
    assert sorted(row.partition(".")[0] for row in rows) == sorted(names)


def test_the_runbook_counts_what_a_model_has(of_churn: dict[str, Resource]) -> None:
    text = (PROJECT / "docs" / "operations.md").read_text()
    assert f"alarms, {len(of_churn)} for each model" in text
