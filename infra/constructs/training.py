"""The training workflow's functions: what each is told, and what it may do.

None of them can touch the inference function: whoever trains a model cannot put it into traffic.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from aws_cdk import Duration
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from infra.constructs.layers import Layer, ModelLayers
from infra.constructs.python_function import PythonFunction
from infra.constructs.workflow import Workflow
from infra.data_grants import find_in_dvc_remote, read_dvc_remote, read_secret
from infra.feature_grants import list_feature_history, read_feature_history
from infra.grants import (
    Grant,
    list_capture,
    list_feedback,
    list_training_data,
    read_artifacts,
    read_capture,
    read_feedback,
    read_training_data,
    start_workflow,
    use_registry,
    write_artifacts,
)
from infra.packages import Packages
from infra.workflows.training import TrainingFunctions, training_chain
from lambdaloop.domain.definition import ModelDefinition
from lambdaloop.domain.dvc import DvcRemote
from lambdaloop.settings import Settings


@dataclass(frozen=True)
class Size:
    """What a function may use; its share of processors grows with its memory."""

    memory_mib: int
    timeout_seconds: int


_SMALL = Size(512, 60)
_TELLING = Size(512, 300)
"""Three calls for each of two hundred candidates, to a server of somebody else; the tracker gives up before it ends."""
_READING = Size(1769, 300)
"""One core."""
_FITTING = Size(3008, 900)
"""The most memory that a new account may give a function, for as long as Lambda runs at all. Memory is what counts:
a fit uses one core."""


class Training(Construct):
    """Turns data into a registered version."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        definition: ModelDefinition,
        packages: Packages,
        layers: ModelLayers,
        data_bucket: s3.IBucket,
        model_bucket: s3.IBucket,
        capture_bucket: s3.IBucket,
        registry: dynamodb.ITable,
        release_workflow: sfn.IStateMachine,
    ) -> None:
        super().__init__(scope, id_)
        model = definition.name
        data, artifacts, table = data_bucket.bucket_name, model_bucket.bucket_name, registry.table_name
        groups = definition.online.groups if definition.online else ()
        read_data = [
            read_training_data(data_bucket, definition.data.location),
            *([read_feature_history(data_bucket, groups)] if groups else []),
        ]
        remote = DvcRemote.parse(definition.data.dvc_remote) if definition.data.dvc_remote else None
        read_rows = [*read_data, *([read_dvc_remote(data_bucket, remote)] if remote else [])]
        read, write = read_artifacts(model_bucket, model), write_artifacts(model_bucket, model)
        plain: list[Layer] = [layers.core, layers.definition]
        fitting = [*plain, layers.training]

        def function(
            id_: str,
            verb: str,
            description: str,
            *,
            carries: Sequence[Layer],
            settings: Settings,
            grants: Sequence[Grant],
            size: Size = _SMALL,
        ) -> lambda_.Function:
            return PythonFunction(
                self,
                id_,
                verb=verb,
                description=f"{description} of {model}",
                packages=packages,
                layers=carries,
                settings=settings,
                grants=grants,
                memory_mib=size.memory_mib,
                timeout_seconds=size.timeout_seconds,
            ).function

        functions = TrainingFunctions(
            collect_labelled=function(
                "CollectLabelled",
                "collect_labelled",
                "Gathers captured predictions with their labels",
                carries=plain,
                settings=Settings(
                    model=model,
                    data_bucket=data,
                    model_bucket=artifacts,
                    capture_bucket=capture_bucket.bucket_name,
                ),
                grants=[
                    list_capture(capture_bucket, model, "raw"),
                    read_capture(capture_bucket, model, "raw"),
                    list_feedback(data_bucket, model),
                    read_feedback(data_bucket, model),
                    write,
                ],
                size=_FITTING,
            ),
            resolve_dataset=function(
                "ResolveDataset",
                "resolve_dataset",
                "Names the exact training data",
                carries=fitting,
                settings=Settings(
                    model=model, data_bucket=data, model_bucket=artifacts, registry_table=table
                ),
                grants=[
                    list_training_data(data_bucket, definition.data.location),
                    *([list_feature_history(data_bucket, groups)] if groups else []),
                    *([find_in_dvc_remote(data_bucket, remote)] if remote else []),
                    *read_data,
                    read,
                    write,
                    use_registry(registry, model, "GetItem", "PutItem"),
                ],
                size=_READING,
            ),
            validate_dataset=function(
                "ValidateDataset",
                "validate_dataset",
                "Checks the training data",
                carries=fitting,
                settings=Settings(model=model, data_bucket=data, model_bucket=artifacts),
                grants=[*read_rows, read],
                size=_FITTING,
            ),
            train_candidate=function(
                "TrainCandidate",
                "train_candidate",
                "Cross-validates one candidate",
                carries=fitting,
                settings=Settings(model=model, data_bucket=data, model_bucket=artifacts),
                grants=[*read_rows, read],
                size=_FITTING,
            ),
            evaluate_candidates=function(
                "EvaluateCandidates",
                "evaluate_candidates",
                "Fits the winner and judges it against the champion",
                carries=fitting,
                settings=Settings(
                    model=model, data_bucket=data, model_bucket=artifacts, registry_table=table
                ),
                grants=[*read_rows, read, write, use_registry(registry, model, "GetItem")],
                size=_FITTING,
            ),
            package_model=function(
                "PackageModel",
                "package_model",
                "Writes the served files",
                carries=fitting,
                settings=Settings(model=model, data_bucket=data, model_bucket=artifacts),
                grants=[*read_rows, read, write],
                size=_FITTING,
            ),
            check_parity=function(
                "CheckParity",
                "check_parity",
                "Compares the served runtime with scikit-learn",
                carries=[layers.core, layers.serving],
                settings=Settings(model=model, model_bucket=artifacts),
                grants=[read],
                size=_READING,
            ),
            register_version=function(
                "RegisterVersion",
                "register_version",
                "Registers a version",
                carries=plain,
                settings=Settings(model=model, registry_table=table),
                grants=[use_registry(registry, model, "GetItem", "PutItem", "UpdateItem")],
            ),
            close_run=function(
                "CloseRun",
                "close_run",
                "Records how a run ended",
                carries=plain,
                settings=Settings(model=model, registry_table=table),
                grants=[use_registry(registry, model, "GetItem", "PutItem", "UpdateItem")],
            ),
            start_release=function(
                "StartRelease",
                "start_release",
                "Starts the release of a new version",
                carries=plain,
                settings=Settings(model=model, release_workflow=release_workflow.state_machine_arn),
                grants=[start_workflow(release_workflow)],
            )
            if definition.release.automatic
            else None,
            log_run=function(
                "LogRun",
                "log_run",
                "Tells the tracking server about runs",
                carries=plain,
                settings=Settings(model=model, model_bucket=artifacts),
                grants=[read, *read_secret(self, definition.tracking.credentials)],
                size=_TELLING,
            )
            if definition.tracking
            else None,
        )
        self.workflow = Workflow(
            self,
            "Train",
            chain=training_chain(self, functions, parallel=definition.training.parallel),
            functions=functions.all(),
            timeout=Duration.hours(4),
        )
