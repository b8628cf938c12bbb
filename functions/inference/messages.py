"""The bodies of requests and answers. Requests are validated by pydantic; answers are typed dictionaries, which cost nothing.

`scripts/openapi` publishes all of them.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, NotRequired

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema
from typing_extensions import TypedDict

from lambdaloop.domain.row_schema import MAX_ENTITY

Value = str | int | bool | float
Datatype = Literal[
    "BOOL",
    "UINT8",
    "UINT16",
    "UINT32",
    "UINT64",
    "INT8",
    "INT16",
    "INT32",
    "INT64",
    "FP16",
    "FP32",
    "FP64",
    "BYTES",
]
"""Those of the protocol that JSON can hold."""
MAX_ROWS = 5000
MAX_LABELS = 1000
MAX_INPUTS = 1000
"""More than a definition can have features. Lists are bounded where they are read: each wrong item costs a kilobyte of memory."""
MAX_OUTPUTS = 100

_STRICT = ConfigDict(extra="forbid", strict=True)
_STRICT_AND_LATE = ConfigDict(extra="forbid", strict=True, defer_build=True)
"""Built by the first request that needs it: the cold start of a prediction does not wait for it."""


class RowsRequest(BaseModel):
    """Rows to predict."""

    model_config = _STRICT

    rows: list[dict[str, Any]] = Field(
        min_length=1,
        max_length=MAX_ROWS,
        description="Feature name to value. A missing value is null or left out; the entity column may stand in the row, "
        "and where the model has stored features these may be left out, too.",
    )
    entity_id: str | None = Field(
        default=None,
        max_length=MAX_ENTITY,
        description="Who the rows are about, unless a row has its own entity column.",
    )


class Tensor(BaseModel):
    """One feature column of the Open Inference Protocol."""

    model_config = _STRICT

    name: str = Field(description="The feature, or the entity column.")
    shape: list[int] = Field(min_length=1, max_length=2, description="[rows] or [rows, 1].")
    datatype: Datatype = Field(
        description="Any number for number and integer, BOOL for boolean, BYTES for category and entity; "
        "the model's metadata name the widest for each."
    )
    data: list[Any] = Field(
        description="Flat or nested as the shape says; null where a value is missing, in floats NaN, too."
    )
    parameters: dict[str, Any] | None = Field(
        default=None, description="Not used; the binary data extension is not offered."
    )


class RequestedOutput(BaseModel):
    """An output that the caller wants."""

    model_config = _STRICT

    name: Literal["value", "probabilities", "prediction_id", "variant", "model_version"] = Field(
        description="Outputs that are not named are left out."
    )
    parameters: dict[str, Any] | None = Field(default=None, description="Not used.")


class InferRequest(BaseModel):
    """Rows to predict as one tensor per feature (Open Inference Protocol, version 2)."""

    model_config = _STRICT

    id: str | None = Field(default=None, max_length=1024, description="Echoed in the answer.")
    inputs: list[Tensor] = Field(
        min_length=1,
        max_length=MAX_INPUTS,
        description="One per feature; a nullable or stored feature may be left out.",
    )
    outputs: list[RequestedOutput] | None = Field(
        default=None, max_length=MAX_OUTPUTS, description="All when left out or empty."
    )
    parameters: dict[str, Any] | None = Field(default=None, description="Not used.")


class LabelBody(BaseModel):
    """What really happened, or what it was worth, about one prediction."""

    model_config = _STRICT_AND_LATE

    prediction_id: str = Field(description="The id that came with the prediction.")
    actual: Annotated[Any, WithJsonSchema({"type": ["string", "number", "boolean", "null"]})] = Field(
        default=None,
        description="One of the model's classes, or a finite number for regression. May be left out where a reward is given.",
    )
    reward: Annotated[Any, WithJsonSchema({"type": ["number", "null"]})] = Field(
        default=None,
        description="What the prediction was worth, by which experiments compare their arms: a finite number, more is better.",
    )
    observed_at: str | None = Field(
        default=None,
        description="When that became known: ISO 8601 with a time zone, not in the future. Left out, it is now. "
        "Of two labels for one prediction the one that was observed later counts.",
    )


class FeedbackRequest(BaseModel):
    """Labels of predictions that were made before; the same label may be sent again."""

    model_config = _STRICT_AND_LATE

    labels: list[LabelBody] = Field(
        min_length=1,
        max_length=MAX_LABELS,
        description="All are taken, or none. Whoever has many more uploads them as a CSV file.",
    )


class PredictionBody(TypedDict):
    """The answer to one row."""

    prediction_id: str
    value: Value
    probabilities: Mapping[str, float] | None
    variant: str
    model_version: int


class PredictionsBody(TypedDict):
    """One prediction per row, in the order of the rows."""

    predictions: list[PredictionBody]
    request_id: str


RowSchema = TypedDict(
    "RowSchema",
    {
        "$schema": str,
        "title": str,
        "description": str,
        "type": Literal["object"],
        "properties": Mapping[str, Any],
        "required": list[str],
        "additionalProperties": Literal[False],
    },
)
"""A row as JSON Schema."""


class FeedbackBody(TypedDict):
    """Labels that were taken, to be joined with their predictions later."""

    accepted: int
    request_id: str


class OutputTensor(TypedDict):
    """One output for all rows."""

    name: str
    datatype: Datatype
    shape: list[int]
    data: list[Any]
    parameters: NotRequired[dict[str, str]]


class InferBody(TypedDict):
    """The answer of the Open Inference Protocol."""

    model_name: str
    model_version: NotRequired[str]
    """Left out where rows were answered by several versions, in an experiment; the output of that name has them all."""
    id: NotRequired[str]
    outputs: list[OutputTensor]


class TensorMetadata(TypedDict):
    """A column: -1 stands for any number of rows."""

    name: str
    datatype: Datatype
    shape: list[int]


class ModelMetadata(TypedDict):
    """What a model takes and gives."""

    name: str
    versions: list[str]
    platform: str
    inputs: list[TensorMetadata]
    outputs: list[TensorMetadata]


class ModelReady(TypedDict):
    """Whether the model answers predictions."""

    name: str
    ready: bool


class ServerMetadata(TypedDict):
    """Who answers."""

    name: str
    version: str
    extensions: list[str]


class Live(TypedDict):
    """The function runs."""

    live: bool


class Ready(TypedDict):
    """Predictions are answered."""

    ready: bool


class Problem(TypedDict):
    """One thing wrong with a request."""

    row: int | None
    """Index from 0; null when it is not about one row."""
    field: str | None
    problem: str


class ErrorBody(TypedDict):
    """Why there is no answer: a problem of RFC 9457."""

    type: Literal["about:blank"]
    title: str
    """The status in words."""
    status: int
    detail: str
    error: str
    """The same as `detail`, where the Open Inference Protocol looks for it."""
    details: list[Problem]
    """At most 100; `error` says how many there are."""
    request_id: str
