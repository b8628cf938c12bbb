"""Golden rows: inputs with scikit-learn's own answers, and the rule by which another runtime counts as exact.

Checked twice: before a version is registered (parity gate) and against the published Lambda version before it takes
traffic.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lambdaloop.domain.definition import Label
from lambdaloop.domain.documents import from_document, to_document
from lambdaloop.domain.errors import ParityError

TOLERANCE = 1e-6
"""Largest difference of a probability, or of a number relative to max(1, |number|)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GoldenOutput:
    """What scikit-learn answered to one row."""

    value: Label | float
    """The label, or the number for regression."""
    probabilities: Mapping[str, float] | None = None
    """By str(label), for classification."""
    margin: float = 0.0
    """Difference of the two greatest probabilities; 0 for regression."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GoldenRows:
    """Rows and their expected outputs, one for one."""

    rows: tuple[Mapping[str, Any], ...]
    """Column to value, None where it is missing."""
    outputs: tuple[GoldenOutput, ...]

    def __post_init__(self) -> None:
        if len(self.rows) != len(self.outputs):
            raise ValueError(f"{len(self.rows)} rows need as many outputs, got {len(self.outputs)}")

    def to_json(self) -> bytes:
        """Compact JSON; floats are written so that they read back bit for bit."""
        return json.dumps(to_document(self), separators=(",", ":"), allow_nan=False).encode()

    @classmethod
    def from_json(cls, content: bytes) -> "GoldenRows":
        """The inverse of `to_json`; ValueError when the content is something else."""
        return from_document(cls, json.loads(content))


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the runtime under test answered to one row."""

    value: Label | float
    probabilities: Mapping[str, float] | None = None


def worst_difference(golden: GoldenRows, answers: Sequence[Answer]) -> float:
    """The greatest difference between answers and golden outputs.

    Raises ParityError that names the first row beyond the tolerance, or with another label where scikit-learn's margin
    is not below the tolerance.
    """
    if len(answers) != len(golden.rows):
        raise ParityError(f"{len(golden.rows)} golden rows got {len(answers)} answers")
    worst = 0.0
    for number, (expected, answer) in enumerate(zip(golden.outputs, answers, strict=True)):
        difference = _difference(expected, answer, number)
        if not difference <= TOLERANCE:  # NaN is no parity either
            raise ParityError(
                f"golden row {number}: expected {expected.probabilities or expected.value}, "
                f"got {answer.probabilities or answer.value}: off by {difference:.3g}, allowed {TOLERANCE:g}"
            )
        worst = max(worst, difference)
    return worst


def _difference(expected: GoldenOutput, answer: Answer, number: int) -> float:
    if expected.probabilities is None:
        if isinstance(answer.value, str | bool) or isinstance(expected.value, str | bool):
            raise ParityError(f"golden row {number}: expected a number, got {answer.value!r}")
        return abs(answer.value - expected.value) / max(1.0, abs(expected.value))
    if answer.probabilities is None or answer.probabilities.keys() != expected.probabilities.keys():
        raise ParityError(
            f"golden row {number}: expected probabilities of {', '.join(expected.probabilities)}, "
            f"got {answer.probabilities}"
        )
    if not _same_label(expected.value, answer.value) and expected.margin >= TOLERANCE:
        raise ParityError(
            f"golden row {number}: expected label {expected.value!r} (margin {expected.margin:.3g}), "
            f"got {answer.value!r}"
        )
    differences = [abs(answer.probabilities[label] - p) for label, p in expected.probabilities.items()]
    return max(differences) if all(d == d for d in differences) else float("nan")  # noqa: PLR0124


def _same_label(expected: Label | float, answer: Label | float) -> bool:
    return type(expected) is type(answer) and expected == answer
