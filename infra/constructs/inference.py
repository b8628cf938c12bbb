"""The inference function, and the alias `live` through which all requests come.

CDK makes `live` once and never touches it again: the release workflow owns its routing. Both resources below have fixed
logical ids and properties that nothing in a deployment changes, so CloudFormation never updates them. In particular there
is no `current_version`: with it every code change would move live traffic past the release workflow.
"""

from aws_cdk import Aws, RemovalPolicy
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra.constructs.layers import ModelLayers
from infra.constructs.python_function import PythonFunction
from infra.feature_grants import look_up_features
from infra.grants import read_artifacts
from infra.nag import acknowledge
from infra.packages import Packages
from lambdaloop.domain.definition import ModelDefinition
from lambdaloop.settings import LIVE_ALIAS, Settings


class Inference(Construct):
    """Answers predictions: 503 from the bootstrap version, a model from every version that a release published."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        definition: ModelDefinition,
        packages: Packages,
        layers: ModelLayers,
        model_bucket: s3.IBucket,
        feature_table: dynamodb.ITable | None = None,
    ) -> None:
        super().__init__(scope, id_)
        groups = definition.online.groups if definition.online else ()
        inference = PythonFunction(
            self,
            "Inference",
            verb="inference",
            description=f"Predictions of {definition.name}",
            packages=packages,
            layers=[layers.core, layers.definition, layers.serving],
            settings=Settings(
                model=definition.name,
                model_bucket=model_bucket.bucket_name,
                feature_table=feature_table.table_name if feature_table else None,
                entity_salt=Aws.STACK_ID,  # holds a random part, and stays the same for as long as the stack lives
            ),
            grants=[
                read_artifacts(model_bucket, definition.name),
                *([look_up_features(feature_table, groups)] if feature_table else []),
            ],
            memory_mib=definition.serving.memory_mib,
            timeout_seconds=definition.serving.timeout_seconds,
            snap_start=definition.serving.snap_start,
        )
        self.function, self.log_group = inference.function, inference.log_group
        if definition.serving.snap_start:
            acknowledge(
                self.function,
                {
                    "Annotation::@aws-cdk/aws-lambda:snapStartRequirePublish": "the release workflow publishes the versions"
                },
            )
        self.bootstrap_version = lambda_.CfnVersion(
            self, "BootstrapVersion", function_name=self.function.function_name
        )
        self.live = lambda_.CfnAlias(
            self,
            "Live",
            function_name=self.function.function_name,
            function_version=self.bootstrap_version.attr_version,
            name=LIVE_ALIAS,
        )
        for resource, logical_id in (
            (self.bootstrap_version, "InferenceBootstrapVersion"),
            (self.live, "InferenceLiveAlias"),
        ):
            resource.override_logical_id(logical_id)
            resource.apply_removal_policy(RemovalPolicy.RETAIN)
