"""Lets clients with an API key ask a model: the function that API Gateway asks first, and its right to be asked."""

from aws_cdk import Aws
from aws_cdk import aws_apigatewayv2 as apigateway
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.constructs.layers import ModelLayers
from infra.constructs.python_function import PythonFunction
from infra.grants import read_api_keys, use_buckets
from infra.packages import Packages
from lambdaloop.settings import Settings


class KeyAuthorizer(Construct):
    """One model's own: it can read that model's keys and count their requests, and nothing else."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        model: str,
        packages: Packages,
        layers: ModelLayers,
        registry: dynamodb.ITable,
        api: apigateway.HttpApi,
    ) -> None:
        super().__init__(scope, id_)
        function = PythonFunction(
            self,
            "Authorize",
            verb="authorize",
            description=f"Checks API keys of {model} and counts their requests",
            packages=packages,
            layers=[layers.core],
            settings=Settings(model=model, registry_table=registry.table_name),
            grants=[read_api_keys(registry, model), use_buckets(registry, model)],
            timeout_seconds=9,  # API Gateway waits ten
        ).function
        self.authorizer = apigateway.CfnAuthorizer(
            self,
            "Authorizer",
            api_id=api.api_id,
            authorizer_type="REQUEST",
            authorizer_uri=(
                f"arn:{Aws.PARTITION}:apigateway:{Aws.REGION}:lambda:path/2015-03-31/functions/"
                f"{function.function_arn}/invocations"
            ),
            authorizer_payload_format_version="2.0",
            enable_simple_responses=True,
            # Without a key API Gateway answers 401 by itself.
            identity_source=["$request.header.x-api-key"],
            # Every request is counted, so no answer may stand for the next one.
            authorizer_result_ttl_in_seconds=0,
            name=self.node.path.replace("/", "-"),
        )
        lambda_.CfnPermission(
            self,
            "Invoke",
            action="lambda:InvokeFunction",
            function_name=function.function_arn,
            principal="apigateway.amazonaws.com",
            source_arn=(
                f"arn:{Aws.PARTITION}:execute-api:{Aws.REGION}:{Aws.ACCOUNT_ID}:{api.api_id}"
                f"/authorizers/{self.authorizer.ref}"
            ),
        )
