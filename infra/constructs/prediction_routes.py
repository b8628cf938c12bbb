"""The paths of the shared HTTP API that lead to one model's live alias."""

from aws_cdk import Aws
from aws_cdk import aws_apigatewayv2 as apigateway
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.nag import acknowledge
from lambdaloop.domain.serving_rules import Jwt, Serving

_AUTHORIZATION = {"iam": "AWS_IAM", "jwt": "JWT", "api_key": "CUSTOM", "open": "NONE"}


class PredictionRoutes(Construct):
    """The row API and the Open Inference Protocol of one model, opened the way its definition says."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        model: str,
        serving: Serving,
        api: apigateway.HttpApi,
        live: lambda_.CfnAlias,
        key_authorizer: apigateway.CfnAuthorizer | None,
    ) -> None:
        super().__init__(scope, id_)
        integration = apigateway.CfnIntegration(
            self,
            "Integration",
            api_id=api.api_id,
            integration_type="AWS_PROXY",
            integration_uri=live.ref,
            payload_format_version="2.0",
        )
        authorizer = self._authorizer(api, serving.jwt) if serving.jwt else key_authorizer
        for name, path in {
            "Rows": f"/models/{model}/{{proxy+}}",
            "Metadata": f"/v2/models/{model}",
            "Tensors": f"/v2/models/{model}/{{proxy+}}",
        }.items():
            route = apigateway.CfnRoute(
                self,
                name,
                api_id=api.api_id,
                route_key=f"ANY {path}",
                target=f"integrations/{integration.ref}",
                authorization_type=_AUTHORIZATION[serving.authorization],
                authorizer_id=authorizer.ref if authorizer else None,
            )
            if serving.authorization == "open":
                acknowledge(
                    route,
                    {"AwsSolutions-APIG4": "the model's definition asks in writing for authorization: open"},
                )
        if serving.cors_origins:
            self._let_browsers_ask(model, api, integration)
        for name, paths in {
            "InvokeRows": f"models/{model}/*",
            "InvokeTensors": f"v2/models/{model}*",
        }.items():
            lambda_.CfnPermission(
                self,
                name,
                action="lambda:InvokeFunction",
                function_name=live.ref,
                principal="apigateway.amazonaws.com",
                source_arn=f"arn:{Aws.PARTITION}:execute-api:{Aws.REGION}:{Aws.ACCOUNT_ID}:{api.api_id}/*/*/{paths}",
            )

    def _let_browsers_ask(
        self, model: str, api: apigateway.HttpApi, integration: apigateway.CfnIntegration
    ) -> None:
        """A browser asks without credentials what a page may do. API Gateway answers, but would ask for credentials first."""
        for name, path in {
            "RowsPreflight": f"/models/{model}/{{proxy+}}",
            "MetadataPreflight": f"/v2/models/{model}",
            "TensorsPreflight": f"/v2/models/{model}/{{proxy+}}",
        }.items():
            route = apigateway.CfnRoute(
                self,
                name,
                api_id=api.api_id,
                route_key=f"OPTIONS {path}",
                target=f"integrations/{integration.ref}",
                authorization_type="NONE",
            )
            acknowledge(route, {"AwsSolutions-APIG4": "preflights carry no credentials and read nothing"})

    def _authorizer(self, api: apigateway.HttpApi, jwt: Jwt) -> apigateway.CfnAuthorizer:
        return apigateway.CfnAuthorizer(
            self,
            "Authorizer",
            api_id=api.api_id,
            authorizer_type="JWT",
            identity_source=["$request.header.Authorization"],
            jwt_configuration=apigateway.CfnAuthorizer.JWTConfigurationProperty(
                issuer=jwt.issuer, audience=list(jwt.audience)
            ),
            name=self.node.path.replace("/", "-"),
        )
