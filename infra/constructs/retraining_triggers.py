"""Events that ask the governor at once, instead of at the watch's next run: an alarm begins, new data arrive."""

from collections.abc import Sequence

from aws_cdk import ArnFormat, Stack
from aws_cdk import aws_events as events
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.constructs.undelivered import kept_target
from lambdaloop.domain.definition import ModelDefinition


class RetrainingTriggers(Construct):
    """Rules on the default bus, each of which may invoke the governor and nothing else."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        definition: ModelDefinition,
        alarms: Sequence[str],
        alarm_families: Sequence[str],
        data_bucket: s3.IBucket,
        governor: lambda_.IFunction,
        undelivered: sqs.IQueue,
    ) -> None:
        """`alarms` and `alarm_families`: names, and beginnings of names, of alarms that are a reason to train again."""
        super().__init__(scope, id_)
        target = kept_target(governor, undelivered)
        events.Rule(
            self,
            "Alarm",
            description=f"An alarm about {definition.name} asks whether to train again",
            event_pattern=events.EventPattern(
                source=["aws.cloudwatch"],
                detail_type=["CloudWatch Alarm State Change"],
                resources=events.Match.any_of(
                    *(self._arn(name) for name in alarms),
                    *(events.Match.prefix(self._arn(beginning)) for beginning in alarm_families),
                ),
                detail={"state": {"value": ["ALARM"]}},
            ),
            targets=[target],
        )
        if "data" in definition.retraining.on:
            folder = definition.data.location.rstrip("/") + "/"
            events.Rule(
                self,
                "Data",
                description=f"New training data of {definition.name} ask whether to train again",
                event_pattern=events.EventPattern(
                    source=["aws.s3"],
                    detail_type=["Object Created"],
                    resources=[data_bucket.bucket_arn],
                    detail={"object": {"key": [{"prefix": folder}]}},
                ),
                targets=[target],
            )

    def _arn(self, alarm: str) -> str:
        return Stack.of(self).format_arn(
            service="cloudwatch",
            resource="alarm",
            resource_name=alarm,
            arn_format=ArnFormat.COLON_RESOURCE_NAME,
        )
