"""Somebody hears about it when predictions or workflows fail."""

from tests.infra.synthesis import Resource, Template


def _alarms(template: Template) -> dict[str, Resource]:
    """Those of `alarms.py`; the watch's are in test_watch_alarms."""
    found = template.of_type("AWS::CloudWatch::Alarm").items()
    return {id_.removeprefix("Alarms")[:-8]: alarm for id_, alarm in found if id_.startswith("Alarms")}


def test_every_alarm_tells_the_topic_and_stays_silent_without_data(templates: dict[str, Template]) -> None:
    for stack in ("Lambdaloop-churn", "Lambdaloop-price", "Lambdaloop-species"):
        alarms = _alarms(templates[stack])
        assert set(alarms) == {
            "LiveErrors",
            "LiveThrottles",
            "LiveLatency",
            "TrainingFailed",
            "TrainingTimedOut",
            "ReleaseFailed",
            "ReleaseTimedOut",
            "ServerErrors",
        }
        for alarm in alarms.values():
            [action] = alarm["AlarmActions"]
            assert "AlertsAlarmTopic" in action["Fn::ImportValue"]
            assert alarm["OKActions"] == [action]
            assert alarm["TreatMissingData"] == "notBreaching"
            assert alarm["AlarmDescription"]


def test_alarms_have_names_that_a_definition_can_know_beforehand(templates: dict[str, Template]) -> None:
    for model in ("churn", "price", "species"):
        names = {alarm["AlarmName"] for alarm in _alarms(templates[f"Lambdaloop-{model}"]).values()}
        assert names == {
            f"lambdaloop-{model}-live-errors",
            f"lambdaloop-{model}-live-throttles",
            f"lambdaloop-{model}-live-latency",
            f"lambdaloop-{model}-server-errors",
            f"lambdaloop-{model}-training-failed",
            f"lambdaloop-{model}-training-timed-out",
            f"lambdaloop-{model}-release-failed",
            f"lambdaloop-{model}-release-timed-out",
        }


def test_prediction_alarms_watch_the_live_alias(churn: Template) -> None:
    function = churn.document["Outputs"]["InferenceFunction"]["Value"]
    for name in ("LiveErrors", "LiveThrottles", "LiveLatency"):
        dimensions = {each["Name"]: each["Value"] for each in _alarms(churn)[name]["Dimensions"]}
        assert dimensions == {
            "FunctionName": function,
            "Resource": {"Fn::Join": ["", [function, ":live"]]},
        }


def test_predictions_are_slow_above_the_definitions_limit(churn: Template) -> None:
    alarm = _alarms(churn)["LiveLatency"]
    assert (alarm["ExtendedStatistic"], alarm["Threshold"]) == ("p95", 1000)
    assert alarm["ComparisonOperator"] == "GreaterThanThreshold"


def test_the_rate_of_server_errors_is_told_above_the_definitions_limit_when_it_lasts(churn: Template) -> None:
    """Each request writes 0 or 1, so their mean is the rate: one error among many requests is nobody's alarm."""
    alarm = _alarms(churn)["ServerErrors"]
    assert (alarm["MetricName"], alarm["Statistic"]) == ("model_server_errors_total", "Average")
    assert (alarm["Threshold"], alarm["ComparisonOperator"]) == (0.01, "GreaterThanThreshold")
    assert (alarm["DatapointsToAlarm"], alarm["EvaluationPeriods"], alarm["Period"]) == (2, 3, 300)


def test_one_failed_release_is_enough_for_an_alarm(churn: Template) -> None:
    alarm = _alarms(churn)["ReleaseFailed"]
    assert (alarm["MetricName"], alarm["Statistic"], alarm["Threshold"]) == ("ExecutionsFailed", "Sum", 0)
    [dimension] = alarm["Dimensions"]
    assert dimension["Value"] == churn.document["Outputs"]["ReleaseWorkflow"]["Value"]
