"""How much of what was predicted is missing in the log, beyond what sampling explains."""

import math

_DEVIATIONS = 3.0


def capture_loss(*, served: float | None, captured: int, rate: float) -> float | None:
    """The share of the predictions that should be in the log and are not; None when none was served.

    Each of them is sampled with probability `rate`, so that few of them may be missing by chance.

    >>> capture_loss(served=1000, captured=750, rate=1.0)
    0.25
    >>> capture_loss(served=10, captured=3, rate=0.5)
    0.0
    """
    if not served:
        return None
    wanted = served * rate
    chance = _DEVIATIONS * math.sqrt(served * rate * (1 - rate))
    return max(0.0, 1 - (captured + chance) / wanted)
