"""The watch: a schedule, the workflow that it starts, and the function that reads the prediction log and judges."""

from aws_cdk import Duration
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.constructs.layers import ModelLayers
from infra.constructs.python_function import PythonFunction
from infra.constructs.workflow import Workflow
from infra.constructs.workflow_schedule import schedule_workflow
from infra.grants import (
    list_capture,
    list_feedback,
    read_artifacts,
    read_capture,
    read_feedback,
    read_metrics,
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
        schedule_workflow(
            self,
            self.workflow.state_machine,
            description=f"Watches {model}",
            minute=DELAY.to_minutes(),
            every_hours=definition.monitoring.every_hours,
            undelivered=undelivered,
        )
