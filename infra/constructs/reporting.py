"""The function that writes pages for people: reports of versions, windows, releases and experiments.

Events ask for it, at least once each and in no order, and so may people: it always writes the present state of its subject,
under the same name.
"""

from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as events
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.constructs.layers import ModelLayers
from infra.constructs.python_function import PythonFunction
from infra.constructs.undelivered import keep_failed, kept_target
from infra.grants import (
    list_capture,
    read_artifacts,
    read_capture,
    send_messages,
    use_registry,
    write_capture,
)
from infra.packages import Packages
from lambdaloop.domain.happening import SOURCE, detail_type
from lambdaloop.domain.report_subject import TOLD
from lambdaloop.settings import Settings

_OF_WINDOWS = "window_judged"


class Reporting(Construct):
    """Reads the registry, artifacts and sums; writes pages and nothing else."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        model: str,
        packages: Packages,
        layers: ModelLayers,
        capture_bucket: s3.IBucket,
        model_bucket: s3.IBucket,
        registry: dynamodb.ITable,
        undelivered: sqs.IQueue,
        bus: events.IEventBus,
    ) -> None:
        super().__init__(scope, id_)
        self.function = PythonFunction(
            self,
            "WriteReport",
            verb="write_report",
            description=f"Writes reports about {model}",
            packages=packages,
            layers=[layers.core],
            settings=Settings(
                model=model,
                capture_bucket=capture_bucket.bucket_name,
                model_bucket=model_bucket.bucket_name,
                registry_table=registry.table_name,
            ),
            grants=[
                list_capture(capture_bucket, model, "reports"),
                read_capture(capture_bucket, model, "reports", "hours", "days"),
                write_capture(capture_bucket, model, "pages"),
                read_artifacts(model_bucket, model),
                use_registry(registry, model, "GetItem", "Query"),
                send_messages(undelivered),
            ],
            memory_mib=1024,
            timeout_seconds=120,
        ).function
        keep_failed(self, "Events", function=self.function, undelivered=undelivered)
        about_model = {"model": [model]}
        drift = {**about_model, "data": {"status": ["drift"]}}
        others = [kind for kind in TOLD if kind != _OF_WINDOWS]
        for rule, kinds, detail, description in (
            ("Happened", others, about_model, f"What pages about {model} tell of"),
            # Not each window: one an hour in which nothing was found would be a page that nobody opens.
            ("Drifted", [_OF_WINDOWS], drift, f"Windows of {model} with drift"),
        ):
            events.Rule(
                self,
                rule,
                description=description,
                event_bus=bus,
                event_pattern=events.EventPattern(
                    source=[SOURCE], detail_type=[detail_type(kind) for kind in kinds], detail=detail
                ),
                targets=[kept_target(self.function, undelivered)],
            )
