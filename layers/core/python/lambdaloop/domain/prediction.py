"""What a model answers to one row, and what a caller gets."""

from collections.abc import Mapping
from dataclasses import dataclass

from lambdaloop.domain.assignment import AssignmentKind
from lambdaloop.domain.definition import Label


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """What a served model computed from one row."""

    value: Label | float
    """The label, or the number for regression."""
    probabilities: Mapping[str, float] | None = None
    """By str(label), for classification."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """An output that can be referred to later, when its label arrives."""

    prediction_id: str
    """Unique, also among environments that started from the same snapshot."""
    output: Output
    variant: str
    model_version: int
    assignment: AssignmentKind | None = None
    """How the variant was chosen; None outside of experiments."""
