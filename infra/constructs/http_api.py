"""The HTTP API that all models share. Requests must be signed (IAM) unless a model's definition says otherwise."""

import json
from collections.abc import Sequence

from aws_cdk import Aws, Duration, RemovalPolicy
from aws_cdk import aws_apigatewayv2 as apigateway
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk.aws_apigatewayv2_authorizers import HttpIamAuthorizer
from aws_cdk.aws_apigatewayv2_integrations import HttpLambdaIntegration
from constructs import Construct

from infra.route_limit import RouteLimit
from infra.stages import log_retention

_LOGGED = {
    "requestId": "$context.requestId",
    "time": "$context.requestTime",
    "route": "$context.routeKey",
    "path": "$context.path",
    "status": "$context.status",
    "latency": "$context.responseLatency",
    "integrationError": "$context.integrationErrorMessage",
    "caller": "$context.identity.caller",
    "client": "$context.authorizer.client",
    "key": "$context.authorizer.key",
    "authorizerError": "$context.authorizer.error",
    "sourceIp": "$context.identity.sourceIp",
    "userAgent": "$context.identity.userAgent",
}


class HttpApi(Construct):
    """The API, its only stage, and the function that answers what no model's route takes."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        answer_unrouted: lambda_.IFunction,
        route_limit: RouteLimit,
        cors_origins: Sequence[str] = (),
    ) -> None:
        super().__init__(scope, id_)
        self.api = apigateway.HttpApi(
            self,
            "Api",
            api_name=Aws.STACK_NAME,
            description="Predictions of every model",
            create_default_stage=False,
            default_authorizer=HttpIamAuthorizer(),
            default_integration=HttpLambdaIntegration("Unrouted", answer_unrouted),
            cors_preflight=_cors(cors_origins) if cors_origins else None,
        )
        self.access_log = logs.LogGroup(
            self,
            "AccessLog",
            # Under this prefix AWS does not append to the account's one, size-limited, log resource policy.
            log_group_name=f"/aws/vendedlogs/http-api/{Aws.STACK_NAME}",
            retention=log_retention(self),
            removal_policy=RemovalPolicy.DESTROY,
        )
        self.stage = apigateway.CfnStage(
            self,
            "Stage",
            api_id=self.api.api_id,
            stage_name="$default",
            auto_deploy=True,
            default_route_settings=apigateway.CfnStage.RouteSettingsProperty(
                throttling_rate_limit=route_limit.requests_per_second,
                throttling_burst_limit=route_limit.burst,
            ),
            access_log_settings=apigateway.CfnStage.AccessLogSettingsProperty(
                destination_arn=self.access_log.log_group_arn, format=json.dumps(_LOGGED)
            ),
        )


def _cors(origins: Sequence[str]) -> apigateway.CorsPreflightOptions:
    """One list for all models: an API has no more. It opens nothing, since a page's request needs its right as any other."""
    return apigateway.CorsPreflightOptions(
        allow_origins=["*"] if "*" in origins else sorted(set(origins)),
        allow_methods=[apigateway.CorsHttpMethod.GET, apigateway.CorsHttpMethod.POST],
        allow_headers=[
            "authorization",
            "content-encoding",
            "content-type",
            "idempotency-key",
            "x-amz-content-sha256",
            "x-amz-date",
            "x-amz-security-token",
            "x-api-key",
            "x-request-id",
        ],
        expose_headers=["retry-after", "x-model-age", "x-online-features", "x-request-id"],
        max_age=Duration.minutes(10),
    )
