"""API Gateway v2 as a function from request to answer; the server adds the socket."""

import logging
import time
import uuid
from typing import Any

from moto.apigatewayv2.models import apigatewayv2_backends

from scripts.localcloud.cloud import ACCOUNT_ID, REGION, Cloud
from scripts.localcloud.gateway import cors, integration, signature
from scripts.localcloud.gateway.access_log import access_line, log_group
from scripts.localcloud.gateway.authorizer import LambdaAuthorizers
from scripts.localcloud.gateway.call import Call
from scripts.localcloud.gateway.exchange import HttpReply, HttpRequest, message
from scripts.localcloud.gateway.routes import match_route
from scripts.localcloud.gateway.throttling import RouteThrottles
from scripts.localcloud.iam import Access, Iam
from scripts.localcloud.iam.conditions import UnsupportedPolicyError
from scripts.localcloud.lambda_host import LambdaHost
from scripts.localcloud.lambda_host.recorder import LogEvent

logger = logging.getLogger(__name__)

MAX_REQUEST_BYTES = 10 * 1024 * 1024


class Front:
    """Finds API, stage and route of a request, checks who calls, asks the function, writes the access log."""

    def __init__(self, cloud: Cloud, iam: Iam, host: LambdaHost) -> None:
        self._clock = cloud.clock
        self._iam = iam
        self._host = host
        self._throttles = RouteThrottles(cloud.clock)
        self._authorizers = LambdaAuthorizers(host, cloud.clock)
        self._log_stream = uuid.uuid4().hex

    def handle(self, request: HttpRequest) -> HttpReply:
        """Answer one request to /<api id>/<path>."""
        started = time.perf_counter()
        call = self._call(request)
        if call is None:
            return message(404, "Not Found")
        rules = call.api.cors_configuration
        if cors.is_preflight(rules, request):
            reply = cors.preflight(rules, request)
        else:
            reply = self._answer(call)
            cors.decorate(rules, request, reply)
        reply.headers.append(("Apigw-Requestid", call.id))
        self._log(call, reply, (time.perf_counter() - started) * 1000)
        return reply

    def _call(self, request: HttpRequest) -> Call | None:
        _, api_id, *rest = request.path.split("/", 2)
        path = "/" + (rest[0] if rest else "")
        api = apigatewayv2_backends[ACCOUNT_ID][REGION].apis.get(api_id)
        if api is None:
            return None
        first, _, behind = path[1:].partition("/")
        stage, without_stage = api.stages.get(first), "/" + behind
        if stage is None:
            stage, without_stage = api.stages.get("$default"), path
        if stage is None:
            return None
        return Call(
            request=request, api=api, stage=stage, path=without_stage, raw_path=path, time=self._clock.time()
        )

    def _answer(self, call: Call) -> HttpReply:
        if len(call.request.body) > MAX_REQUEST_BYTES:
            call.error = "Request Entity Too Large"
            return message(413, call.error)
        call.match = match_route(list(call.api.routes.values()), call.request.method, call.path)
        if call.match is None:
            call.error = "Not Found"
            return message(404, call.error)
        if not self._throttles.take(call):
            call.error = "Too Many Requests"
            return message(429, call.error)
        if call.match.route.authorization_type == "CUSTOM":
            if refusal := self._authorizers.refusal(call):
                return refusal
        elif not self._is_authorized(call):
            call.error = "Forbidden"
            return message(403, call.error)
        return integration.answer(self._host, call)

    def _is_authorized(self, call: Call) -> bool:
        route: Any = call.match.route if call.match else None
        kind = route.authorization_type or "NONE"
        if kind == "NONE":
            return True
        signed = signature.read(call.request) if kind == "AWS_IAM" else None
        caller = self._iam.principals.find(signed.access_key) if signed else None
        if signed is None or caller is None:
            return False
        # People sign with the time of their machine, functions with the time of the local cloud.
        if not signature.is_valid(call.request, signed, caller, (time.time(), self._clock.time())):
            return False
        call.caller = caller
        access = Access(action="execute-api:Invoke", resource=call.execute_arn)
        try:
            return self._iam.authorize(caller, access).allowed
        except UnsupportedPolicyError:
            logger.exception("a policy of %s cannot be evaluated", caller.arn)
            return False

    def _log(self, call: Call, reply: HttpReply, latency_ms: float) -> None:
        settings = call.stage.access_log_settings or {}
        template, destination = settings.get("format"), settings.get("destinationArn")
        if template and destination:
            self._host.recorder.put(
                LogEvent(
                    principal=None,
                    group=log_group(destination),
                    stream=self._log_stream,
                    time_ms=round(self._clock.time() * 1000),
                    message=access_line(template, call, reply, latency_ms),
                )
            )
