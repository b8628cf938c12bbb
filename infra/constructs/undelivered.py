"""Where events and scheduled starts end that nobody took: AWS tries for a while, and then drops them without a word."""

from aws_cdk import Duration
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
