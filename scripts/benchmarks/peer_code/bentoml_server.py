"""A BentoML service: `bentoml serve bentoml_server:Forest`. The pipeline is PIPELINE's."""

import os

import bentoml  # type: ignore[import-not-found]
import joblib
import numpy as np
import pandas as pd


@bentoml.service
class Forest:
    """One model."""

    def __init__(self) -> None:
        self._pipeline = joblib.load(os.environ["PIPELINE"])

    @bentoml.api  # type: ignore[untyped-decorator]
    def predict(self, frame: pd.DataFrame) -> "np.ndarray[tuple[int, int], np.dtype[np.float64]]":
        """Probabilities of the classes for each row."""
        probabilities: np.ndarray[tuple[int, int], np.dtype[np.float64]] = self._pipeline.predict_proba(frame)
        return probabilities
