"""What one model has of its own."""

from aws_cdk import CfnOutput, Stack
from aws_cdk import aws_dynamodb as dynamodb
from constructs import Construct

from infra.constructs.alarms import Alarms
from infra.constructs.approving import Approving
from infra.constructs.capture import Capture
from infra.constructs.dashboard import Dashboard
from infra.constructs.experiments import Experiments
from infra.constructs.governing import Governing
from infra.constructs.inference import Inference
from infra.constructs.key_authorizer import KeyAuthorizer
from infra.constructs.layers import ModelLayers
from infra.constructs.prediction_routes import PredictionRoutes
from infra.constructs.release import Release
from infra.constructs.reporting import Reporting
from infra.constructs.retraining_triggers import RetrainingTriggers
from infra.constructs.training import Training
from infra.constructs.undelivered import Undelivered
from infra.constructs.watch_alarms import WatchAlarms
from infra.constructs.watch_health import WatchHealth
from infra.constructs.watching import Watching
from infra.metrics import ModelNames
from infra.packages import Packages
from infra.panels import model_panels
from infra.platform_stack import PlatformStack
from infra.stages import StageSettings, settle
from lambdaloop.domain.definition import ModelDefinition


class ModelStack(Stack):
    """Inference with its routes and its prediction log, the workflows around it, the governor, and everybody's alarms."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        stage: StageSettings,
        definition: ModelDefinition,
        packages: Packages,
        platform: PlatformStack,
        feature_table: dynamodb.ITable | None = None,
        dashboard: bool = True,
        most_metrics: int | None = None,
    ) -> None:
        """`feature_table`: where stored features lie, for a definition that looks some up.

        `dashboard`: whether it has one; `most_metrics`: in it.
        """
        super().__init__(
            scope, id_, description=f"Lambdaloop: model {definition.name}", env=stage.environment
        )
        settle(self, stage)
        layers = ModelLayers(self, "Layers", packages=packages, definition=definition)
        self.inference = Inference(
            self,
            "Serving",
            definition=definition,
            packages=packages,
            layers=layers,
            model_bucket=platform.storage.model,
            feature_table=feature_table,
        )
        key_authorizer = None
        if definition.serving.authorization == "api_key":
            key_authorizer = KeyAuthorizer(
                self,
                "Keys",
                model=definition.name,
                packages=packages,
                layers=layers,
                registry=platform.registry.table,
                api=platform.api.api,
            ).authorizer
        PredictionRoutes(
            self,
            "Routes",
            model=definition.name,
            serving=definition.serving,
            api=platform.api.api,
            live=self.inference.live,
            key_authorizer=key_authorizer,
        )
        self.capture = Capture(
            self,
            "Capture",
            model=definition.name,
            log_group=self.inference.log_group,
            capture_bucket=platform.storage.capture,
        )
        self.release = Release(
            self,
            "Releasing",
            definition=definition,
            packages=packages,
            layers=layers,
            inference=self.inference,
            model_bucket=platform.storage.model,
            capture_bucket=platform.storage.capture,
            registry=platform.registry.table,
            topic=platform.alerts.topic,
            api_endpoint=platform.api.api.api_endpoint,
        )
        if definition.release.approval:
            Approving(
                self,
                "Approving",
                model=definition.name,
                packages=packages,
                layers=layers,
                registry=platform.registry.table,
                api=platform.api.api,
            )
        self.training = Training(
            self,
            "Training",
            definition=definition,
            packages=packages,
            layers=layers,
            data_bucket=platform.storage.data,
            model_bucket=platform.storage.model,
            capture_bucket=platform.storage.capture,
            registry=platform.registry.table,
            release_workflow=self.release.workflow.state_machine,
        )
        undelivered = Undelivered(self, "Undelivered").queue
        self.governing = Governing(
            self,
            "Governing",
            definition=definition,
            packages=packages,
            layers=layers,
            registry=platform.registry.table,
            training_workflow=self.training.workflow.state_machine,
            undelivered=undelivered,
        )
        self.watching = Watching(
            self,
            "Watching",
            definition=definition,
            packages=packages,
            layers=layers,
            capture_bucket=platform.storage.capture,
            data_bucket=platform.storage.data,
            model_bucket=platform.storage.model,
            registry=platform.registry.table,
            governor=self.governing.function,
            undelivered=undelivered,
        )
        experiments = Experiments(
            self,
            "Experimenting",
            definition=definition,
            packages=packages,
            layers=layers,
            capture_bucket=platform.storage.capture,
            data_bucket=platform.storage.data,
            model_bucket=platform.storage.model,
            registry=platform.registry.table,
            release_workflow=self.release.workflow.state_machine,
            undelivered=undelivered,
            topic=platform.alerts.topic,
            alarm_topic=platform.alerts.alarms,
        )
        names = ModelNames(
            model=definition.name,
            inference_function=self.inference.function.function_name,
            training_workflow=self.training.workflow.state_machine.state_machine_arn,
            release_workflow=self.release.workflow.state_machine.state_machine_arn,
            watch_workflow=self.watching.workflow.state_machine.state_machine_arn,
            capture_stream=self.capture.stream.ref,
        )
        self.reporting = Reporting(
            self,
            "Reporting",
            model=definition.name,
            packages=packages,
            layers=layers,
            capture_bucket=platform.storage.capture,
            model_bucket=platform.storage.model,
            registry=platform.registry.table,
            undelivered=undelivered,
            bus=platform.events.bus,
        )
        watch_alarms = WatchAlarms(self, "WatchAlarms", definition=definition, topic=platform.alerts.alarms)
        watch_health = WatchHealth(
            self,
            "WatchHealth",
            names=names,
            every_hours=definition.monitoring.every_hours,
            undelivered=undelivered,
            topic=platform.alerts.alarms,
        )
        RetrainingTriggers(
            self,
            "RetrainingTriggers",
            definition=definition,
            alarms=watch_alarms.reasons,
            alarm_families=watch_alarms.reason_families,
            data_bucket=platform.storage.data,
            governor=self.governing.function,
            undelivered=undelivered,
        )
        alarms = Alarms(
            self,
            "Alarms",
            names=names,
            max_error_rate=definition.release.max_error_rate,
            max_p95_latency_ms=definition.release.max_p95_latency_ms,
            topic=platform.alerts.alarms,
        )
        if dashboard:
            Dashboard(
                self,
                "Dashboard",
                name=stage.stage.dashboard(definition.name),
                panels=model_panels(
                    names,
                    features=definition.serving.capture,
                    rules=definition.monitoring,
                    max_error_rate=definition.release.max_error_rate,
                    max_p95_latency_ms=definition.release.max_p95_latency_ms,
                    most=most_metrics,
                ),
                alarms=[*alarms.all, *watch_alarms.all, *watch_health.all],
            )

        CfnOutput(self, "InferenceFunction", value=self.inference.function.function_name)
        CfnOutput(self, "TrainingWorkflow", value=self.training.workflow.state_machine.state_machine_arn)
        CfnOutput(self, "ReleaseWorkflow", value=self.release.workflow.state_machine.state_machine_arn)
        CfnOutput(self, "WatchWorkflow", value=self.watching.workflow.state_machine.state_machine_arn)
        CfnOutput(self, "RetrainingGovernor", value=self.governing.function.function_name)
        CfnOutput(self, "ExperimentStarter", value=experiments.start_experiment.function_name)
        CfnOutput(self, "ExperimentAdvancer", value=experiments.advance_experiment.function_name)
        CfnOutput(self, "ReportWriter", value=self.reporting.function.function_name)
        CfnOutput(self, "ExperimentWorkflow", value=experiments.workflow.state_machine.state_machine_arn)
        CfnOutput(self, "Endpoint", value=f"{platform.api.api.api_endpoint}/models/{definition.name}/predict")
