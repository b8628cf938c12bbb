"""The watch starts by itself, at the right minute, once for each period."""

import json

import pytest

from infra.constructs.watching import DELAY
from infra.state_machines import state_machines
from lambdaloop.definition_schema import load_definition
from lambdaloop.domain.monitoring_rules import Monitoring
from scripts.localcloud.eventing import schedule_expressions
from tests.infra.synthesis import DEFINITIONS, Resource, Template

HOUR = 3600


def _schedule(template: Template) -> Resource:
    schedules = template.of_type("AWS::Scheduler::Schedule")
    [schedule] = [each for id_, each in schedules.items() if id_.startswith("Watching")]
    return schedule


def test_the_watch_runs_as_often_as_the_definition_says_minutes_past_a_full_hour(
    templates: dict[str, Template],
) -> None:
    for model, hours in (("churn", 1), ("price", 24)):
        schedule = _schedule(templates[f"Lambdaloop-{model}"])
        assert schedule["ScheduleExpressionTimezone"] == "UTC"
        assert schedule["FlexibleTimeWindow"] == {"Mode": "OFF"}
        due = schedule_expressions.parse(schedule["ScheduleExpression"], anchor=0)
        times = list(due.due(0, 3 * 24 * HOUR))
        assert len(times) == 3 * 24 // hours
        assert all(time % (hours * HOUR) == DELAY.to_seconds() for time in times)


def test_a_start_names_the_time_for_which_it_was_scheduled(churn: Template) -> None:
    target = _schedule(churn)["Target"]
    assert json.loads(target["Input"]) == {"at": "<aws.scheduler.scheduled-time>"}
    assert target["Arn"] == churn.document["Outputs"]["WatchWorkflow"]["Value"]


def test_a_start_is_tried_until_the_next_one_is_due_and_then_kept(templates: dict[str, Template]) -> None:
    for model, hours in (("churn", 1), ("price", 24)):
        template = templates[f"Lambdaloop-{model}"]
        target = _schedule(template)["Target"]
        assert target["RetryPolicy"] == {
            "MaximumEventAgeInSeconds": hours * HOUR,
            "MaximumRetryAttempts": 185,
        }
        [queue] = template.of_type("AWS::SQS::Queue")
        assert target["DeadLetterConfig"] == {"Arn": {"Fn::GetAtt": [queue, "Arn"]}}


def test_a_schedule_may_start_its_workflow_and_bury_what_failed(churn: Template) -> None:
    [role_id, _] = _schedule(churn)["Target"]["RoleArn"]["Fn::GetAtt"]
    role = churn.resources[role_id]["Properties"]
    [trust] = role["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": "scheduler.amazonaws.com"}
    assert trust["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}
    start, bury = role["Policies"][0]["PolicyDocument"]["Statement"]
    assert (start["Action"], start["Resource"]) == (
        "states:StartExecution",
        churn.document["Outputs"]["WatchWorkflow"]["Value"],
    )
    [queue] = churn.of_type("AWS::SQS::Queue")
    assert (bury["Action"], bury["Resource"]) == ("sqs:SendMessage", {"Fn::GetAtt": [queue, "Arn"]})


def test_a_run_has_ended_before_it_could_be_missed_twice(churn: Template) -> None:
    [definition] = [each for id_, each in state_machines(churn.document) if id_.startswith("WatchingWatch")]
    assert definition["TimeoutSeconds"] <= Monitoring().every_hours * HOUR


@pytest.mark.parametrize("file", ["churn.yaml", "price.yaml"])
def test_firehose_has_delivered_an_hour_before_it_is_watched(
    file: str, templates: dict[str, Template]
) -> None:
    name = load_definition(DEFINITIONS / file).name
    [stream] = templates[f"Lambdaloop-{name}"].of_type("AWS::KinesisFirehose::DeliveryStream").values()
    buffer = stream["ExtendedS3DestinationConfiguration"]["BufferingHints"]
    assert buffer["IntervalInSeconds"] < DELAY.to_seconds()
