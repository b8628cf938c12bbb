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

from functions.inference import messages
from functions.inference.feedback_api import feedback_api
from functions.inference.open_inference import open_inference
from functions.inference.row_api import row_api
from lambdaloop import __version__
from lambdaloop.domain.documents import Document

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
_REFUSALS = {
    "400": "The body is not JSON",
    "404": "Unknown model or version",
    "413": "The body is too large, or has more rows than an answer can hold",
    "415": "The body is not declared as JSON",
    "422": "The body, a row or a label is not what the model takes",
    "503": "No model has been released yet, or it cannot be loaded now",
}
_OF_BODIES = ("400", "413", "415", "422")


def document() -> Document:
    """The OpenAPI document of one model's routes."""
    app = FastAPI(
        title="Lambdaloop",
        version=__version__,
        description="Predictions of one model. Requests are signed (AWS IAM) unless the model's definition says otherwise.",
        generate_unique_id_function=lambda route: route.name,
    )
    nobody: Any = None  # routes are only described here, never called
    app.include_router(row_api(nobody))
    app.include_router(feedback_api(nobody))
    app.include_router(open_inference(nobody))
    described: Document = app.openapi()
    schemas = _schemas()
    for path, operations in described["paths"].items():
        for operation in operations.values():
            _describe(operation, _OPERATIONS[operation["operationId"]], path)
    described["components"] = {"schemas": schemas}
    return described


def text() -> str:
    """The document as it is stored."""
    return json.dumps(document(), indent=1, sort_keys=False, ensure_ascii=False) + "\n"


def _describe(operation: Document, described: _Operation, path: str) -> None:
    statuses = ["404"] if "{model}" in path else []
    statuses += _OF_BODIES if described.body else []
    statuses += ["503"] if described.may_be_unavailable else []
    operation["responses"] = {
        described.status: {"description": "The answer", "content": _json(described.answer)},
        **{
            status: {"description": _REFUSALS[status], "content": _json(messages.ErrorBody)}
            for status in sorted(statuses)
        },
    }
    if described.body:
        operation["requestBody"] = {"required": True, "content": _json(described.body)}


def _json(kind: type) -> Document:
    return {"application/json": {"schema": {"$ref": _REFERENCE.format(model=kind.__name__)}}}


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
