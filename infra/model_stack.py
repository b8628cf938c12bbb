"""What one model has of its own."""

from aws_cdk import CfnOutput, Stack
from constructs import Construct

from infra.constructs.alarms import Alarms
from infra.constructs.inference import Inference
from infra.constructs.layers import ModelLayers
from infra.constructs.prediction_routes import PredictionRoutes
from infra.constructs.release import Release
from infra.constructs.training import Training
from infra.packages import Packages
from infra.platform_stack import PlatformStack
from lambdaloop.domain.definition import ModelDefinition


class ModelStack(Stack):
    """Inference with its routes, the release and training workflows, and their alarms."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        definition: ModelDefinition,
        packages: Packages,
        platform: PlatformStack,
    ) -> None:
        super().__init__(scope, id_, description=f"Lambdaloop: model {definition.name}")
        layers = ModelLayers(self, "Layers", packages=packages, definition=definition)
        self.inference = Inference(
            self,
            "Serving",
            definition=definition,
            packages=packages,
            layers=layers,
            model_bucket=platform.storage.model,
        )
        PredictionRoutes(
            self,
            "Routes",
            model=definition.name,
            serving=definition.serving,
            api=platform.api.api,
            live=self.inference.live,
        )
        self.release = Release(
            self,
            "Releasing",
            definition=definition,
            packages=packages,
            layers=layers,
            inference=self.inference,
            model_bucket=platform.storage.model,
            registry=platform.registry.table,
        )
        self.training = Training(
            self,
            "Training",
            definition=definition,
            packages=packages,
            layers=layers,
            data_bucket=platform.storage.data,
            model_bucket=platform.storage.model,
            registry=platform.registry.table,
            release_workflow=self.release.workflow.state_machine,
        )
        Alarms(
            self,
            "Alarms",
            model=definition.name,
            inference=self.inference.function,
            max_p95_latency_ms=definition.release.max_p95_latency_ms,
            training=self.training.workflow.state_machine,
            release=self.release.workflow.state_machine,
            topic=platform.alerts.topic,
        )

        CfnOutput(self, "InferenceFunction", value=self.inference.function.function_name)
        CfnOutput(self, "TrainingWorkflow", value=self.training.workflow.state_machine.state_machine_arn)
        CfnOutput(self, "ReleaseWorkflow", value=self.release.workflow.state_machine.state_machine_arn)
        CfnOutput(self, "Endpoint", value=f"{platform.api.api.api_endpoint}/models/{definition.name}/predict")
