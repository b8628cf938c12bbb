"""What the OpenAPI document shows for each operation. A test sends every request, and holds every answer against its schema."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_ROW = {"age": 40.0, "visits": 3, "active": True, "plan": "plus"}
_ID = "0195a5c3f00070008000a1b2c3d4e5f6"
_REQUEST = "order-4711"
_TENSORS = [
    {"name": "age", "shape": [2], "datatype": "FP64", "data": [40.0, None]},
    {"name": "visits", "shape": [2], "datatype": "INT64", "data": [3, 900]},
    {"name": "active", "shape": [2], "datatype": "BOOL", "data": [True, False]},
    {"name": "plan", "shape": [2], "datatype": "BYTES", "data": ["plus", "basic"]},
]
_INFER = {"id": "42", "inputs": _TENSORS, "outputs": [{"name": "value"}, {"name": "prediction_id"}]}
_INFERRED = {
    "model_name": "churn",
    "model_version": "7",
    "id": "42",
    "outputs": [
        {"name": "value", "datatype": "BYTES", "shape": [2], "data": ["yes", "no"]},
        {"name": "prediction_id", "datatype": "BYTES", "shape": [2], "data": [_ID, f"{_ID[:-1]}7"]},
    ],
}
_METADATA = {
    "name": "churn",
    "versions": ["7"],
    "platform": "lambdaloop_sklearn",
    "inputs": [
        {"name": "age", "datatype": "FP64", "shape": [-1]},
        {"name": "visits", "datatype": "INT64", "shape": [-1]},
        {"name": "active", "datatype": "BOOL", "shape": [-1]},
        {"name": "plan", "datatype": "BYTES", "shape": [-1]},
    ],
    "outputs": [
        {"name": "value", "datatype": "BYTES", "shape": [-1]},
        {"name": "probabilities", "datatype": "FP64", "shape": [-1, 2]},
        {"name": "prediction_id", "datatype": "BYTES", "shape": [-1]},
        {"name": "variant", "datatype": "BYTES", "shape": [-1]},
        {"name": "model_version", "datatype": "INT64", "shape": [-1]},
    ],
}
_SCHEMA = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "A row of churn",
    "description": "As version 7 takes it.",
    "type": "object",
    "properties": {
        "age": {"type": ["number", "null"]},
        "visits": {"type": "integer", "minimum": 0, "maximum": 1000},
        "active": {"enum": [True, False, 1, 0]},
        "plan": {
            "type": ["string", "null"],
            "maxLength": 10000,
            "examples": ["basic", "plus"],
            "description": "Ordinarily basic, plus; anything else is answered, too, and counted as drift.",
        },
        "customer": {
            "type": ["string", "integer", "null"],
            "maxLength": 256,
            "description": "Who the row is about; no feature.",
        },
    },
    "required": ["visits", "active"],
    "additionalProperties": False,
}


@dataclass(frozen=True, slots=True)
class Example:
    """One request and what it is answered."""

    answer: Any
    body: Any = None


EXAMPLES: Mapping[str, Example] = {
    "predict_rows": Example(
        {
            "predictions": [
                {
                    "prediction_id": _ID,
                    "value": "yes",
                    "probabilities": {"no": 0.0392, "yes": 0.9608},
                    "variant": "champion",
                    "model_version": 7,
                }
            ],
            "request_id": _REQUEST,
        },
        {"rows": [_ROW], "entity_id": "customer-7"},
    ),
    "explain_rows": Example(
        {
            "explanations": [
                {
                    "value": "yes",
                    "probabilities": {"no": 0.0392, "yes": 0.9608},
                    "label": "yes",
                    "scale": "margin",
                    "method": "exact",
                    "base": 0.7,
                    "output": 3.2,
                    "contributions": {"age": 1.0, "visits": 0.5, "active": 0.75, "plan": 0.25},
                    "errors": None,
                }
            ],
            "model_version": 7,
            "request_id": _REQUEST,
        },
        {"rows": [_ROW]},
    ),
    "describe_row": Example(_SCHEMA),
    "send_labels": Example(
        {"accepted": 1, "request_id": _REQUEST},
        {"labels": [{"prediction_id": _ID, "actual": "yes", "observed_at": "2026-03-02T09:30:00Z"}]},
    ),
    "model_infer": Example(_INFERRED, _INFER),
    "version_infer": Example(_INFERRED, _INFER),
    "model_metadata": Example(_METADATA),
    "version_metadata": Example(_METADATA),
    "model_ready": Example({"name": "churn", "ready": True}),
    "version_ready": Example({"name": "churn", "ready": True}),
    "server_metadata": Example({"name": "lambdaloop", "version": "0.1.0", "extensions": []}),
    "server_live": Example({"live": True}),
    "server_ready": Example({"ready": True}),
}

PROBLEM = {
    "type": "about:blank",
    "title": "Unprocessable Content",
    "status": 422,
    "detail": "rows do not fit the model: 1 problem",
    "error": "rows do not fit the model: 1 problem",
    "details": [{"row": 0, "field": "visits", "problem": "must be 0 to 1000, got 5000"}],
    "request_id": _REQUEST,
}
