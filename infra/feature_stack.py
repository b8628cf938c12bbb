"""What models that look features up share: only there when a definition asks for it.

A stack of its own, and no part of the platform's: CloudFormation refuses to drop what another stack imports, and the
platform is deployed before the models. So the last model that gives stored features up leaves this stack as it is, and
whoever wants neither table nor history any more deletes it.
"""

from collections.abc import Mapping

from aws_cdk import CfnOutput, Stack
from aws_cdk import aws_dynamodb as dynamodb
from constructs import Construct

from infra.constructs.feature_files import FeatureFiles
from infra.packages import Packages
from infra.platform_stack import PlatformStack
from infra.stages import StageSettings, settle
from lambdaloop.domain.shared_groups import SharedGroup

EXPIRES = "expires"


class FeatureStack(Stack):
    """The online store: one table for all groups, paid by request, restorable to any second of the last 35 days."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        stage: StageSettings,
        groups: Mapping[str, SharedGroup],
        packages: Packages,
        platform: PlatformStack,
    ) -> None:
        super().__init__(scope, id_, description="Lambdaloop: stored features", env=stage.environment)
        settle(self, stage)
        self.table = dynamodb.Table(
            self,
            "Features",
            partition_key=dynamodb.Attribute(name="pk", type=dynamodb.AttributeType.STRING),
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            encryption=dynamodb.TableEncryption.AWS_MANAGED,
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            time_to_live_attribute=EXPIRES,
            deletion_protection=stage.retain,
            removal_policy=stage.removal,
        )
        FeatureFiles(
            self,
            "Incoming",
            groups=groups,
            packages=packages,
            table=self.table,
            data_bucket=platform.storage.data,
            topic=platform.alerts.topic,
            alarm_topic=platform.alerts.alarms,
        )
        # Left to itself, CDK exports only what somebody imports now.
        self.export_value(self.table.table_name)
        self.export_value(self.table.table_arn)
        CfnOutput(self, "FeatureTable", value=self.table.table_name)
        CfnOutput(self, "FeatureGroups", value=",".join(sorted(groups)))
