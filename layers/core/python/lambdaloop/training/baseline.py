"""The baseline of a version: what its rows looked like, and what its predictions were worth on the holdout."""

from collections.abc import Collection
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lambdaloop.domain.baseline import Baseline
from lambdaloop.domain.signature import Signature
from lambdaloop.monitoring.calibration import fit_calibration
from lambdaloop.monitoring.columns import Columns
from lambdaloop.monitoring.observing import observe
from lambdaloop.monitoring.profiling import profile_baseline
from lambdaloop.monitoring.reconstruction import fit_reconstruction
from lambdaloop.training.scoring import Scores


def build_baseline(
    signature: Signature,
    *,
    captured: Collection[str],
    frame: pd.DataFrame,
    holdout_frame: pd.DataFrame,
    holdout_target: NDArray[Any],
    scores: Scores,
) -> Baseline:
    """Everything that live traffic is held against.

    captured: the features in the prediction log; only relations between these can be seen to break. frame: the rows that live
    traffic should look like. scores: of the holdout, for on its own training rows a model is too sure.
    """
    # Free text has no distribution to hold anything against, and is never captured.
    profiled = [name for name, feature in signature.features.items() if feature.type != "text"]
    usual, holdout = frame_columns(frame[profiled]), frame_columns(holdout_frame[profiled])
    seen = {name: values for name, values in usual.items() if name in captured}
    reconstruction = fit_reconstruction(seen, signature)
    return Baseline(
        profile=profile_baseline(
            usual, scores, holdout=holdout, signature=signature, reconstruction=reconstruction
        ),
        outcomes=observe(signature.task, signature.classes, holdout_target, scores),
        calibration=fit_calibration(holdout_target, scores, signature.classes) if signature.classes else {},
        reconstruction=reconstruction,
    )


def frame_columns(frame: pd.DataFrame) -> Columns:
    """A typed frame in the form that monitoring takes: a missing category is None instead of NaN."""
    return {str(name): _column(frame[name]) for name in frame.columns}


def _column(values: "pd.Series[Any]") -> NDArray[Any]:
    if pd.api.types.is_numeric_dtype(values):
        return values.to_numpy(dtype=np.float64)
    column: NDArray[Any] = values.to_numpy(dtype=object, copy=True)
    column[values.isna().to_numpy()] = None
    return column
