"""Whatever writes CSV files can fill the online store: a file that arrives in a group's incoming folder is put at once."""

from collections.abc import Mapping

from aws_cdk import Duration
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as events
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns
from constructs import Construct

from infra.constructs.layers import core_layer, layer
from infra.constructs.python_function import PythonFunction
from infra.constructs.undelivered import Undelivered, keep_failed, kept_target
from infra.constructs.watch_alarm import ABOVE, FINE, watch_alarm
from infra.feature_grants import put_feature_files, put_features
from infra.grants import publish_notices, send_messages
from infra.packages import Packages
from infra.stages import stage_of
from lambdaloop.domain.shared_groups import SharedGroup
from lambdaloop.domain.stored_features import incoming_prefix
from lambdaloop.settings import Settings


class FeatureFiles(Construct):
    """The function that puts files, the events that call it, and what becomes of an event that it failed on."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        groups: Mapping[str, SharedGroup],
        packages: Packages,
        table: dynamodb.ITable,
        data_bucket: s3.IBucket,
        topic: sns.ITopic,
        alarm_topic: sns.ITopic,
    ) -> None:
        super().__init__(scope, id_)
        undelivered = Undelivered(self, "Undelivered").queue
        function = PythonFunction(
            self,
            "PutFeatures",
            verb="put_features",
            description="Puts files of features as they arrive",
            packages=packages,
            layers=[
                core_layer(self, packages),
                layer(
                    self,
                    "DefinitionLayer",
                    packages.feature_groups(groups.values()),
                    content="feature-groups",
                    description="the groups of stored features of all models",
                ),
            ],
            settings=Settings(
                data_bucket=data_bucket.bucket_name,
                feature_table=table.table_name,
                alert_topic=topic.topic_arn,
            ),
            grants=[
                put_features(table, groups),
                *put_feature_files(data_bucket, groups),
                publish_notices(topic),
                send_messages(undelivered),
            ],
            memory_mib=1769,
            timeout_seconds=900,
        ).function
        keep_failed(self, "Events", function=function, undelivered=undelivered)
        events.Rule(
            self,
            "Arrived",
            description="Files of features are put as they arrive",
            event_pattern=events.EventPattern(
                source=["aws.s3"],
                detail_type=["Object Created"],
                resources=[data_bucket.bucket_arn],
                detail={"object": {"key": [{"prefix": incoming_prefix(name)} for name in sorted(groups)]}},
            ),
            targets=[kept_target(function, undelivered)],
        )
        watch_alarm(
            self,
            "FilesUndelivered",
            name=f"{stage_of(self).alarm_prefix}features-undelivered",
            says="the function that puts files of features failed on one: it lies in the queue, and is not put",
            metric=undelivered.metric_approximate_number_of_messages_visible(
                period=Duration.minutes(5), statistic="Maximum"
            ),
            when=ABOVE,
            threshold=0,
            windows=(1, 1),
            missing=FINE,
            topic=alarm_topic,
        )
