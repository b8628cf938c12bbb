"""Puts rows of features: into the history first, then into the online store where they are the newest.

The history is what is known; the store holds the newest row of each entity. A put that dies in between, or twice, is done
again from the start: the same rows have the same place in the history and keep the time at which they were put first, and
a row never replaces a newer one. So the store ends in the same state whatever died, and whoever came first.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from lambdaloop.domain.feature_history import history_key, put_time, write_history
from lambdaloop.domain.shared_groups import SharedGroup
from lambdaloop.domain.stored_features import StoredRow, is_fresh
from lambdaloop.ports import FeatureHistory, FeatureStore
from lambdaloop.ports.features import ItemState

ROWS_AT_ONCE = 5000
"""Of one object of the history, and between two reports of progress."""
_WRITERS = 16
"""A conditional write takes one request: DynamoDB's batches have no conditions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PutSummary:
    """What became of the rows."""

    rows: int
    written: int
    """Entities whose item is now one of these rows."""
    kept: int
    """Entities whose item was as new already."""
    expired: int
    """Entities whose newest row here is older than any model takes; it is in the history only."""


def put_features(
    rows: Sequence[StoredRow],
    *,
    group: SharedGroup,
    store: FeatureStore,
    history: FeatureHistory,
    now: datetime,
    progress: Callable[[int], None] = lambda done: None,  # noqa: ARG005
) -> PutSummary:
    """Do all of it, also after an earlier attempt that did a part; `progress` is told how many more rows are done."""
    summary = PutSummary(rows=0, written=0, kept=0, expired=0)
    with ThreadPoolExecutor(_WRITERS) as writers:
        for start in range(0, len(rows), ROWS_AT_ONCE):
            chunk = rows[start : start + ROWS_AT_ONCE]
            done = _put_chunk(_kept(chunk, group.name, history), group, store, now, writers)
            summary = PutSummary(
                rows=summary.rows + len(chunk),
                written=summary.written + done.written,
                kept=summary.kept + done.kept,
                expired=summary.expired + done.expired,
            )
            progress(len(chunk))
    return summary


def _kept(chunk: Sequence[StoredRow], group: str, history: FeatureHistory) -> list[StoredRow]:
    """The rows with the time at which they were put first."""
    key = history_key(group, chunk)
    first = put_time(history.keep(key, write_history(chunk)), source=key)
    return [replace(row, put_at=first) for row in chunk]


def _put_chunk(
    rows: Sequence[StoredRow],
    group: SharedGroup,
    store: FeatureStore,
    now: datetime,
    writers: ThreadPoolExecutor,
) -> PutSummary:
    newest: dict[str, StoredRow] = {}
    for row in rows:
        if row.entity not in newest or newest[row.entity].order < row.order:
            newest[row.entity] = row
    max_age = None if group.ttl_seconds is None else timedelta(seconds=group.ttl_seconds)
    alive = [row for row in newest.values() if is_fresh(min(row.event_time, now), now, max_age)]
    wanted = list(_outdated(alive, group, store))

    def write(row: StoredRow) -> bool:
        return store.put(group.name, row, expires=_expires(row, group))

    written = sum(writers.map(write, wanted))
    return PutSummary(
        rows=len(rows), written=written, kept=len(alive) - written, expired=len(newest) - len(alive)
    )


def _outdated(rows: Sequence[StoredRow], group: SharedGroup, store: FeatureStore) -> Iterator[StoredRow]:
    """Those that are newer than what is stored, or would go at another time: reading costs a tenth of writing."""
    states = store.states(group.name, [row.entity for row in rows])
    for row in rows:
        state = states.get(row.entity)
        wanted = ItemState(event_time=row.event_time, put_at=row.put_at, expires=_expires(row, group))
        if state is None or (state != wanted and (state.event_time, state.put_at) <= row.order):
            yield row


def _expires(row: StoredRow, group: SharedGroup) -> int | None:
    """A second later than the last one at which it counts."""
    if group.ttl_seconds is None:
        return None
    return int(row.event_time.timestamp()) + group.ttl_seconds + 1
