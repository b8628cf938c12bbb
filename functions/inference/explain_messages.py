"""The bodies of explanations; `messages` says how bodies are written down."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema
from typing_extensions import TypedDict

from functions.inference.messages import Value
from lambdaloop.domain.explained_scale import Scale
from lambdaloop.services.explain import MAX_ROWS


class ExplainRequest(BaseModel):
    """Rows to explain."""

    model_config = ConfigDict(extra="forbid", strict=True, defer_build=True)

    rows: list[dict[str, Any]] = Field(
        min_length=1,
        max_length=MAX_ROWS,
        description="As for a prediction; at most 100, fewer where a model has many features.",
    )
    label: Annotated[Any, WithJsonSchema({"type": ["string", "integer", "boolean", "null"]})] = Field(
        default=None,
        description="The class to explain. Left out, it is the second of two, or the predicted one of more.",
    )
    scale: Scale | None = Field(
        default=None,
        description="On what contributions add up: value (of a regression), probability, or margin, the logarithm of the odds. "
        "Left out, it is margin where contributions are exact on it, and probability otherwise.",
    )
    model_version: int | None = Field(
        default=None, description="One of the versions that are live: in an experiment, that of an arm."
    )


class ExplanationBody(TypedDict):
    """One row: `base` and all contributions add up to `output`."""

    value: Value
    probabilities: Mapping[str, float] | None
    label: str | None
    """The explained class; null for a regression."""
    scale: Scale
    method: Literal["exact", "sampled"]
    base: float
    """The mean output of ordinary rows, which the model came with."""
    output: float
    contributions: Mapping[str, float]
    """By feature."""
    errors: Mapping[str, float] | None
    """Standard errors of sampled contributions; null for exact ones."""


class ExplanationsBody(TypedDict):
    """One explanation per row, in the order of the rows."""

    explanations: list[ExplanationBody]
    model_version: int
    request_id: str
