"""Writes the HTTP interface as an OpenAPI document: `python -m scripts.openapi` makes docs/openapi.json anew.

Endpoints read and write their bodies themselves, which keeps cold starts short, so what goes in and out stands here.
"""

import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode

from functions.inference import explain_messages, limits, messages
from functions.inference.explain_api import explain_api
from functions.inference.feedback_api import feedback_api
from functions.inference.open_inference import open_inference
from functions.inference.row_api import row_api
from lambdaloop import __version__
from lambdaloop.domain.documents import Document
from lambdaloop.domain.http_answer import PROBLEM_TYPE
from lambdaloop.domain.row_schema import row_schema
from lambdaloop.domain.signature import Signature
from lambdaloop.services import explain
from scripts.openapi_examples import EXAMPLES, PROBLEM

PATH = Path(__file__).parents[1] / "docs" / "openapi.json"
_REFERENCE = "#/components/schemas/{model}"


@dataclass(frozen=True)
class _Operation:
    """What one endpoint takes and gives."""

    answer: Any
    body: Any = None
    may_be_unavailable: bool = True
    status: str = "200"


_OPERATIONS: Mapping[str, _Operation] = {
    "predict_rows": _Operation(messages.PredictionsBody, messages.RowsRequest),
    "explain_rows": _Operation(explain_messages.ExplanationsBody, explain_messages.ExplainRequest),
    "describe_row": _Operation(messages.RowSchema),
    "send_labels": _Operation(
        messages.FeedbackBody, messages.FeedbackRequest, may_be_unavailable=False, status="202"
    ),
    "model_infer": _Operation(messages.InferBody, messages.InferRequest),
    "version_infer": _Operation(messages.InferBody, messages.InferRequest),
    "model_metadata": _Operation(messages.ModelMetadata),
    "version_metadata": _Operation(messages.ModelMetadata),
    "model_ready": _Operation(messages.ModelReady),
    "version_ready": _Operation(messages.ModelReady),
    "server_metadata": _Operation(messages.ServerMetadata, may_be_unavailable=False),
    "server_live": _Operation(messages.Live, may_be_unavailable=False),
    "server_ready": _Operation(messages.Ready),
}
_PREDICTING = ("predict_rows", "model_infer", "version_infer")
_REFUSALS = {
    "400": "The body is not JSON, or the idempotency key is none",
    "404": "Unknown model or version",
    "413": "The body is too large, or has more rows than an answer can hold",
    "415": "The body is not declared as JSON, or packed in an unknown way",
    "422": "The body, a row or a label is not what the model takes",
    "500": "A mistake of the server's",
    "503": "No model has been released yet, it cannot be loaded now, or required stored features cannot be looked up",
}
_OF_BODIES = ("400", "413", "415", "422")
_OF_THE_GATEWAY = {
    "401": "There is no valid token or no key (where the definition asks for one)",
    "403": "The request is not signed, its signer or its key may not ask, or the definition lets nobody (explanations)",
}
_TOO_MANY: Document = {
    "description": "Too many requests in a second for the route (answered by API Gateway), or for the API key (`retry-after` says "
    "when to try again).",
    "headers": {"retry-after": {"description": "Seconds to wait.", "schema": {"type": "string"}}},
}
_SECURITY_SCHEMES: Document = {
    "iam": {
        "type": "apiKey",
        "in": "header",
        "name": "authorization",
        "description": "AWS Signature Version 4, service execute-api (`authorization: iam`, which holds unless the definition says "
        "otherwise).",
        "x-amazon-apigateway-authtype": "awsSigv4",
    },
    "jwt": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "A token of the issuer and for the audience that the definition names (`authorization: jwt`).",
    },
    "api_key": {
        "type": "apiKey",
        "in": "header",
        "name": "x-api-key",
        "description": "A key of `lambdaloop keys create` (`authorization: api_key`).",
    },
}
_HEADERS = {
    "x-request-id": "The caller's own, or else API Gateway's.",
    "cache-control": "No answer is to be kept.",
    "x-model-age": "Seconds since the model was fetched, if it was.",
    "x-online-features": "Where stored features came from, the worst of all rows, if any were looked up: "
    "stored, default or unavailable.",
}
_REQUEST_ID: Document = {
    "name": "x-request-id",
    "in": "header",
    "required": False,
    "schema": {"type": "string"},
    "description": "What the caller calls the request: comes back in header and body. 1 to 128 visible ASCII characters; "
    "anything else is as if it were not there.",
}
KEY_PATTERN = "^[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?7[0-9a-fA-F]{3}-?[89abAB][0-9a-fA-F]{3}-?[0-9a-fA-F]{12}$"
"""A UUID of version 7."""
_IDEMPOTENCY_KEY: Document = {
    "name": "idempotency-key",
    "in": "header",
    "required": False,
    "schema": {
        "type": "string",
        "pattern": KEY_PATTERN,
    },
    "description": "A UUID of version 7, made when the request is sent for the first time: sent again with it within "
    "24 hours, the same rows get the same prediction ids, and count once.",
}


def document(signature: Signature | None = None) -> Document:
    """The OpenAPI document of one model's routes: of any model's, or with the rows of this very one."""
    app = FastAPI(
        title="Lambdaloop",
        version=__version__,
        description="Predictions of one model. Requests are signed (AWS IAM) unless the model's definition says otherwise. "
        "Bodies may come in gzip, and answers do where that is accepted.",
        generate_unique_id_function=lambda route: route.name,
    )
    nobody: Any = None  # routes are only described here, never called
    for routes in (row_api(nobody), explain_api(nobody), feedback_api(nobody), open_inference(nobody)):
        for route in routes:
            app.add_api_route(
                route.path, route.endpoint, methods=sorted(route.methods or ()), tags=[routes.heading]
            )
    described: Document = app.openapi()
    schemas = _schemas()
    if signature:
        _narrow(schemas, signature)
    for path, operations in described["paths"].items():
        for operation in operations.values():
            _describe(operation, path)
            for parameter in operation["parameters"]:
                if signature and parameter["name"] == "model":
                    parameter["schema"] = {"type": "string", "enum": [signature.model]}
    described["components"] = {"schemas": schemas, "securitySchemes": _SECURITY_SCHEMES}
    return described


def _narrow(schemas: Document, signature: Signature) -> None:
    """What requests for this very model may say."""
    for kind, most in (("RowsRequest", limits.max_rows), ("ExplainRequest", explain.max_rows)):
        schemas[kind]["properties"]["rows"] |= {"items": row_schema(signature), "maxItems": most(signature)}
    explained = schemas["ExplainRequest"]["properties"]
    explained["label"] = {"enum": [*signature.classes, None]}
    explained["scale"] = {"enum": [*(("probability", "margin") if signature.classes else ("value",)), None]}


def text() -> str:
    """The document as it is stored."""
    return json.dumps(document(), indent=1, sort_keys=False, ensure_ascii=False) + "\n"


def _describe(operation: Document, path: str) -> None:
    name = operation["operationId"]
    described, example = _OPERATIONS[name], EXAMPLES[name]
    statuses = ["404"] if "{model}" in path else []
    statuses += _OF_BODIES if described.body else []
    statuses += ["500", "503"] if described.may_be_unavailable else ["500"]
    headers = {
        header: {"description": told, "schema": {"type": "string"}} for header, told in _HEADERS.items()
    }
    operation["responses"] = {
        described.status: {
            "description": "The answer",
            "headers": headers,
            "content": _content("application/json", described.answer, example.answer),
        },
        **{
            status: {
                "description": _REFUSALS[status],
                "headers": headers,
                "content": _content(PROBLEM_TYPE, messages.ErrorBody, PROBLEM if status == "422" else None),
            }
            for status in sorted(statuses)
        },
        **{
            status: {"description": f"{told}. Answered by API Gateway."}
            for status, told in _OF_THE_GATEWAY.items()
        },
        "429": {
            **_TOO_MANY,
            "content": _content(PROBLEM_TYPE, messages.ErrorBody, None),
        },
    }
    operation.setdefault("parameters", []).append(_REQUEST_ID)
    if described.body:
        operation["requestBody"] = {
            "required": True,
            "content": _content("application/json", described.body, example.body),
        }
    if name in _PREDICTING:
        operation["parameters"].append(_IDEMPOTENCY_KEY)


def _content(media_type: str, kind: Any, example: Any) -> Document:
    told: Document = {"schema": {"$ref": _REFERENCE.format(model=kind.__name__)}}
    return {media_type: told if example is None else {**told, "example": example}}


def _schemas() -> Document:
    modes: list[tuple[Any, JsonSchemaMode, Any]] = [
        (kind, "validation", TypeAdapter(kind).core_schema) for kind in dict.fromkeys(_kinds())
    ]
    _, definitions = GenerateJsonSchema(ref_template=_REFERENCE).generate_definitions(modes)
    return {name: definitions[name] for name in sorted(definitions)}


def _kinds() -> Iterator[Any]:
    yield messages.ErrorBody
    for operation in _OPERATIONS.values():
        yield from (kind for kind in (operation.body, operation.answer) if kind)


if __name__ == "__main__":
    PATH.write_text(text(), encoding="utf-8")
    sys.stderr.write(f"wrote {PATH}\n")
