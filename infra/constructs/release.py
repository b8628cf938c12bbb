"""The release workflow's functions: the only ones that may publish the inference function and move its traffic."""

from collections.abc import Sequence

from aws_cdk import Duration
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns
from constructs import Construct

from infra.constructs.inference import Inference
from infra.constructs.layers import Layer, ModelLayers
from infra.constructs.python_function import PythonFunction
from infra.constructs.workflow import Workflow
from infra.grants import (
    Grant,
    list_capture,
    manage_function,
    publish_notices,
    read_alarms,
    read_artifacts,
    read_capture,
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
_JUDGE_SECONDS = 180
"""The log is read, and both versions are asked about the same rows for half a minute at most, which a slow last answer may
prolong by another one; as long once more with the new arms of an experiment."""
_JUDGE_MIB = 1769
"""One core, and room for an object of the log."""
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
        capture_bucket: s3.IBucket,
        registry: dynamodb.ITable,
        topic: sns.ITopic,
        api_endpoint: str,
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
            more_layers: Sequence[Layer] = (),
            memory_mib: int = 512,
            timeout_seconds: int = _STEP_SECONDS,
        ) -> lambda_.Function:
            return PythonFunction(
                self,
                id_,
                verb=verb,
                description=f"{description} of {model}",
                packages=packages,
                layers=[layers.core, layers.definition, *more_layers],
                settings=settings,
                grants=grants,
                memory_mib=memory_mib,
                timeout_seconds=timeout_seconds,
            ).function

        with_bootstrap = Settings(
            model=model,
            registry_table=table,
            inference_function=served.function_name,
            bootstrap_version=inference.bootstrap_version.attr_version,
        )
        functions = ReleaseFunctions(
            open_release=function(
                "OpenRelease",
                "open_release",
                "Publishes a release",
                settings=with_bootstrap,
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
                "Judges the traffic and the predictions of a release",
                settings=Settings(
                    model=model,
                    registry_table=table,
                    inference_function=served.function_name,
                    model_bucket=model_bucket.bucket_name,
                    capture_bucket=capture_bucket.bucket_name,
                ),
                grants=[
                    record,
                    read_metrics(),
                    *([read_alarms()] if definition.release.alarms else []),
                    read_artifacts(model_bucket, model),
                    list_capture(capture_bucket, model, "raw"),
                    read_capture(capture_bucket, model, "raw"),
                    use_function_versions(served, "InvokeFunction"),
                ],
                # What it compares distributions and estimates performance with.
                more_layers=[layers.training],
                memory_mib=_JUDGE_MIB,
                timeout_seconds=_JUDGE_SECONDS,
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
            prune_versions=function(
                "PruneVersions",
                "prune_versions",
                "Deletes unneeded Lambda versions",
                settings=with_bootstrap,
                grants=[
                    use_registry(registry, model, "GetItem", "Query", "PutItem", "UpdateItem"),
                    manage_function(served, "GetAlias", "ListVersionsByFunction"),
                    use_function_versions(served, "DeleteFunction"),
                ],
            ),
            shadow_release=function(
                "ShadowRelease",
                "shadow_release",
                "Sends copies of requests to a release",
                settings=Settings(
                    model=model,
                    registry_table=table,
                    inference_function=served.function_name,
                    model_bucket=model_bucket.bucket_name,
                    capture_bucket=capture_bucket.bucket_name,
                ),
                grants=[
                    record,
                    read_artifacts(model_bucket, model),
                    list_capture(capture_bucket, model, "raw"),
                    read_capture(capture_bucket, model, "raw"),
                    use_function_versions(served, "InvokeFunction"),
                ],
            )
            if definition.release.shadow
            else None,
            ask_approval=function(
                "AskApproval",
                "ask_approval",
                "Asks people for their consent to a release",
                settings=Settings(
                    model=model,
                    registry_table=table,
                    alert_topic=topic.topic_arn,
                    api_endpoint=api_endpoint,
                ),
                grants=[record, publish_notices(topic)],
            )
            if definition.release.approval
            else None,
            record_approval=function(
                "RecordApproval",
                "record_approval",
                "Reads what people said about a release",
                settings=Settings(model=model, registry_table=table),
                grants=[record],
            )
            if definition.release.approval
            else None,
        )
        self.workflow = Workflow(
            self,
            "Release",
            chain=release_chain(
                self, functions, rules=definition.release, snap_start=definition.serving.snap_start
            ),
            functions=functions.all(),
            timeout=_timeout(definition.release),
        )


def _timeout(rules: ReleaseRules) -> Duration:
    """A workflow that is stopped by its time limit cannot roll back, so the limit must be out of reach."""
    longest = longest_release(rules).total_seconds()
    return Duration.seconds(min(longest, _LONGEST_EXECUTION_SECONDS))
