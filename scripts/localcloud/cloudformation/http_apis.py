"""What deploying an HTTP API needs and moto lacks: UpdateStage, and an endpoint that leads to the local gateway."""

import json
from typing import Any
from urllib.parse import unquote

from moto.apigatewayv2.models import Api
from moto.apigatewayv2.responses import ApiGatewayV2Response

from scripts.localcloud import moto_seams
from scripts.localcloud.cloud import Cloud

_SETTINGS = {
    "accessLogSettings": "access_log_settings",
    "autoDeploy": "auto_deploy",
    "clientCertificateId": "client_certificate_id",
    "defaultRouteSettings": "default_route_settings",
    "description": "description",
    "routeSettings": "route_settings",
    "stageVariables": "stage_variables",
}


def install(cloud: Cloud) -> None:
    """Patch moto's API Gateway v2."""
    made = Api.__init__

    def make(self: Api, *args: Any, **kwargs: Any) -> None:
        made(self, *args, **kwargs)
        self.api_endpoint = f"http://127.0.0.1:{cloud.gateway_port}/{self.api_id}"

    def update_stage(self: ApiGatewayV2Response) -> Any:
        *_, api_id, _, stage_name = self.path.split("/")
        stage = self.apigatewayv2_backend.get_stage(api_id, unquote(stage_name))
        for name, value in json.loads(self.body).items():
            setattr(stage, _SETTINGS[name], value)
        return 200, {}, json.dumps(stage.to_json())

    replace = moto_seams.of(cloud).replace
    replace(Api, "__init__", make)
    replace(ApiGatewayV2Response, "update_stage", update_stage)
