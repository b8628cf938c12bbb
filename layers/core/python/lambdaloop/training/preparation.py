"""The one way from a dataset's text to what every training step works on: typed rows, target, groups and holdout."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.model_selection import GroupKFold, KFold, StratifiedGroupKFold, StratifiedKFold

from lambdaloop.domain.definition import ModelDefinition
from lambdaloop.domain.errors import DatasetInvalidError
from lambdaloop.domain.splitting import holdout_mask, row_key
from lambdaloop.training.frames import Findings, missing_columns, target_values, typed_frame
from lambdaloop.training.tables import RawTable

_ROWS_PER_FOLD = 10
_ROWS_OF_CLASS_PER_FOLD = 2
_VALUES_PER_FOLD = 2
_MAX_LINES = 50


@dataclass(frozen=True, kw_only=True)
class PreparedData:
    """Typed rows, one for one with the table."""

    frame: pd.DataFrame
    target: NDArray[Any]
    """Class indices or numbers."""
    groups: NDArray[Any] | None
    """The entity of each row, where an entity has several rows."""
    holdout: NDArray[np.bool_]
    unexpected: tuple[str, ...]
    """Lines about values outside ranges and categories that are accepted."""

    @property
    def training_frame(self) -> pd.DataFrame:
        """The rows that training may see."""
        return self.frame[~self.holdout]

    @property
    def training_target(self) -> NDArray[Any]:
        """Their target."""
        return self.target[~self.holdout]

    @property
    def holdout_frame(self) -> pd.DataFrame:
        """The rows that training never sees."""
        return self.frame[self.holdout]

    @property
    def holdout_target(self) -> NDArray[Any]:
        """Their target."""
        return self.target[self.holdout]


def prepare(table: RawTable, definition: ModelDefinition) -> PreparedData:
    """Type and split a table; DatasetInvalidError with every problem of its values and its size."""
    wanted = [*definition.features, definition.target, *([definition.entity] if definition.entity else [])]
    _refuse(missing_columns(table, wanted))
    problems, unexpected = Findings(), Findings()
    frame = typed_frame(table, definition.features, problems=problems, unexpected=unexpected)
    target = target_values(table, definition, problems)
    keys = _keys(table, definition, problems)
    _refuse(problems.lines(table))
    training = definition.training
    holdout = np.array(
        holdout_mask(keys, model=definition.name, fraction=training.holdout, split=training.split)
    )
    repeat = definition.entity is not None and len(set(keys)) < len(keys)
    groups = np.array(keys, dtype=object) if repeat else None
    _refuse(_size_problems(definition, target, groups, holdout) + _empty_columns(definition, frame[~holdout]))
    return PreparedData(
        frame=frame,
        target=target,
        groups=groups,
        holdout=holdout,
        unexpected=tuple(unexpected.lines(table)[:_MAX_LINES]),
    )


def folds(
    data: PreparedData, definition: ModelDefinition
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Seeded cross-validation folds over the training rows; the rows of an entity stay together."""
    count, seed = definition.training.folds, definition.training.seed
    groups = None if data.groups is None else data.groups[~data.holdout]
    classified = definition.task != "regression"
    if groups is None:
        kind = StratifiedKFold if classified else KFold
    else:
        kind = StratifiedGroupKFold if classified else GroupKFold
    splitter = kind(n_splits=count, shuffle=True, random_state=seed)
    target = data.training_target
    return iter(splitter.split(np.zeros(len(target)), target, groups))


def check_folds(data: PreparedData, definition: ModelDefinition) -> None:
    """DatasetInvalidError when the entities fall such that a candidate would be fitted without one of the classes."""
    target, wanted = data.training_target, set(range(len(definition.classes)))
    for number, (fitted, _) in enumerate(folds(data, definition), start=1):
        if lacking := sorted(wanted - set(target[fitted].tolist())):
            names = ", ".join(repr(definition.classes[index]) for index in lacking)
            raise DatasetInvalidError(
                f"fold {number} of {definition.training.folds} would be trained without class {names}, whose rows "
                "belong to a few large entities: add data or lower folds"
            )


def _keys(table: RawTable, definition: ModelDefinition, problems: Findings) -> list[str]:
    """What the split goes by: the entity, or the text of features and target."""
    if definition.entity is None:
        used = sorted([*definition.features, definition.target])
        return [row_key(fields) for fields in zip(*map(table.column, used), strict=True)]
    keys = table.column(definition.entity)
    for row, key in enumerate(keys):
        if not key.strip():
            problems.add(definition.entity, "missing, but it is the entity", row, key)
    return keys


def _size_problems(
    definition: ModelDefinition,
    target: NDArray[Any],
    groups: NDArray[Any] | None,
    holdout: NDArray[np.bool_],
) -> list[str]:
    count = definition.training.folds
    problems = []
    training_rows, needed = int((~holdout).sum()), count * _ROWS_PER_FOLD
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
            problems.append(f"class {label!r} has no row in the holdout: add data or raise holdout")
    return problems


def _empty_columns(definition: ModelDefinition, frame: pd.DataFrame) -> list[str]:
    """A column that is missing in every row of a fold teaches nothing, and histogram boosting cannot fit it."""
    needed = definition.training.folds * _VALUES_PER_FOLD
    known = frame.notna().sum()
    return [
        f"column {name!r} has {known[name]} values for training, at least {needed} make a feature: remove it from features"
        for name in definition.features
        if known[name] < needed
    ]


def _refuse(problems: list[str]) -> None:
    if problems:
        more = [f"and {len(problems) - _MAX_LINES} more"] if len(problems) > _MAX_LINES else []
        raise DatasetInvalidError("\n".join([*problems[:_MAX_LINES], *more]))
