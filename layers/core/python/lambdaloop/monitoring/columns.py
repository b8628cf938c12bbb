"""Captured rows in memory: one array per feature, the form in which everything here counts, fits and compares."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Columns = Mapping[str, NDArray[Any]]
"""By feature: float64 with NaN for number, integer and boolean (0 or 1); objects, str or None, for category."""

Scores = NDArray[np.float64]
"""[rows, classes] probabilities in the signature's order, or [rows, 1] numbers."""
