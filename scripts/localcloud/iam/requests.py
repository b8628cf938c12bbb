"""Reads an AWS API request as what it is: a service, an operation and its parameters."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from moto.core.parse import PROTOCOL_PARSERS
from moto.core.request import Request, determine_request_protocol
from moto.core.routing import get_service_router
from moto.core.utils import get_service_model
from werkzeug.exceptions import NotFound

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

SERVICE_OF_SIGNING_NAME = {
    # the name in the credential scope, where it is not the name boto3 knows the service by
    "monitoring": "cloudwatch",
    "states": "stepfunctions",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiRequest:
    """One parsed request; `protocol` is botocore's name of how the service speaks."""

    service: str
    operation: str
    parameters: Mapping[str, Any]
    protocol: str
    method: str


@dataclass(frozen=True, slots=True)
class Signer:
    """What the signature of a request says of itself, unverified."""

    access_key: str
    signing_name: str


def signer_of(environ: "WSGIEnvironment") -> Signer | None:
    """Key and service from the Authorization header or a presigned query; None for an unsigned request."""
    credential = environ.get("HTTP_AUTHORIZATION", "").partition("Credential=")[2].partition(",")[0]
    if not credential:
        credential = parse_qs(environ.get("QUERY_STRING", "")).get("X-Amz-Credential", [""])[0]
    parts = credential.strip().split("/")
    return Signer(parts[0], parts[3]) if len(parts) == 5 else None


def guessed_protocol(environ: "WSGIEnvironment") -> str:
    """How a service speaks of which only the request is known."""
    form = environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded")
    return "query" if form else "json"


def protocol_of(service: str, environ: "WSGIEnvironment") -> str:
    """How the answer to a request to this service has to be written."""
    return str(determine_request_protocol(get_service_model(service), environ.get("CONTENT_TYPE", "")))


def parse(service: str, environ: "WSGIEnvironment") -> ApiRequest | None:
    """The request as the service model describes it, None where no operation fits.

    Reads the body from `environ["wsgi.input"]`, which must be seekable, and rewinds it.
    """
    request = Request(environ)
    try:
        operation, in_path = get_service_router(service).match(request)
    except NotFound:
        return None
    protocol = protocol_of(service, environ)
    parser = PROTOCOL_PARSERS[protocol](get_service_model(service).operation_model(operation.name))
    parameters = parser.parse(
        {
            "method": request.method,
            "values": request.values,
            "headers": request.headers,
            "body": request.get_data(),
            "url_path": request.path,
            "url_params": in_path,
        }
    )
    environ["wsgi.input"].seek(0)
    return ApiRequest(
        service=service,
        operation=operation.name,
        parameters=parameters,
        protocol=protocol,
        method=request.method,
    )
