"""A workflow that runs by the clock: one state machine, a schedule, and where starts go that nobody could make."""

from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from infra.constructs.service_role import service_role
from infra.grants import send_messages, start_workflow


def schedule_workflow(
    scope: Construct,
    workflow: sfn.IStateMachine,
    *,
    description: str,
    minute: float,
    every_hours: int,
    undelivered: sqs.IQueue,
) -> None:
    """Start it every so many hours from midnight UTC on, with the time it was due as its input's `at`."""
    role = service_role(
        scope,
        "ScheduleRole",
        service="scheduler",
        grants=[start_workflow(workflow), send_messages(undelivered)],
        own_account_only=True,
    )
    scheduler.CfnSchedule(
        scope,
        "Schedule",
        description=description,
        # Aligned to the hour, unlike a rate, which would count from whenever the stack was deployed.
        schedule_expression=f"cron({minute:.0f} {_hours(every_hours)} * * ? *)",
        schedule_expression_timezone="UTC",
        flexible_time_window=scheduler.CfnSchedule.FlexibleTimeWindowProperty(mode="OFF"),
        target=scheduler.CfnSchedule.TargetProperty(
            arn=workflow.state_machine_arn,
            role_arn=role.role_arn,
            input='{"at": "<aws.scheduler.scheduled-time>"}',
            # A start that comes later than the next one has nothing left to do.
            retry_policy=scheduler.CfnSchedule.RetryPolicyProperty(
                maximum_event_age_in_seconds=every_hours * 3600, maximum_retry_attempts=185
            ),
            dead_letter_config=scheduler.CfnSchedule.DeadLetterConfigProperty(arn=undelivered.queue_arn),
        ),
    )


def _hours(every: int) -> str:
    """The hours field of a cron expression: every so many hours, from midnight on."""
    return {1: "*", 24: "0"}.get(every, f"0/{every}")
