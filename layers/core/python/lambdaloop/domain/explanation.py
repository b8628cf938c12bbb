"""How an output came about: what each feature contributed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from lambdaloop.domain.explained_scale import Scale
from lambdaloop.domain.prediction import Output


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """One row; `base` and the contributions add up to `output`."""

    prediction: Output
    label: str | None
    """The explained class; None for a regression."""
    scale: Scale
    method: Literal["exact", "sampled"]
    base: float
    """The mean output of the background rows."""
    output: float
    contributions: Mapping[str, float]
    errors: Mapping[str, float] | None
    """Standard errors of sampled contributions."""
