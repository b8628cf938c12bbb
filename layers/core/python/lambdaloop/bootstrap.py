"""The composition root: the only place that knows the real adapters. Everything is built at first use, nothing at import."""

import json
import os
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lambdaloop.adapters.system_clock import SystemClock
from lambdaloop.domain.definition import ModelDefinition
from lambdaloop.domain.documents import Document, from_document
from lambdaloop.domain.errors import SettingMissingError
from lambdaloop.settings import Settings

if TYPE_CHECKING:
    from lambdaloop.adapters.cloudwatch_fleet import CloudWatchFleet
    from lambdaloop.adapters.cloudwatch_observer import CloudWatchObserver
    from lambdaloop.adapters.cloudwatch_served import CloudWatchServed
    from lambdaloop.adapters.dynamo_alerts import DynamoAlerts
    from lambdaloop.adapters.dynamo_api_keys import DynamoApiKeys
    from lambdaloop.adapters.dynamo_buckets import DynamoBuckets
    from lambdaloop.adapters.dynamo_feature_reader import DynamoFeatureReader
    from lambdaloop.adapters.dynamo_features import DynamoFeatureStore
    from lambdaloop.adapters.dynamo_registry import DynamoRegistry
    from lambdaloop.adapters.dynamo_stream import DynamoStream
    from lambdaloop.adapters.emf_alert_metrics import EmfAlertMetrics
    from lambdaloop.adapters.emf_experiment_metrics import EmfExperimentMetrics
    from lambdaloop.adapters.emf_look_up_metrics import EmfLookUpMetrics
    from lambdaloop.adapters.emf_request_metrics import EmfRequestMetrics
    from lambdaloop.adapters.emf_retraining_metrics import EmfRetrainingMetrics
    from lambdaloop.adapters.emf_shadow_metrics import EmfShadowMetrics
    from lambdaloop.adapters.emf_tracking_metrics import EmfTrackingMetrics
    from lambdaloop.adapters.emf_watch_metrics import EmfWatchMetrics
    from lambdaloop.adapters.eventbridge_bus import EventBridgeBus
    from lambdaloop.adapters.lambda_traffic import LambdaTraffic
    from lambdaloop.adapters.mlflow_tracker import MlflowTracker
    from lambdaloop.adapters.s3_artifact_reader import S3ArtifactReader
    from lambdaloop.adapters.s3_artifacts import S3ArtifactStore
    from lambdaloop.adapters.s3_capture import S3CaptureArchive
    from lambdaloop.adapters.s3_datasets import S3DatasetStore
    from lambdaloop.adapters.s3_feature_history import S3FeatureHistory
    from lambdaloop.adapters.s3_pages import S3PageShelf
    from lambdaloop.adapters.sns_notices import SnsNotices
    from lambdaloop.adapters.stdout_prediction_log import StdoutPredictionLog
    from lambdaloop.adapters.step_functions import StepFunctionsWorkflows
    from lambdaloop.domain.alert_rules import AlertPlan
    from lambdaloop.domain.shared_groups import SharedGroup
    from lambdaloop.ports import AlertSender
    from lambdaloop.services.admit_request import Doorkeeper


class App:
    """The adapters of one function process, each built when it is first asked for."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.clock = SystemClock()

    @cached_property
    def definition(self) -> ModelDefinition:
        """The model definition that this function was deployed with."""
        path = Path(self.settings.opt) / "model" / "definition.json"
        return from_document(ModelDefinition, json.loads(path.read_bytes()))

    @cached_property
    def feature_groups(self) -> "dict[str, SharedGroup]":
        """The groups of stored features of all models that were deployed, by name."""
        from lambdaloop.domain.shared_groups import SharedGroup

        path = Path(self.settings.opt) / "model" / "feature_groups.json"
        documents = json.loads(path.read_bytes())
        return {each["name"]: from_document(SharedGroup, each) for each in documents}

    @cached_property
    def registry(self) -> "DynamoRegistry":
        """RunLog, VersionRegistry, ReleaseLog, ApprovalLog, Leases, WindowLog and DecisionLog on one table."""
        from lambdaloop.adapters.dynamo_registry import DynamoRegistry

        return DynamoRegistry(table=self.settings.need("registry_table"))

    @cached_property
    def artifacts(self) -> "S3ArtifactStore":
        """The model bucket."""
        from lambdaloop.adapters.s3_artifacts import S3ArtifactStore

        return S3ArtifactStore(bucket=self.settings.need("model_bucket"))

    @cached_property
    def artifact_reader(self) -> "S3ArtifactReader":
        """The model bucket without boto3, for a short cold start."""
        from lambdaloop.adapters.s3_artifact_reader import S3ArtifactReader

        return S3ArtifactReader(bucket=self.settings.need("model_bucket"))

    @cached_property
    def prediction_log(self) -> "StdoutPredictionLog":
        """The function's log, from where a subscription takes the lines."""
        from lambdaloop.adapters.stdout_prediction_log import StdoutPredictionLog

        return StdoutPredictionLog(model=self.settings.need("model"), clock=self.clock)

    @cached_property
    def request_metrics(self) -> "EmfRequestMetrics":
        """The function's log, from where CloudWatch takes the metrics."""
        from lambdaloop.adapters.emf_request_metrics import EmfRequestMetrics

        return EmfRequestMetrics(model=self.settings.need("model"), clock=self.clock)

    @cached_property
    def retraining_metrics(self) -> "EmfRetrainingMetrics":
        """The governor's log, from where CloudWatch takes the metrics."""
        from lambdaloop.adapters.emf_retraining_metrics import EmfRetrainingMetrics

        return EmfRetrainingMetrics()

    @cached_property
    def experiment_metrics(self) -> "EmfExperimentMetrics":
        """The evaluation's log, from where CloudWatch takes the metrics."""
        from lambdaloop.adapters.emf_experiment_metrics import EmfExperimentMetrics

        return EmfExperimentMetrics()

    @cached_property
    def datasets(self) -> "S3DatasetStore":
        """The data bucket."""
        from lambdaloop.adapters.s3_datasets import S3DatasetStore

        return S3DatasetStore(bucket=self.settings.need("data_bucket"))

    @cached_property
    def feature_reader(self) -> "DynamoFeatureReader":
        """The online store of features without boto3, for a short cold start."""
        from lambdaloop.adapters.dynamo_feature_reader import DynamoFeatureReader

        return DynamoFeatureReader(table=self.settings.need("feature_table"))

    @cached_property
    def feature_store(self) -> "DynamoFeatureStore":
        """The online store of features, to be written."""
        from lambdaloop.adapters.dynamo_features import DynamoFeatureStore

        return DynamoFeatureStore(table=self.settings.need("feature_table"))

    @cached_property
    def feature_history(self) -> "S3FeatureHistory":
        """Everything that was put, in the data bucket."""
        from lambdaloop.adapters.s3_feature_history import S3FeatureHistory

        return S3FeatureHistory(bucket=self.settings.need("data_bucket"))

    @cached_property
    def look_up_metrics(self) -> "EmfLookUpMetrics":
        """The inference function's log, from where CloudWatch takes the metrics."""
        from lambdaloop.adapters.emf_look_up_metrics import EmfLookUpMetrics

        return EmfLookUpMetrics(model=self.settings.need("model"))

    @cached_property
    def tracker(self) -> "MlflowTracker":
        """The MLflow server that the definition names."""
        from lambdaloop.adapters.mlflow_api import MlflowApi
        from lambdaloop.adapters.mlflow_tracker import MlflowTracker
        from lambdaloop.adapters.ssm_secret import SsmSecret

        tracking = self.definition.tracking
        if tracking is None:
            raise SettingMissingError("the definition has no tracking: name a server in it, or deploy again")
        api = MlflowApi(tracking.mlflow_uri, credentials=SsmSecret(tracking.credentials))
        return MlflowTracker(api, experiment=tracking.experiment or self.definition.name)

    @cached_property
    def tracking_metrics(self) -> "EmfTrackingMetrics":
        """The function's log, from where CloudWatch takes the metrics."""
        from lambdaloop.adapters.emf_tracking_metrics import EmfTrackingMetrics

        return EmfTrackingMetrics(model=self.settings.need("model"))

    @cached_property
    def archive(self) -> "S3CaptureArchive":
        """The capture bucket."""
        from lambdaloop.adapters.s3_capture import S3CaptureArchive

        return S3CaptureArchive(bucket=self.settings.need("capture_bucket"))

    @cached_property
    def pages(self) -> "S3PageShelf":
        """Pages for people, in the capture bucket."""
        from lambdaloop.adapters.s3_pages import S3PageShelf

        return S3PageShelf(bucket=self.settings.need("capture_bucket"))

    @cached_property
    def api_keys(self) -> "DynamoApiKeys":
        """The keys that open models; asked while a client waits, so it gives up soon."""
        from lambdaloop.adapters.dynamo_api_keys import DynamoApiKeys
        from lambdaloop.adapters.dynamo_table import DynamoTable

        return DynamoApiKeys(
            DynamoTable(self.settings.need("registry_table"), client=self._impatient_dynamodb)
        )

    @cached_property
    def buckets(self) -> "DynamoBuckets":
        """How much clients may still ask."""
        from lambdaloop.adapters.dynamo_buckets import DynamoBuckets

        return DynamoBuckets(table=self.settings.need("registry_table"), client=self._impatient_dynamodb)

    @cached_property
    def _impatient_dynamodb(self) -> Any:
        from lambdaloop.adapters.aws_client import aws_client

        return aws_client("dynamodb", connect_seconds=1, read_seconds=1, attempts=2)

    @cached_property
    def doorkeeper(self) -> "Doorkeeper":
        """Who may ask the model; one for the life of the process, because it remembers."""
        from lambdaloop.services.admit_request import Doorkeeper

        return Doorkeeper(model=self.settings.need("model"), keys=self.api_keys, buckets=self.buckets)

    @cached_property
    def windows(self) -> "DynamoRegistry":
        """The WindowLog; it lies on the registry's table."""
        return self.registry

    @cached_property
    def served(self) -> "CloudWatchServed":
        """CloudWatch's count of the predictions."""
        from lambdaloop.adapters.cloudwatch_served import CloudWatchServed

        return CloudWatchServed()

    @cached_property
    def fleet(self) -> "CloudWatchFleet":
        """CloudWatch's figures of all models together."""
        from lambdaloop.adapters.cloudwatch_fleet import CloudWatchFleet

        return CloudWatchFleet()

    @cached_property
    def watch_metrics(self) -> "EmfWatchMetrics":
        """The watch's log, from where CloudWatch takes the metrics."""
        from lambdaloop.adapters.emf_watch_metrics import EmfWatchMetrics

        return EmfWatchMetrics()

    @cached_property
    def traffic(self) -> "LambdaTraffic":
        """The inference function's versions and its live alias."""
        from lambdaloop.adapters.lambda_traffic import LambdaTraffic

        return LambdaTraffic(function=self.settings.need("inference_function"))

    @cached_property
    def observer(self) -> "CloudWatchObserver":
        """CloudWatch's figures of the live traffic."""
        from lambdaloop.adapters.cloudwatch_observer import CloudWatchObserver

        return CloudWatchObserver(function=self.settings.need("inference_function"))

    @cached_property
    def notices(self) -> "SnsNotices":
        """The platform's topic."""
        from lambdaloop.adapters.sns_notices import SnsNotices

        return SnsNotices(topic=self.settings.need("alert_topic"), stage=self.settings.at_stage)

    @cached_property
    def shadow_metrics(self) -> "EmfShadowMetrics":
        """The shadow function's log, from where CloudWatch takes the metrics."""
        from lambdaloop.adapters.emf_shadow_metrics import EmfShadowMetrics

        return EmfShadowMetrics()

    @cached_property
    def region(self) -> str:
        """Where the function runs."""
        return os.environ["AWS_REGION"]

    @cached_property
    def alert_plan(self) -> "AlertPlan":
        """Who is told what."""
        from lambdaloop.domain.alert_rules import AlertPlan

        return from_document(AlertPlan, json.loads(self.settings.need("alert_plan")))

    @cached_property
    def alerts(self) -> "DynamoAlerts":
        """What people were told."""
        from lambdaloop.adapters.dynamo_alerts import DynamoAlerts
        from lambdaloop.adapters.dynamo_table import DynamoTable

        return DynamoAlerts(DynamoTable(self.settings.need("registry_table")))

    @cached_property
    def alert_metrics(self) -> "EmfAlertMetrics":
        """The log of the function that tells people, from where CloudWatch takes the metrics."""
        from lambdaloop.adapters.emf_alert_metrics import EmfAlertMetrics

        return EmfAlertMetrics(clock=self.clock)

    @cached_property
    def alert_senders(self) -> "list[AlertSender]":
        """The topic, and the channels of the plan."""
        from lambdaloop.adapters.sns_alert_sender import TopicSender
        from lambdaloop.adapters.webhook_sender import WebhookSender

        topic = TopicSender(self.notices, least=self.alert_plan.least)
        return [topic, *(WebhookSender(each, clock=self.clock) for each in self.alert_plan.channels)]

    @cached_property
    def registry_stream(self) -> "DynamoStream":
        """The changes of the registry table."""
        from lambdaloop.adapters.dynamo_stream import DynamoStream

        return DynamoStream()

    @cached_property
    def happening_bus(self) -> "EventBridgeBus":
        """The platform's event bus."""
        from lambdaloop.adapters.eventbridge_bus import EventBridgeBus

        return EventBridgeBus(bus=self.settings.need("event_bus"))

    @cached_property
    def workflows(self) -> "StepFunctionsWorkflows":
        """Starts state machines."""
        from lambdaloop.adapters.step_functions import StepFunctionsWorkflows

        return StepFunctionsWorkflows()


def lambda_entrypoint(handle: Callable[[Document, App], Document]) -> Callable[[Document, Any], Document]:
    """Make a Lambda handler of `handle(event, app)`; the App is built on the first invocation and kept.

    Domain errors leave under their own names: they are the state machine's vocabulary.
    """
    apps: list[App] = []

    def handler(event: Document, context: Any) -> Document:  # noqa: ARG001  (Lambda passes both by position)
        if not apps:
            apps.append(App(Settings.from_env()))
        return handle(event, apps[0])

    return handler
