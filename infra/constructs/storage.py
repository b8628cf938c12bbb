"""Buckets that keep what cannot be made again: versioned, encrypted, private, and left behind when the stack goes."""

from typing import cast

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra.nag import acknowledge
from infra.stages import settings_of
from lambdaloop.domain.capture_layout import KEPT_DAYS

_EXPIRING = ("raw", "hours", "experiments", "quarantine", "failed", "pages")
"""Folders with captured rows; and pages, which can be written again from what stays."""


class Storage(Construct):
    """The data, model and capture buckets."""

    def __init__(self, scope: Construct, id_: str) -> None:
        super().__init__(scope, id_)
        # Datasets name object versions: an overwritten file must stay readable for as long as runs are reproduced.
        self.data = _bucket(
            self,
            "Data",
            s3.LifecycleRule(
                noncurrent_version_transitions=[
                    s3.NoncurrentVersionTransition(
                        storage_class=s3.StorageClass.INFREQUENT_ACCESS, transition_after=Duration.days(30)
                    )
                ]
            ),
        )
        _tell_event_bridge(self.data)  # new training data may be a reason to train again
        # A release's pin names a version id: an artifact that somebody deleted or overwrote stays readable, because
        # a published version may serve it, or be rolled back to, at any time.
        self.model = _bucket(self, "Model")
        self.capture = _bucket(
            self,
            "Capture",
            *(
                s3.LifecycleRule(prefix=f"{folder}/", expiration=Duration.days(KEPT_DAYS))
                for folder in _EXPIRING
            ),
            s3.LifecycleRule(
                noncurrent_version_expiration=Duration.days(30), expired_object_delete_marker=True
            ),
        )


def _bucket(scope: Construct, id_: str, *rules: s3.LifecycleRule) -> s3.Bucket:
    bucket = s3.Bucket(
        scope,
        id_,
        versioned=True,
        encryption=s3.BucketEncryption.S3_MANAGED,
        enforce_ssl=True,
        block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
        object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
        # Only a failed first deployment takes them along: they are empty then, and would be in nobody's care.
        removal_policy=(
            RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE if settings_of(scope).retain else RemovalPolicy.DESTROY
        ),
        lifecycle_rules=[
            *rules,
            s3.LifecycleRule(abort_incomplete_multipart_upload_after=Duration.days(7)),
        ],
    )
    acknowledge(
        bucket,
        {
            "AwsSolutions-S1": "who read which object is CloudTrail's business, account-wide; a log bucket of ours would need one itself"
        },
    )
    return bucket


def _tell_event_bridge(bucket: s3.Bucket) -> None:
    """Send what happens to its objects to the default bus, by the bucket's own property: CDK's way deploys a Lambda for it."""
    resource = cast("s3.CfnBucket", bucket.node.default_child)
    resource.notification_configuration = s3.CfnBucket.NotificationConfigurationProperty(
        event_bridge_configuration=s3.CfnBucket.EventBridgeConfigurationProperty(event_bridge_enabled=True)
    )
