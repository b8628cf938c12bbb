"""Invoke: synchronous, asynchronous and dry."""

import base64
import json
import uuid

from scripts.localcloud.lambda_host.api.request import Answer, LambdaRequest
from scripts.localcloud.lambda_host.errors import InvalidContentError, NotEmulatedError
from scripts.localcloud.lambda_host.host import log_result


class InvokeApi(LambdaRequest):
    """The operations that run functions."""

    def invoke(self) -> Answer:
        """Invoke."""
        name = self.name()
        payload = (self.body or "").encode()
        _check_json(payload)
        kind = self.headers.get("X-Amz-Invocation-Type", "RequestResponse")
        request_id = str(uuid.uuid4())
        if kind == "DryRun":
            self.host.find(name)
            return 204, {"status": 204, "x-amzn-RequestId": request_id}, ""
        if kind == "Event":
            request_id = self.host.submit(name.arn, payload)
            return 202, {"status": 202, "x-amzn-RequestId": request_id}, ""
        outcome = self.host.invoke(name.arn, payload, client_context=self._client_context())
        headers = {
            "status": 200,
            "Content-Type": "application/json",
            "x-amzn-RequestId": outcome.request_id,
            "X-Amz-Executed-Version": outcome.executed_version,
        }
        if outcome.failed:
            headers["X-Amz-Function-Error"] = "Unhandled"
        if self.headers.get("X-Amz-Log-Type") == "Tail":
            headers["X-Amz-Log-Result"] = log_result(outcome)
        return 200, headers, outcome.payload

    def invoke_async(self) -> Answer:
        """InvokeAsync, which AWS has deprecated."""
        raise NotEmulatedError("InvokeAsync: use Invoke with InvocationType=Event")

    def create_function_url_config(self) -> Answer:
        """CreateFunctionUrlConfig."""
        raise NotEmulatedError("function URLs")

    def _client_context(self) -> str | None:
        encoded = self.headers.get("X-Amz-Client-Context")
        return base64.b64decode(encoded).decode() if encoded else None


def _check_json(payload: bytes) -> None:
    try:
        json.loads(payload or b"{}")
    except ValueError as error:
        raise InvalidContentError(f"Could not parse request body into json: {error}") from None
