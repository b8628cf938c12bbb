"""Cross-validation folds over the training rows.

Rows without an order are shuffled. Rows in the order of time are not: a candidate that is scored on rows between those that
it was fitted on looks better than it will be on tomorrow's, so each fold is scored on what came after all that it was fitted
on. Uploaded rows in a run with captured ones are older than those, and in every fit.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import GroupKFold, KFold, StratifiedGroupKFold, StratifiedKFold, TimeSeriesSplit

from lambdaloop.domain.definition import ModelDefinition
from lambdaloop.domain.errors import DatasetInvalidError
from lambdaloop.training.preparation import PreparedData

Fold = tuple[NDArray[np.int64], NDArray[np.int64]]
"""Training rows to fit on, and to score on."""


def folds(data: PreparedData, definition: ModelDefinition) -> Iterator[Fold]:
    """The same folds every time. In the order of time, those are left out that lack a class on one of their sides."""
    if data.ordered_from is None:
        return _shuffled(data, definition)
    wanted, target = set(range(len(definition.classes))), data.training_target
    return (
        fold
        for fold in _forward(len(target), data.ordered_from, definition.training.folds)
        if all(wanted <= set(target[side].tolist()) for side in fold)
    )


def check_folds(data: PreparedData, definition: ModelDefinition) -> None:
    """DatasetInvalidError when the rows fall such that a candidate would be fitted without one of the classes."""
    if data.ordered_from is not None:
        if next(folds(data, definition), None) is None:
            raise DatasetInvalidError(
                f"in the order of time, none of {definition.training.folds} folds has every class both before and after "
                "its cut: add data or lower folds"
            )
        return
    target, wanted = data.training_target, set(range(len(definition.classes)))
    for number, (fitted, _) in enumerate(folds(data, definition), start=1):
        if lacking := sorted(wanted - set(target[fitted].tolist())):
            names = ", ".join(repr(definition.classes[index]) for index in lacking)
            raise DatasetInvalidError(
                f"fold {number} of {definition.training.folds} would be trained without class {names}, whose rows "
                "belong to a few large entities: add data or lower folds"
            )


def _shuffled(data: PreparedData, definition: ModelDefinition) -> Iterator[Fold]:
    """Seeded; the rows of an entity stay together."""
    count, seed = definition.training.folds, definition.training.seed
    groups = None if data.groups is None else data.groups[~data.holdout]
    classified = definition.task != "regression"
    if groups is None:
        kind: Any = StratifiedKFold if classified else KFold
    else:
        kind = StratifiedGroupKFold if classified else GroupKFold
    splitter = kind(n_splits=count, shuffle=True, random_state=seed)
    target = data.training_target
    return iter(splitter.split(np.zeros(len(target)), target, groups))


def _forward(rows: int, first: int, count: int) -> Iterator[Fold]:
    """The rows before `first` are in every fit."""
    always = np.arange(first)
    for fitted, held in TimeSeriesSplit(n_splits=count).split(np.zeros(rows - first)):
        yield np.concatenate([always, first + fitted]), first + held
