"""On which scale an output is explained: the one that contributions add up on."""

import math
from typing import Literal

from lambdaloop.domain.prediction import Output

Scale = Literal["value", "probability", "margin"]
"""value: the number of a regression; probability: of the explained class.

margin: the logarithm of the odds, with more than two classes that of the probability over the geometric mean of all
probabilities. There logistic regressions are sums over their features.
"""

_LEAST = 1e-15
"""A probability of 0 has no logarithm."""


def on_scale(output: Output, label: str | None, scale: Scale) -> float:
    """One number; `label` is the explained class as text, and means nothing for a regression."""
    if output.probabilities is None or label is None:
        return float(output.value)
    if scale == "probability":
        return output.probabilities[label]
    logs = {name: math.log(max(p, _LEAST)) for name, p in output.probabilities.items()}
    if len(logs) == 2:
        return logs[label] - next(log for name, log in logs.items() if name != label)
    return logs[label] - math.fsum(logs.values()) / len(logs)
