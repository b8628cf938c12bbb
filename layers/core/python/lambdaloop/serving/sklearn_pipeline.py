"""The fitted scikit-learn pipeline as a runtime, for models that nothing else computes exactly.

A joblib file is code when loaded. It gets here only where the definition attaches scikit-learn's layer, and only after its
sha256 was checked against the registry's.
"""

import io
from collections.abc import Mapping, Sequence
from pickle import UnpicklingError
from typing import Any

import joblib
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from lambdaloop.domain.definition import Feature
from lambdaloop.domain.errors import ArtifactCorruptError
from lambdaloop.domain.signature import Signature
from lambdaloop.serving.served_model import Scorer

_UNSEEN = "\x00a category that training did not know"


def load_pipeline(content: bytes, signature: Signature) -> Scorer:
    """Scores by the pipeline in these checked bytes; ArtifactCorruptError when they hold none."""
    # Lambda gives a request one core or a part of one: more threads would only wait for each other.
    threadpool_limits(limits=1)
    try:
        pipeline = joblib.load(io.BytesIO(content))
    except (
        UnpicklingError,
        ValueError,
        EOFError,
        KeyError,
        IndexError,
        ImportError,
        AttributeError,
    ) as error:
        raise ArtifactCorruptError(
            f"the pipeline of {len(content)} bytes cannot be loaded: {error}"
        ) from error
    columns = [_Column(name, feature) for name, feature in signature.features.items()]

    def score(matrix: NDArray[np.float64], texts: Mapping[int, Sequence[str]]) -> NDArray[np.float64]:
        frame = pd.DataFrame(
            {
                column.name: pd.Series(texts[place], dtype=object)
                if place in texts
                else column.values(matrix[:, place])
                for place, column in enumerate(columns)
            }
        )
        answer = pipeline.predict_proba(frame) if signature.classes else pipeline.predict(frame)
        return np.asarray(answer, dtype=np.float64).reshape(len(matrix), -1)

    return score


class _Column:
    """Turns the codes of one feature back into what the pipeline was fitted on."""

    def __init__(self, name: str, feature: Feature) -> None:
        self.name = name
        # By code: the categories, missing, and at -1 the unseen.
        self._categories = (
            np.array([*feature.categories, np.nan, _UNSEEN], dtype=object)
            if feature.type == "category"
            else None
        )

    def values(self, codes: NDArray[np.float64]) -> "pd.Series[Any]":
        if self._categories is None:
            return pd.Series(codes)
        return pd.Series(self._categories[codes.astype(np.intp)], dtype=object)
