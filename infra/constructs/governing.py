"""The governor: the function that decides whether a model is trained again.

The watch asks it after each of its runs (`watching`), people ask it by hand, and events ask it in between
(`retraining_triggers`). All of them may be delivered twice; the governor decides once.
"""

from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from infra.constructs.layers import ModelLayers
from infra.constructs.python_function import PythonFunction
from infra.constructs.undelivered import keep_failed
from infra.grants import send_messages, start_workflow, use_registry
from infra.packages import Packages
from lambdaloop.domain.definition import ModelDefinition
from lambdaloop.settings import Settings


class Governing(Construct):
    """Reads the registry, writes its decision there, and may start one workflow: the training of its own model."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        definition: ModelDefinition,
        packages: Packages,
        layers: ModelLayers,
        registry: dynamodb.ITable,
        training_workflow: sfn.IStateMachine,
        undelivered: sqs.IQueue,
    ) -> None:
        super().__init__(scope, id_)
        model = definition.name
        self.function = PythonFunction(
            self,
            "GovernRetraining",
            verb="govern_retraining",
            description=f"Decides whether {model} is trained again",
            packages=packages,
            layers=[layers.core, layers.definition],
            settings=Settings(
                model=model,
                registry_table=registry.table_name,
                training_workflow=training_workflow.state_machine_arn,
            ),
            grants=[
                use_registry(registry, model, "GetItem", "PutItem", "Query"),
                start_workflow(training_workflow),
                send_messages(undelivered),
            ],
        ).function
        # Events invoke it asynchronously: EventBridge is content as soon as Lambda has accepted an event, so a failure
        # after that is Lambda's to keep.
        keep_failed(self, "Events", function=self.function, undelivered=undelivered)
