"""The one way from a dataset's text to what every training step works on: typed rows, target, groups, weights and holdout."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lambdaloop.domain.definition import ModelDefinition
from lambdaloop.domain.errors import DatasetInvalidError
from lambdaloop.domain.splitting import Split, holdout_mask, row_key
from lambdaloop.training.frames import Findings, missing_columns, target_values, typed_frame
from lambdaloop.training.row_weights import row_weights
from lambdaloop.training.size_checks import empty_columns, size_problems
from lambdaloop.training.tables import CapturedTable, RawTable

_MAX_LINES = 50


@dataclass(frozen=True, kw_only=True)
class PreparedData:
    """Typed rows: those of the files one for one, or what a run with captured rows uses of them, then the captured ones."""

    frame: pd.DataFrame
    target: NDArray[Any]
    """Class indices or numbers."""
    groups: NDArray[Any] | None
    """The entity of each row, where an entity has several rows and folds are shuffled."""
    holdout: NDArray[np.bool_]
    split: Split
    """How the holdout was chosen."""
    unexpected: tuple[str, ...]
    """Lines about values outside ranges and categories that are accepted."""
    ordered_from: int | None = None
    """The training row from which on rows are in the order of time; None where they are in no order."""
    captured: int = 0
    """How many of the rows, the last ones of them, are captured ones."""
    weights: NDArray[np.float64] | None = None
    """What each row counts; None where all count alike."""

    @property
    def training_frame(self) -> pd.DataFrame:
        """The rows that training may see."""
        return self.frame[~self.holdout]

    @property
    def training_target(self) -> NDArray[Any]:
        """Their target."""
        return self.target[~self.holdout]

    @property
    def training_weights(self) -> NDArray[np.float64] | None:
        """What they count."""
        return None if self.weights is None else self.weights[~self.holdout]

    @property
    def holdout_frame(self) -> pd.DataFrame:
        """The rows that training never sees."""
        return self.frame[self.holdout]

    @property
    def holdout_target(self) -> NDArray[Any]:
        """Their target."""
        return self.target[self.holdout]

    @property
    def baseline_frame(self) -> pd.DataFrame:
        """What live traffic should look like: captured rows are live traffic; without any, the rows that were trained on."""
        return self.frame[-self.captured :] if self.captured else self.training_frame


def prepare(table: RawTable, definition: ModelDefinition) -> PreparedData:
    """Type and split a table; DatasetInvalidError with every problem of its values and its size."""
    data = (
        _with_captured(table, table.captured, definition) if table.captured else _uploaded(table, definition)
    )
    _refuse(size_problems(definition, data.target, data.groups, data.holdout, recent=data.captured > 0))
    _refuse(empty_columns(definition, data.training_frame))
    return data


@dataclass(frozen=True, kw_only=True)
class _Typed:
    """A table's features, target and keys."""

    frame: pd.DataFrame
    target: NDArray[Any]
    keys: list[str]
    unexpected: list[str]


def _uploaded(table: RawTable, definition: ModelDefinition) -> PreparedData:
    typed = _typed(table, definition, keyed=True)
    training = definition.training
    holdout = np.array(
        holdout_mask(typed.keys, model=definition.name, fraction=training.holdout, split=training.split)
    )
    by_time = training.split == "time"
    repeat = definition.entity is not None and len(set(typed.keys)) < len(typed.keys)
    return PreparedData(
        frame=typed.frame,
        target=typed.target,
        groups=np.array(typed.keys, dtype=object) if repeat and not by_time else None,
        holdout=holdout,
        split=Split.of(definition),
        unexpected=tuple(typed.unexpected[:_MAX_LINES]),
        ordered_from=0 if by_time else None,
    )


def _with_captured(table: RawTable, captured: CapturedTable, definition: ModelDefinition) -> PreparedData:
    """Uploaded rows first, then captured ones; entities do not matter, for in serving the same ones come again, too."""
    recent = _typed(captured.table, definition, keyed=False)
    frames, targets, unexpected = [recent.frame], [recent.target], recent.unexpected
    if table.rows:
        keyed = definition.training.split == "hash"
        old = _typed(table, definition, keyed=keyed)
        kept = np.full(len(old.frame), True)
        if keyed:
            mask = holdout_mask(
                old.keys, model=definition.name, fraction=definition.training.holdout, split="hash"
            )
            kept = ~np.array(mask)
        frames.insert(0, old.frame[kept])
        targets.insert(0, old.target[kept])
        unexpected = old.unexpected + unexpected
    uploaded = sum(map(len, frames)) - len(captured.times)
    holdout = np.full(uploaded + len(captured.times), False)
    holdout[-captured.held_out :] = True
    return PreparedData(
        frame=pd.concat(frames, ignore_index=True),
        target=np.concatenate(targets),
        groups=None,
        holdout=holdout,
        split=Split.recent(
            definition,
            since=captured.times[-captured.held_out],
            until=captured.times[-1],
            uploaded=uploaded > 0,
        ),
        unexpected=tuple(unexpected[:_MAX_LINES]),
        ordered_from=uploaded,
        captured=len(captured.times),
        weights=row_weights(
            definition.retraining, uploaded=uploaded, times=captured.times, until=captured.until
        ),
    )


def _typed(table: RawTable, definition: ModelDefinition, *, keyed: bool) -> _Typed:
    """DatasetInvalidError with every problem of the table's values. Keys are only there when they are asked for."""
    entity = [definition.entity] if keyed and definition.entity else []
    _refuse(missing_columns(table, [*definition.features, definition.target, *entity]))
    problems, unexpected = Findings(), Findings()
    frame = typed_frame(table, definition.features, problems=problems, unexpected=unexpected)
    target = target_values(table, definition, problems)
    keys = _keys(table, definition, problems) if keyed else []
    _refuse(problems.lines(table))
    return _Typed(frame=frame, target=target, keys=keys, unexpected=unexpected.lines(table))


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


def _refuse(problems: list[str]) -> None:
    if problems:
        more = [f"and {len(problems) - _MAX_LINES} more"] if len(problems) > _MAX_LINES else []
        raise DatasetInvalidError("\n".join([*problems[:_MAX_LINES], *more]))
