"""Where alarms go: subscribe an e-mail address or a chat to this topic.

Not under a KMS key: alarms cannot publish under the AWS managed one, a key of one's own costs money while idle, and
messages carry alarm names and figures, never data.
"""

from aws_cdk import Aws
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns
from constructs import Construct


class Alerts(Construct):
    """One topic for the whole platform."""

    def __init__(self, scope: Construct, id_: str) -> None:
        super().__init__(scope, id_)
        self.topic = sns.Topic(self, "Topic", display_name="Lambdaloop alerts", enforce_ssl=True)
        # A topic policy of one's own replaces the default one, so CloudWatch has to be let in again.
        self.topic.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
                actions=["sns:Publish"],
                resources=[self.topic.topic_arn],
                conditions={"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}},
            )
        )
