"""What a row counts in a fit: uploaded rows against captured ones, and captured rows by their age."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from lambdaloop.domain.monitoring_rules import Retraining


def row_weights(
    rules: Retraining, *, uploaded: int, times: Sequence[datetime], until: datetime
) -> NDArray[np.float64] | None:
    """Uploaded rows first, then captured ones; None when all count alike. A captured row of age 0 weighs 1."""
    old = np.full(uploaded, rules.original_weight)
    recent = np.ones(len(times))
    if rules.half_life_days is not None:
        ages = np.array([(until - at) / timedelta(days=1) for at in times])
        # Halved a thousand times is nothing, and a weight of nothing at all would be a row that is not there.
        recent = 0.5 ** np.minimum(ages / rules.half_life_days, 1000)
    weights = np.concatenate([old, recent])
    return None if np.all(weights == 1) else weights
