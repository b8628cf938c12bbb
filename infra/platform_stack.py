"""What all models share."""

from aws_cdk import CfnOutput, Stack
from constructs import Construct

from infra.config import Config
from infra.constructs.alert_sending import AlertSending
from infra.constructs.alerts import Alerts
from infra.constructs.dashboard import Dashboard
from infra.constructs.events import Events
from infra.constructs.fleet_metrics import FleetMetrics
from infra.constructs.http_api import HttpApi
from infra.constructs.layers import core_layer
from infra.constructs.python_function import PythonFunction
from infra.constructs.registry import Registry
from infra.constructs.storage import Storage
from infra.panels import platform_panels
from infra.stages import settle
from lambdaloop.settings import Settings


class PlatformStack(Stack):
    """Buckets, registry, HTTP API and alerts. Everything that holds data outlives the stack."""

    def __init__(self, scope: Construct, id_: str, *, config: Config) -> None:
        super().__init__(
            scope, id_, description="Lambdaloop: what all models share", env=config.stage.environment
        )
        settle(self, config.stage)
        self.storage = Storage(self, "Storage")
        self.registry = Registry(self, "Registry")
        self.alerts = Alerts(self, "Alerts")
        models = [definition.name for definition in config.definitions]
        core = core_layer(self, config.packages)
        self.answer_unrouted = PythonFunction(
            self,
            "AnswerUnrouted",
            verb="answer_unrouted",
            description="Answers requests that no model's route takes",
            packages=config.packages,
            layers=[core],
            settings=Settings(api_models=",".join(models)),
            memory_mib=256,
            timeout_seconds=5,
        )
        self.api = HttpApi(
            self,
            "Http",
            answer_unrouted=self.answer_unrouted.function,
            route_limit=config.route_limit,
            cors_origins=[o for definition in config.definitions for o in definition.serving.cors_origins],
        )
        self.events = Events(
            self,
            "Events",
            packages=config.packages,
            layers=[core],
            registry=self.registry.table,
            topic=self.alerts.alarms,
        )
        sending = AlertSending(
            self,
            "AlertSending",
            packages=config.packages,
            layers=[core],
            models=models,
            plan=config.alerts,
            registry=self.registry.table,
            alerts=self.alerts,
            bus=self.events.bus,
        )
        FleetMetrics(
            self,
            "Fleet",
            packages=config.packages,
            layers=[core],
            models=models,
            registry=self.registry.table,
            api=self.api.api,
        )
        if config.dashboards != "none":
            Dashboard(
                self,
                "Dashboard",
                name=config.stage.stage.dashboard(),
                panels=platform_panels(
                    sorted(models),
                    queues=[
                        (self.events.undelivered.queue_name, "events that were not published"),
                        (sending.undelivered.queue_name, "alerts that did not reach everybody"),
                    ],
                    most=config.most_metrics,
                ),
            )

        # What models' stacks import. Left to itself, CDK exports only what somebody imports: with the last import an export
        # would go too, and since this stack is deployed first, CloudFormation would refuse to drop what is still in use.
        for imported in (
            self.storage.data.bucket_name,
            self.storage.data.bucket_arn,
            self.storage.model.bucket_name,
            self.storage.model.bucket_arn,
            self.storage.capture.bucket_name,
            self.storage.capture.bucket_arn,
            self.registry.table.table_name,
            self.registry.table.table_arn,
            self.api.api.api_id,
            self.api.api.api_endpoint,
            self.alerts.topic.topic_arn,
            self.alerts.alarms.topic_arn,
            self.events.bus.event_bus_name,
            self.events.bus.event_bus_arn,
        ):
            self.export_value(imported)

        CfnOutput(self, "DataBucket", value=self.storage.data.bucket_name)
        CfnOutput(self, "ModelBucket", value=self.storage.model.bucket_name)
        CfnOutput(self, "CaptureBucket", value=self.storage.capture.bucket_name)
        CfnOutput(self, "RegistryTable", value=self.registry.table.table_name)
        CfnOutput(self, "ApiEndpoint", value=self.api.api.api_endpoint)
        CfnOutput(self, "ApiId", value=self.api.api.api_id)
        CfnOutput(self, "AlertTopic", value=self.alerts.topic.topic_arn)
        CfnOutput(self, "EventBus", value=self.events.bus.event_bus_name)
