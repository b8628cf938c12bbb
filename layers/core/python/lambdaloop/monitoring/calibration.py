"""What a score is worth: curves from scores to probabilities, fitted on the holdout of a version.

A curve is piecewise linear, so that applying it needs numpy only. Many rows give an isotonic regression, few a sigmoid.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from lambdaloop.domain.baseline import Curve
from lambdaloop.domain.definition import Label

ISOTONIC_ROWS = 1000

_GROUP_ROWS = 20  # fewer rows tell a probability too badly, and the curve would follow their chance
_LOGITS = np.arange(-16, 16.125, 0.25)  # between them, a sigmoid of a sigmoid is straight enough

Floats = NDArray[np.float64]


def fit_calibration(
    target: NDArray[np.int64], scores: Floats, classes: Sequence[Label]
) -> Mapping[str, Curve]:
    """By str(label): for binary of the positive class, for multiclass of each class against the others.

    target: [rows] indices of classes; scores: [rows, classes].
    """
    fit = _isotonic if len(target) >= ISOTONIC_ROWS else _sigmoid
    first = 1 if len(classes) == 2 else 0
    return {
        str(classes[index]): fit(scores[:, index], (target == index).astype(np.float64))
        for index in range(first, len(classes))
    }


def calibrated(scores: Floats, classes: Sequence[Label], calibration: Mapping[str, Curve]) -> Floats:
    """Probabilities, [rows, classes], of scores of that shape; KeyError when a class has no curve."""
    if len(classes) == 2:
        positive = _apply(calibration[str(classes[1])], scores[:, 1])
        return np.column_stack([1 - positive, positive])
    each = np.column_stack(
        [_apply(calibration[str(label)], scores[:, index]) for index, label in enumerate(classes)]
    )
    total = each.sum(axis=1, keepdims=True)
    shares: Floats = np.divide(each, total, out=scores.copy(), where=total > 0)
    return shares


def _apply(curve: Curve, scores: Floats) -> Floats:
    return np.asarray(np.interp(scores, curve.x, curve.y))


def _isotonic(scores: Floats, hits: Floats) -> Curve:
    """Centred isotonic regression: straight lines between the means of the blocks that pooling made.

    The blocks' steps themselves would tie scores that differ and jump at their ends. See Oron and Flournoy, "Centered
    isotonic regression" (Statistics in Biopharmaceutical Research, 2017).
    """
    from sklearn.isotonic import isotonic_regression

    order = np.argsort(scores, kind="stable")
    ordered = scores[order]
    # Equal scores stay together, and a rest goes to the last group.
    groups = np.minimum(np.searchsorted(ordered, ordered) // _GROUP_ROWS, len(ordered) // _GROUP_ROWS - 1)
    rows, means, rates = _by(groups, ordered, hits[order])
    fitted = isotonic_regression(rates, sample_weight=rows, y_min=0, y_max=1)
    blocks = np.concatenate([[0], np.cumsum(np.diff(fitted) > 0)])
    weights = np.bincount(blocks, rows)
    x = np.bincount(blocks, rows * means) / weights
    y = fitted[np.searchsorted(blocks, np.arange(len(x)))]
    return Curve(x=tuple(x.tolist()), y=tuple(y.tolist()))


def _by(groups: NDArray[np.int64], scores: Floats, hits: Floats) -> tuple[Floats, Floats, Floats]:
    """Rows, mean score and share of hits of each group."""
    _, places = np.unique(groups, return_inverse=True)
    rows = np.bincount(places).astype(np.float64)
    return rows, np.bincount(places, scores) / rows, np.bincount(places, hits) / rows


def _sigmoid(scores: Floats, hits: Floats) -> Curve:
    """Platt scaling of the logit: targets a little away from 0 and 1, for few rows prove nothing certain.

    See Platt, "Probabilistic outputs for support vector machines" (1999). A score that goes the wrong way tells nothing:
    then every score gets the share of hits.
    """
    from sklearn.linear_model import LogisticRegression

    positives = float(hits.sum())
    negatives = len(hits) - positives
    high, low = (positives + 1) / (positives + 2), 1 / (negatives + 2)
    targets = np.where(hits > 0, high, low)
    logits = _logit(scores).reshape(-1, 1)
    model = LogisticRegression(C=1e6).fit(
        np.concatenate([logits, logits]),
        np.repeat([1, 0], len(hits)),
        sample_weight=np.concatenate([targets, 1 - targets]),
    )
    slope, offset = float(model.coef_[0, 0]), float(model.intercept_[0])
    if slope <= 0:
        slope, offset = 0.0, float(_logit(np.array([targets.mean()]))[0])
    x = 1 / (1 + np.exp(-_LOGITS))
    y = 1 / (1 + np.exp(-(slope * _LOGITS + offset)))
    return Curve(x=tuple(x.tolist()), y=tuple(y.tolist()))


def _logit(scores: Floats) -> Floats:
    inside = np.clip(scores, 1e-7, 1 - 1e-7)
    return np.log(inside) - np.log1p(-inside)
