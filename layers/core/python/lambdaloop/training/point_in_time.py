"""Gives training rows the stored features that a request at their time would have been given, and nothing newer.

For each row it is the newest row of its entity that was true by then, and not too old; of two of the same event time the
one that was put later. Without any, or where the value does not fit the feature, it is the default, as in serving.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lambdaloop.domain.definition import ModelDefinition
from lambdaloop.domain.errors import DatasetInvalidError
from lambdaloop.domain.online_rules import FeatureGroup, Stored
from lambdaloop.domain.stored_features import StoredRow, StoredValues, lacking_features, read_time
from lambdaloop.training.tables import RawTable

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_NONE = -1


def join_stored_features(
    table: RawTable, definition: ModelDefinition, history: Callable[[str], Iterable[StoredRow]]
) -> RawTable:
    """The table with a column for each stored feature that it lacks; `history` gives all rows of a group, in any order.

    DatasetInvalidError when there is no column of the entity or the event time, or a time cannot be read.
    """
    wanted = lacking_features(table.columns, definition)
    online = definition.online
    if online is None or not wanted or not table.rows:
        return table
    for column in (str(definition.entity), online.event_time):
        if column not in table.columns:
            raise DatasetInvalidError(
                f"column {column!r} is missing, by which stored features are joined: add it, name it with entity or "
                f"online.event_time, or add the columns {', '.join(name for each in wanted.values() for name in each)}"
            )
    entities, times = table.column(str(definition.entity)), _times(table, online.event_time)
    checked = StoredValues(definition.features)
    columns, joined = table.columns, [list(row) for row in table.rows]
    for group, names in wanted.items():
        known = set(entities)
        rows = [row for row in history(group) if row.entity in known]
        chosen = newest_before(entities, times, rows, max_age=online.groups[group].max_age)
        for fields, place in zip(joined, chosen.tolist(), strict=True):
            values = rows[place].values if place != _NONE else {}  # noqa: PD011  (no frame)
            fields += [_text_of(name, values, online.groups[group], checked) for name in names]
        columns = (*columns, *names)
    return replace(table, columns=columns, rows=joined)


def newest_before(
    entities: Sequence[str],
    times: Sequence[datetime],
    rows: Sequence[StoredRow],
    *,
    max_age: timedelta | None,
) -> NDArray[np.int64]:
    """For each entity and time the place of the row that counts then, or -1."""
    if not rows:
        return np.full(len(entities), _NONE)
    stored = pd.DataFrame(
        {
            "entity": pd.Series([row.entity for row in rows], dtype=object),
            "at": _microseconds([row.event_time for row in rows]),
            "put_at": _microseconds([row.put_at for row in rows]),
            "place": np.arange(len(rows)),
        }
    )
    stored = stored.sort_values(["at", "put_at", "place"]).drop_duplicates(["entity", "at"], keep="last")
    asked = pd.DataFrame(
        {
            "entity": pd.Series(list(entities), dtype=object),
            "at": _microseconds(times),
            "row": np.arange(len(entities)),
        }
    )
    found = pd.merge_asof(
        asked.sort_values(["at", "row"]),
        stored[["entity", "at", "place"]],
        on="at",
        by="entity",
        direction="backward",
        tolerance=None if max_age is None else max_age // _MICROSECOND,
    )
    chosen = np.full(len(entities), _NONE)
    chosen[found["row"].to_numpy()] = found["place"].fillna(_NONE).to_numpy().astype(np.int64)
    return chosen


def _times(table: RawTable, column: str) -> list[datetime]:
    times, wrong = [], []
    for number, text in enumerate(table.column(column)):
        try:
            times.append(read_time(text))
        except ValueError as error:
            wrong.append((number, str(error)))
    if wrong:
        number, problem = wrong[0]
        raise DatasetInvalidError(
            f"column {column!r}: {len(wrong)} × no time, first {problem} in {table.where(number)}"
        )
    return times


def _microseconds(times: Sequence[datetime]) -> NDArray[np.int64]:
    return np.array([(at - _EPOCH) // _MICROSECOND for at in times], dtype=np.int64)


def _text_of(name: str, values: Mapping[str, Stored], rules: FeatureGroup, checked: StoredValues) -> str:
    """As a CSV file of a user would spell it."""
    fits = name in values and checked.problem(name, values[name]) is None
    value = values[name] if fits else rules.features[name]
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else repr(value)
