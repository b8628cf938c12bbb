"""One call of an API while it is being answered: what the event, the access log and IAM say about it."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

from scripts.localcloud.cloud import ACCOUNT_ID, REGION
from scripts.localcloud.gateway.exchange import HttpRequest
from scripts.localcloud.gateway.routes import DEFAULT_ROUTE, RouteMatch
from scripts.localcloud.iam import Principal


@dataclass(slots=True, kw_only=True)
class Call:
    """A request to one stage of one API; `path` is decoded and without stage, `raw_path` (decoded) with it."""

    request: HttpRequest
    api: Any
    stage: Any
    path: str
    raw_path: str
    time: float
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    match: RouteMatch | None = None
    caller: Principal | None = None
    authorizer_context: Mapping[str, Any] | None = None
    authorizer_error: str | None = None
    error: str | None = None
    integration_error: str | None = None
    integration_status: int | None = None
    integration_ms: float | None = None

    @property
    def route_key(self) -> str:
        """The key of the route that answers, $default where none was found."""
        return str(self.match.route.route_key) if self.match else DEFAULT_ROUTE

    @property
    def execute_arn(self) -> str:
        """What the caller needs execute-api:Invoke on: the concrete path."""
        return f"{self._api_arn}/{self.request.method}{self.path}"

    @property
    def source_arn(self) -> str:
        """What the function sees as the source of the invocation: the route."""
        if self.route_key == DEFAULT_ROUTE:
            return f"{self._api_arn}/{DEFAULT_ROUTE}"
        return f"{self._api_arn}/{self.request.method}{self.route_key.partition(' ')[2]}"

    def authorizer_arn(self, authorizer: str) -> str:
        """What the authorizer's function sees as the source of the invocation."""
        return f"arn:aws:execute-api:{REGION}:{ACCOUNT_ID}:{self.api.api_id}/authorizers/{authorizer}"

    @property
    def query_parameters(self) -> dict[str, str]:
        """The query by name; values of one name are joined with commas."""
        parameters: dict[str, list[str]] = {}
        for name, value in parse_qsl(self.request.query, keep_blank_values=True):
            parameters.setdefault(name, []).append(value)
        return {name: ",".join(values) for name, values in parameters.items()}

    @property
    def domain(self) -> str:
        """The host name of the API in AWS."""
        return f"{self.api.api_id}.execute-api.{REGION}.amazonaws.com"

    @property
    def clock_text(self) -> str:
        """The time of the request as API Gateway writes it, in virtual time."""
        return datetime.fromtimestamp(self.time, UTC).strftime("%d/%b/%Y:%H:%M:%S +0000")

    @property
    def _api_arn(self) -> str:
        return f"arn:aws:execute-api:{REGION}:{ACCOUNT_ID}:{self.api.api_id}/{self.stage.name}"
