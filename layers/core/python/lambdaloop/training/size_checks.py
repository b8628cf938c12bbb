"""Whether there are enough rows on both sides of the split for folds, classes and columns."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lambdaloop.domain.definition import ModelDefinition
from lambdaloop.domain.recent_holdout import ROWS_PER_FOLD

_ROWS_OF_CLASS_PER_FOLD = 2
_VALUES_PER_FOLD = 2


def size_problems(
    definition: ModelDefinition,
    target: NDArray[Any],
    groups: NDArray[Any] | None,
    holdout: NDArray[np.bool_],
    *,
    recent: bool,
) -> list[str]:
    """One line for each lack of rows, with the fix. `recent`: the holdout is the newest captured rows."""
    count = definition.training.folds
    problems = []
    training_rows, needed = int((~holdout).sum()), count * ROWS_PER_FOLD
    if training_rows < needed:
        problems.append(
            f"{training_rows} rows for training are too few: {count} folds need {needed}: add data or lower folds"
        )
    if not holdout.any():
        problems.append("the holdout has no row: add data or raise holdout")
    if groups is not None and (entities := len(set(groups[~holdout]))) < count:
        problems.append(
            f"{entities} entities for training are too few for {count} folds: add data or lower folds"
        )
    needed = count * _ROWS_OF_CLASS_PER_FOLD
    for index, label in enumerate(definition.classes):
        here = int(((target == index) & ~holdout).sum())
        if here < needed:
            problems.append(
                f"class {label!r} has {here} rows for training: {count} folds need {needed}: add data or lower folds"
            )
        elif groups is not None and (owners := len(set(groups[(target == index) & ~holdout]))) < count:
            problems.append(
                f"class {label!r} has {here} rows for training but of {owners} different {definition.entity!r} only: "
                f"{count} folds need {count}: add data or lower folds"
            )
        if not ((target == index) & holdout).any():
            problems.append(_without_class(label, int(holdout.sum()), recent=recent))
    return problems


def empty_columns(definition: ModelDefinition, frame: pd.DataFrame) -> list[str]:
    """A column that is missing in every row of a fold teaches nothing, and histogram boosting cannot fit it."""
    needed = definition.training.folds * _VALUES_PER_FOLD
    known = frame.notna().sum()
    return [
        f"column {name!r} has {known[name]} values for training, at least {needed} make a feature: remove it from features"
        for name in definition.features
        if known[name] < needed
    ]


def _without_class(label: object, rows: int, *, recent: bool) -> str:
    if recent:
        return (
            f"class {label!r} has no row among the newest {rows} captured ones, on which models are compared: raise "
            "retraining.holdout or wait for more labels"
        )
    return f"class {label!r} has no row in the holdout: add data or raise holdout"
