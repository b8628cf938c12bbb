"""Permutation importance: how much worse a fitted model becomes when one feature's values are dealt out anew.

It asks the model as a whole, whatever it is made of (Breiman, "Random forests", 2001; Fisher, Rudin and Dominici, "All models
are wrong, but many are useful", 2019). Features that say the same share their importance: each alone is easily replaced.
"""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline

from lambdaloop.domain.holdout_findings import Importance
from lambdaloop.domain.metrics import Task, improvement
from lambdaloop.training.scoring import compute_metric, predict_scores

_SHUFFLES = 3
_MOST_ROWS = 1500
_MOST_PREDICTIONS = 300_000
"""Of all features together: more of them are measured on fewer rows, so that an evaluation stays short."""
_LEAST_ROWS = 100


def permutation_importance(
    pipeline: Pipeline, frame: pd.DataFrame, target: NDArray[Any], *, task: Task, metric: str, seed: int
) -> tuple[Importance, ...]:
    """Of every feature, the most important first; none where the metric has no value on the rows."""
    chance = np.random.default_rng(seed)
    count = min(len(frame), _MOST_ROWS, max(_LEAST_ROWS, _MOST_PREDICTIONS // (_SHUFFLES * frame.shape[1])))
    rows = np.sort(chance.permutation(len(frame))[:count])
    frame, target = frame.iloc[rows].reset_index(drop=True), target[rows]
    whole = compute_metric(metric, target, predict_scores(pipeline, frame, task=task), task=task)
    if whole is None:
        return ()
    copies = pd.concat([frame] * _SHUFFLES, ignore_index=True)
    found = []
    for feature in frame.columns:
        # One call for all shuffles: for most models a call costs more than its rows.
        orders = np.concatenate([chance.permutation(count) for _ in range(_SHUFFLES)])
        dealt = copies.assign(**{str(feature): frame[feature].to_numpy()[orders]})
        scores = predict_scores(pipeline, dealt, task=task)
        drops = []
        for part in np.split(scores, _SHUFFLES):
            value = compute_metric(metric, target, part, task=task)
            if value is not None:
                drops.append(improvement(metric, whole, over=value))
        if drops:
            found.append(
                Importance(feature=str(feature), drop=float(np.mean(drops)), deviation=float(np.std(drops)))
            )
    return tuple(sorted(found, key=lambda each: (-each.drop, each.feature)))
