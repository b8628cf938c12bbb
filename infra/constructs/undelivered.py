"""Where events and scheduled starts end that nobody took: AWS tries for a while, and then drops them without a word."""

from aws_cdk import Duration
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_destinations as destinations
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.nag import acknowledge


class Undelivered(Construct):
    """One queue for each model; what lies in it raises the alarm events-undelivered."""

    def __init__(self, scope: Construct, id_: str) -> None:
        super().__init__(scope, id_)
        self.queue = sqs.Queue(
            self,
            "Queue",
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            retention_period=Duration.days(14),
        )
        acknowledge(
            self.queue, {"AwsSolutions-SQS3": "it is itself the dead-letter queue, read by people only"}
        )


def kept_target(function: lambda_.IFunction, undelivered: sqs.IQueue) -> targets.LambdaFunction:
    """A rule's target: what it does not take is kept, after EventBridge has tried for as long and as often as it does at all."""
    return targets.LambdaFunction(
        function, dead_letter_queue=undelivered, max_event_age=Duration.hours(24), retry_attempts=185
    )


def keep_failed(scope: Construct, id_: str, *, function: lambda_.IFunction, undelivered: sqs.IQueue) -> None:
    """Keep what the function took and failed on: EventBridge is content as soon as Lambda has accepted an event."""
    lambda_.EventInvokeConfig(
        scope,
        id_,
        function=function,
        on_failure=destinations.SqsDestination(undelivered),
        max_event_age=Duration.hours(6),
        retry_attempts=2,
    )
