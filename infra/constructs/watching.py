"""The watch: a schedule, the workflow that it starts, and the function that reads the prediction log and judges."""

from aws_cdk import Duration
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.constructs.layers import ModelLayers
from infra.constructs.python_function import PythonFunction
from infra.constructs.service_role import service_role
from infra.constructs.workflow import Workflow
from infra.grants import (
    list_capture,
    list_feedback,
    read_artifacts,
    read_capture,
    read_feedback,
    read_metrics,
    send_messages,
    start_workflow,
    use_registry,
    write_capture,
)
from infra.packages import Packages
from infra.workflows.watch import WatchFunctions, watch_chain
from lambdaloop.domain.definition import ModelDefinition
from lambdaloop.settings import Settings

DELAY = Duration.minutes(10)
"""How long after the hour the watch starts: Firehose has delivered by then what the hour's predictions wrote."""

_KEPT = ("hours", "days", "sources")
"""Folders of the capture bucket that the watch fills and goes on from; `raw` is Firehose's."""
_TOLD = ("quarantine", "reports")
"""Those that it fills for people."""


class Watching(Construct):
    """Reads what came in, sums it up, judges the window, and asks the governor."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        definition: ModelDefinition,
        packages: Packages,
        layers: ModelLayers,
        capture_bucket: s3.IBucket,
        data_bucket: s3.IBucket,
        model_bucket: s3.IBucket,
        registry: dynamodb.ITable,
        governor: lambda_.Function,
        undelivered: sqs.IQueue,
    ) -> None:
        super().__init__(scope, id_)
        model = definition.name
        watch_model = PythonFunction(
            self,
            "WatchModel",
            verb="watch_model",
            description=f"Watches {model}",
            packages=packages,
            layers=[layers.core, layers.definition, layers.training],
            settings=Settings(
                model=model,
                capture_bucket=capture_bucket.bucket_name,
                data_bucket=data_bucket.bucket_name,
                model_bucket=model_bucket.bucket_name,
                registry_table=registry.table_name,
            ),
            grants=[
                list_capture(capture_bucket, model, "raw", "hours", "sources"),
                read_capture(capture_bucket, model, "raw", *_KEPT),
                write_capture(capture_bucket, model, *_KEPT, *_TOLD),
                list_feedback(data_bucket, model),
                read_feedback(data_bucket, model),
                read_artifacts(model_bucket, model),
                use_registry(registry, model, "GetItem", "PutItem", "Query", "UpdateItem"),
                read_metrics(),
            ],
            # One core and a half, and the most memory of a new account: an hour of a million rows is decoded, scattered
            # and profiled in one invocation; what does not fit into its time is left for the next run.
            memory_mib=3008,
            timeout_seconds=900,
        ).function
        functions = WatchFunctions(watch_model=watch_model, govern_retraining=governor)
        self.workflow = Workflow(
            self,
            "Watch",
            chain=watch_chain(self, functions),
            functions=functions.all(),
            timeout=Duration.hours(1),
        )
        self._start_it(definition.monitoring.every_hours, model, undelivered)

    def _start_it(self, every_hours: int, model: str, undelivered: sqs.IQueue) -> None:
        workflow = self.workflow.state_machine
        role = service_role(
            self,
            "ScheduleRole",
            service="scheduler",
            grants=[start_workflow(workflow), send_messages(undelivered)],
            own_account_only=True,
        )
        scheduler.CfnSchedule(
            self,
            "Schedule",
            description=f"Watches {model}",
            # Aligned to the hour, unlike a rate, which would count from whenever the stack was deployed.
            schedule_expression=f"cron({DELAY.to_minutes():.0f} {_hours(every_hours)} * * ? *)",
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
