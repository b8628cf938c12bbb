"""Where alarms go, and where people hear of them.

Alarms publish what CloudWatch knows, as JSON, to one topic; the function `send_alerts` reads it there, and tells people through the
other one, to which an e-mail address can be subscribed.

Not under a KMS key: alarms cannot publish under the AWS managed one, a key of one's own costs money while idle, and
messages carry alarm names and figures, never data.
"""

from aws_cdk import Aws
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns
from constructs import Construct


class Alerts(Construct):
    """Two topics for the whole platform."""

    def __init__(self, scope: Construct, id_: str) -> None:
        super().__init__(scope, id_)
        self.topic = _topic(self, "Topic", display_name="Lambdaloop alerts")
        """For people."""
        self.alarms = _topic(self, "AlarmTopic", display_name="Lambdaloop alarms")
        """For alarms."""


def _topic(scope: Construct, id_: str, *, display_name: str) -> sns.Topic:
    topic = sns.Topic(scope, id_, display_name=display_name, enforce_ssl=True)
    # A topic policy of one's own replaces the default one, so CloudWatch has to be let in again.
    topic.add_to_resource_policy(
        iam.PolicyStatement(
            principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
            actions=["sns:Publish"],
            resources=[topic.topic_arn],
            conditions={"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}},
        )
    )
    return topic
