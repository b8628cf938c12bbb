"""The HTTP front of API Gateway v2: http://127.0.0.1:<gateway port>/<api id>/<path>.

moto stores HTTP APIs but answers no request to them. JWT authorizers are not emulated, so making one is refused instead of
leaving a route open.
"""

import json
from collections.abc import Callable
from typing import Any

from moto.apigatewayv2.responses import ApiGatewayV2Response

from scripts.localcloud import iam, lambda_host, moto_seams
from scripts.localcloud.cloud import Cloud
from scripts.localcloud.gateway.authorizer import check_emulated
from scripts.localcloud.gateway.front import Front
from scripts.localcloud.gateway.server import GatewayServer

__all__ = ["GatewayServer", "serve"]


def serve(cloud: Cloud) -> GatewayServer:
    """Listen on the cloud's gateway port (0: any free one, see `port`) until `close`.

    Raises RuntimeError when the Lambda host was not installed before.
    """
    host = lambda_host.current()
    seams = moto_seams.of(cloud)
    for method in ("create_authorizer", "update_authorizer"):
        seams.replace(ApiGatewayV2Response, method, _checked(getattr(ApiGatewayV2Response, method)))
    return GatewayServer(Front(cloud, iam.of(cloud), host), cloud.gateway_port)


def _checked(in_moto: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def checked(request: Any) -> Any:
        check_emulated(json.loads(request.body))
        return in_moto(request)

    return checked
