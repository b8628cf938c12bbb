"""Experiments: the functions of their life, the workflow that looks at the running one every hour, and its alarms."""

from aws_cdk import Duration
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from infra.constructs.layers import ModelLayers
from infra.constructs.python_function import PythonFunction
from infra.constructs.watch_alarm import ABOVE, FINE, alarm_name, watch_alarm
from infra.constructs.workflow import Workflow
from infra.constructs.workflow_schedule import schedule_workflow
from infra.grants import (
    list_capture,
    list_feedback,
    publish_notices,
    read_artifacts,
    read_capture,
    read_feedback,
    read_metrics,
    start_workflow,
    use_namespaces,
    use_registry,
    write_capture,
)
from infra.packages import Packages
from infra.stages import stage_of
from infra.workflows.experiment import ExperimentFunctions, experiment_chain
from lambdaloop.domain.definition import ModelDefinition
from lambdaloop.settings import Settings

DELAY = Duration.minutes(20)
"""After the hour: Firehose has delivered, and the watch, which starts before, has most of its work done."""
_KEPT, _TOLD = "experiments", "reports"


class Experiments(Construct):
    """Starts, looks, concludes; traffic is the release workflow's to move."""

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
        release_workflow: sfn.IStateMachine,
        undelivered: sqs.IQueue,
        topic: sns.ITopic,
        alarm_topic: sns.ITopic,
    ) -> None:
        super().__init__(scope, id_)
        model, table = definition.name, registry.table_name
        record = [
            use_registry(registry, model, "GetItem", "PutItem", "Query", "UpdateItem"),
            use_namespaces(registry, "GetItem", "UpdateItem"),
        ]
        self.start_experiment = PythonFunction(
            self,
            "StartExperiment",
            verb="start_experiment",
            description=f"Starts experiments with {model}",
            packages=packages,
            layers=[layers.core, layers.definition],
            settings=Settings(
                model=model,
                registry_table=table,
                model_bucket=model_bucket.bucket_name,
                release_workflow=release_workflow.state_machine_arn,
            ),
            grants=[*record, read_artifacts(model_bucket, model), start_workflow(release_workflow)],
        ).function
        self.advance_experiment = PythonFunction(
            self,
            "AdvanceExperiment",
            verb="advance_experiment",
            description=f"Carries on with the experiment of {model}",
            packages=packages,
            layers=[layers.core, layers.definition],
            settings=Settings(
                model=model,
                registry_table=table,
                release_workflow=release_workflow.state_machine_arn,
                alert_topic=topic.topic_arn,
            ),
            grants=[*record, start_workflow(release_workflow), publish_notices(topic)],
        ).function
        evaluate_experiment = PythonFunction(
            self,
            "EvaluateExperiment",
            verb="evaluate_experiment",
            description=f"Looks at the experiment of {model}",
            packages=packages,
            layers=[layers.core, layers.definition, layers.training],
            settings=Settings(
                model=model,
                capture_bucket=capture_bucket.bucket_name,
                data_bucket=data_bucket.bucket_name,
                registry_table=table,
                alert_topic=topic.topic_arn,
            ),
            grants=[
                list_capture(capture_bucket, model, "raw", _KEPT),
                read_capture(capture_bucket, model, "raw", _KEPT),
                write_capture(capture_bucket, model, _KEPT, _TOLD),
                list_feedback(data_bucket, model),
                read_feedback(data_bucket, model),
                use_registry(registry, model, "GetItem", "Query", "UpdateItem"),
                read_metrics(),
                publish_notices(topic),
            ],
            # Ten million predictions of a month are in memory at once.
            memory_mib=3008,
            timeout_seconds=900,
        ).function
        functions = ExperimentFunctions(
            advance_experiment=self.advance_experiment, evaluate_experiment=evaluate_experiment
        )
        self.workflow = Workflow(
            self,
            "Experiment",
            chain=experiment_chain(self, functions),
            functions=functions.all(),
            timeout=Duration.hours(1),
        )
        schedule_workflow(
            self,
            self.workflow.state_machine,
            description=f"Looks at the experiment of {model}",
            minute=DELAY.to_minutes(),
            every_hours=1,
            undelivered=undelivered,
        )
        self._alarms(model, alarm_topic)

    def _alarms(self, model: str, topic: sns.ITopic) -> None:
        workflow, period = self.workflow.state_machine, Duration.minutes(5)
        for kind, says, metric in (
            ("ExperimentFailed", "a look at an experiment failed", workflow.metric_failed(period=period)),
            (
                "ExperimentTimedOut",
                "a look at an experiment took too long",
                workflow.metric_timed_out(period=period),
            ),
        ):
            watch_alarm(
                self,
                kind,
                name=alarm_name(model, kind, stage_of(self)),
                says=f"{model}: {says}",
                metric=metric,
                when=ABOVE,
                threshold=0,
                windows=(1, 1),
                missing=FINE,
                topic=topic,
            )
