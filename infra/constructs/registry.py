"""The registry table: every version, release, run and audit event of every model."""

from aws_cdk import aws_dynamodb as dynamodb
from constructs import Construct

from infra.stages import settings_of


class Registry(Construct):
    """One table, paid by request, protected from deletion and restorable to any second of the last 35 days.

    `Table` and not `TableV2`: the latter is a global table, which says more than is meant.
    """

    def __init__(self, scope: Construct, id_: str) -> None:
        super().__init__(scope, id_)
        settings = settings_of(self)
        self.table = dynamodb.Table(
            self,
            "Table",
            partition_key=dynamodb.Attribute(name="pk", type=dynamodb.AttributeType.STRING),
            sort_key=dynamodb.Attribute(name="sk", type=dynamodb.AttributeType.STRING),
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            encryption=dynamodb.TableEncryption.AWS_MANAGED,
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            # What `publish_events` reads. Both images: some events are about what is new in a record.
            stream=dynamodb.StreamViewType.NEW_AND_OLD_IMAGES,
            deletion_protection=settings.retain,
            # Also after a failed first deployment: CloudFormation could not delete it, because of its protection.
            removal_policy=settings.removal,
        )
