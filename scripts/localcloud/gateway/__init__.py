"""The HTTP front of API Gateway v2: http://127.0.0.1:<gateway port>/<api id>/<path>.

moto stores HTTP APIs but answers no request to them. JWT and Lambda authorizers are not emulated, so making one is
refused instead of leaving a route open.
"""

from typing import Any, NoReturn

from moto.apigatewayv2.responses import ApiGatewayV2Response

from scripts.localcloud import iam, lambda_host, moto_seams
from scripts.localcloud.cloud import Cloud
from scripts.localcloud.gateway.front import Front
from scripts.localcloud.gateway.server import GatewayServer
from scripts.localcloud.lambda_host.errors import NotEmulatedError

__all__ = ["GatewayServer", "serve"]


def serve(cloud: Cloud) -> GatewayServer:
    """Listen on the cloud's gateway port (0: any free one, see `port`) until `close`.

    Raises RuntimeError when the Lambda host was not installed before.
    """
    host = lambda_host.current()
    moto_seams.of(cloud).replace(ApiGatewayV2Response, "create_authorizer", _refuse_authorizer)
    return GatewayServer(Front(cloud, iam.of(cloud), host), cloud.gateway_port)


def _refuse_authorizer(_: Any) -> NoReturn:
    raise NotEmulatedError("JWT and Lambda authorizers, only AWS_IAM and NONE")
