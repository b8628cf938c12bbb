"""What every part of the Lambda API needs from a request."""

import json
from typing import Any
from urllib.parse import unquote

from moto.awslambda.responses import LambdaResponse

from scripts.localcloud.lambda_host import installed
from scripts.localcloud.lambda_host.errors import InvalidParameterError
from scripts.localcloud.lambda_host.function import HostedFunction
from scripts.localcloud.lambda_host.host import LambdaHost
from scripts.localcloud.lambda_host.names import FunctionName, parse_name

Answer = tuple[int, dict[str, Any], str | bytes]


class LambdaRequest(LambdaResponse):  # type: ignore[misc]
    """moto's handler of Lambda requests, with access to the host."""

    @property
    def host(self) -> LambdaHost:
        """The host that runs the functions."""
        return installed.host()

    def name(self) -> FunctionName:
        """The function named in the path, /2015-03-31/functions/NAME/..., and the Qualifier of the query."""
        return parse_name(unquote(self.path.split("/")[3]), self.query("Qualifier"))

    def latest(self) -> HostedFunction:
        """$LATEST of the function named in the path; versions cannot be changed.

        Raises InvalidParameterError for a name with another qualifier, ResourceNotFoundError for an unknown one.
        """
        name = self.name()
        if name.qualifier not in {None, "$LATEST"}:
            raise InvalidParameterError(f"{name.arn} is immutable: this operation works on $LATEST only")
        return self.host.find(FunctionName(name.name))

    def query(self, parameter: str) -> str | None:
        """A parameter of the query string."""
        value: str | None = self.normalized_request.args.get(parameter)
        return value

    def document(self) -> dict[str, Any]:
        """The body of the request."""
        return json.loads(self.body or "{}")  # type: ignore[no-any-return]


def answer(document: Any, status: int = 200) -> Answer:
    """A JSON answer; moto takes the status from the headers."""
    return status, {"status": status, "Content-Type": "application/json"}, json.dumps(document)


def nothing() -> Answer:
    """An answer without content."""
    return 204, {"status": 204}, ""
