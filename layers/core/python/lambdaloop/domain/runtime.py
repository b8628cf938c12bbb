"""What computes a version's answers, why it was chosen, and what it costs."""

from dataclasses import dataclass
from typing import Literal

Runtime = Literal["compiled", "sklearn"]
"""compiled: fitted parameters as typed arrays, evaluated with numpy alone; sklearn: the fitted pipeline itself."""
RuntimeChoice = Literal["compiled", "auto", "sklearn"]
"""What a definition may ask for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenRuntime:
    """Which runtime packaging chose. The same fit gives the same choice, so it is part of the manifest."""

    name: Runtime
    reason: str
    """Why this one."""
    worst_difference: float
    """From scikit-learn's answers, on the golden rows."""
    bytes: int
    """Size of the served model."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Speed:
    """What the parity check measured in the layer that serves."""

    load_ms: float
    """Until a bundle in memory can answer."""
    row_us: float
    """Median time of a request's single row, encoding included."""
    batch_row_us: float
    """The same per row of a batch of all golden rows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredRuntime(ChosenRuntime):
    """The choice with its speed."""

    speed: Speed
