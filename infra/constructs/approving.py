"""Where people say yes or no to a release: a signed route for the command line, and an open one for the link in messages.

The route of the link stands open because whoever reads a message has no AWS credentials at hand. What opens anything is the
link's own secret, which ends with the question it belongs to.
"""

from aws_cdk import Aws
from aws_cdk import aws_apigatewayv2 as apigateway
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.constructs.layers import ModelLayers
from infra.constructs.python_function import PythonFunction
from infra.grants import answer_tasks, use_registry
from infra.nag import acknowledge
from infra.packages import Packages
from lambdaloop.settings import Settings


class Approving(Construct):
    """One function, the only one that may wake a workflow that waits, and its two paths."""

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
        self.function = PythonFunction(
            self,
            "DecideApproval",
            verb="decide_approval",
            description=f"Takes decisions of people about releases of {model}",
            packages=packages,
            layers=[layers.core, layers.definition],
            settings=Settings(model=model, registry_table=registry.table_name),
            grants=[use_registry(registry, model, "GetItem", "PutItem", "UpdateItem"), answer_tasks()],
            timeout_seconds=15,
        ).function
        integration = apigateway.CfnIntegration(
            self,
            "Integration",
            api_id=api.api_id,
            integration_type="AWS_PROXY",
            integration_uri=self.function.function_arn,
            payload_format_version="2.0",
        )
        path = f"/approvals/{model}"
        for name, route_key, authorization in (
            ("Signed", f"POST {path}", "AWS_IAM"),
            ("Open", f"GET {path}/link", "NONE"),
            ("Decide", f"POST {path}/link", "NONE"),
        ):
            route = apigateway.CfnRoute(
                self,
                name,
                api_id=api.api_id,
                route_key=route_key,
                target=f"integrations/{integration.ref}",
                authorization_type=authorization,
            )
            if authorization == "NONE":
                acknowledge(
                    route,
                    {
                        "AwsSolutions-APIG4": "the link carries a secret of its own, which the function checks; it expires with the question"
                    },
                )
        for name, allowed in (("InvokeSigned", path), ("InvokeLink", f"{path}/link")):
            lambda_.CfnPermission(
                self,
                name,
                action="lambda:InvokeFunction",
                function_name=self.function.function_arn,
                principal="apigateway.amazonaws.com",
                source_arn=f"arn:{Aws.PARTITION}:execute-api:{Aws.REGION}:{Aws.ACCOUNT_ID}:{api.api_id}/*/*{allowed}",
            )
