"""The release workflow's functions: the only ones that may publish the inference function and move its traffic."""

from collections.abc import Sequence

from aws_cdk import Duration
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra.constructs.inference import Inference
from infra.constructs.layers import ModelLayers
from infra.constructs.python_function import PythonFunction
from infra.constructs.workflow import Workflow
from infra.grants import (
    Grant,
    manage_function,
    read_alarms,
    read_artifacts,
    read_metrics,
    use_function_versions,
    use_registry,
)
from infra.packages import Packages
from infra.workflows.release import ReleaseFunctions, release_chain
from lambdaloop.domain.definition import ModelDefinition
from lambdaloop.domain.release_rules import longest_release
from lambdaloop.domain.releasing_rules import ReleaseRules
from lambdaloop.settings import Settings

_STEP_SECONDS = 60
_LONGEST_EXECUTION_SECONDS = 365 * 24 * 3600


class Release(Construct):
    """Moves traffic to a version step by step, or back."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        definition: ModelDefinition,
        packages: Packages,
        layers: ModelLayers,
        inference: Inference,
        model_bucket: s3.IBucket,
        registry: dynamodb.ITable,
    ) -> None:
        super().__init__(scope, id_)
        model, served, table = definition.name, inference.function, registry.table_name
        usual = Settings(model=model, registry_table=table, inference_function=served.function_name)
        record = use_registry(registry, model, "GetItem", "PutItem", "UpdateItem")
        move_traffic = manage_function(served, "GetAlias", "UpdateAlias")

        def function(
            id_: str,
            verb: str,
            description: str,
            *,
            grants: Sequence[Grant],
            settings: Settings = usual,
        ) -> lambda_.Function:
            return PythonFunction(
                self,
                id_,
                verb=verb,
                description=f"{description} of {model}",
                packages=packages,
                layers=[layers.core, layers.definition],
                settings=settings,
                grants=grants,
                timeout_seconds=_STEP_SECONDS,
            ).function

        functions = ReleaseFunctions(
            open_release=function(
                "OpenRelease",
                "open_release",
                "Publishes a release",
                settings=Settings(
                    model=model,
                    registry_table=table,
                    inference_function=served.function_name,
                    bootstrap_version=inference.bootstrap_version.attr_version,
                ),
                grants=[
                    use_registry(registry, model, "GetItem", "Query", "PutItem", "UpdateItem"),
                    manage_function(
                        served,
                        "GetAlias",
                        "UpdateAlias",
                        "GetFunctionConfiguration",
                        "UpdateFunctionConfiguration",
                        "ListVersionsByFunction",
                        "PublishVersion",
                    ),
                ],
            ),
            verify_release=function(
                "VerifyRelease",
                "verify_release",
                "Replays golden rows against a release",
                settings=Settings(
                    model=model,
                    registry_table=table,
                    inference_function=served.function_name,
                    model_bucket=model_bucket.bucket_name,
                ),
                grants=[
                    use_registry(registry, model, "GetItem", "UpdateItem"),
                    read_artifacts(model_bucket, model),
                    use_function_versions(served, "GetFunctionConfiguration", "InvokeFunction"),
                ],
            ),
            shift_traffic=function(
                "ShiftTraffic",
                "shift_traffic",
                "Moves traffic to a release",
                grants=[use_registry(registry, model, "GetItem", "UpdateItem"), move_traffic],
            ),
            judge_release=function(
                "JudgeRelease",
                "judge_release",
                "Judges the traffic of a release",
                grants=[record, read_metrics(), *([read_alarms()] if definition.release.alarms else [])],
            ),
            close_release=function(
                "CloseRelease",
                "close_release",
                "Makes a release the champion",
                grants=[record, manage_function(served, "GetAlias")],
            ),
            roll_back_release=function(
                "RollBackRelease",
                "roll_back_release",
                "Takes traffic back from a release",
                grants=[record, move_traffic],
            ),
        )
        self.workflow = Workflow(
            self,
            "Release",
            chain=release_chain(self, functions, snap_start=definition.serving.snap_start),
            functions=functions.all(),
            timeout=_timeout(definition.release),
        )


def _timeout(rules: ReleaseRules) -> Duration:
    """A workflow that is stopped by its time limit cannot roll back, so the limit must be out of reach."""
    longest = longest_release(rules).total_seconds()
    return Duration.seconds(min(longest, _LONGEST_EXECUTION_SECONDS))
