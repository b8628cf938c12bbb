"""A model that was fitted elsewhere, as we know pipelines: raw data frame in, classes in the definition's order out.

It is pickled with the model, so whoever loads that, serving too, must find it here; it needs no more than scikit-learn does.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

_WHOLE = frozenset({"long", "integer"})


class ImportedPipeline:
    """The model behind the interface of a fitted pipeline."""

    def __init__(
        self, model: Any, *, columns: Sequence[str], types: Mapping[str, str], order: Sequence[int] | None
    ) -> None:
        """`order`: where the model has each class of the definition; None for a regression."""
        self.model = model
        self.columns = list(columns)
        self.types = dict(types)
        self.order = None if order is None else list(order)

    def predict_proba(self, frame: pd.DataFrame) -> NDArray[np.float64]:
        """[rows, classes] in the definition's order."""
        found = np.asarray(self.model.predict_proba(self._taken(frame)), dtype=np.float64)
        return found[:, self.order]

    def predict(self, frame: pd.DataFrame) -> NDArray[np.float64]:
        """[rows] numbers."""
        return np.asarray(self.model.predict(self._taken(frame)), dtype=np.float64).ravel()

    def _taken(self, frame: pd.DataFrame) -> pd.DataFrame:
        """The columns in the model's order, and of its types where no value is missing."""
        taken = frame[self.columns].copy()
        for name, kind in self.types.items():
            wanted = np.int64 if kind in _WHOLE else np.bool_ if kind == "boolean" else None
            if wanted is not None and not taken[name].isna().any():
                taken[name] = taken[name].astype(wanted)
        return taken
