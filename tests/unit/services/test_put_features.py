import random
from datetime import UTC, datetime, timedelta

import pytest

from lambdaloop.domain.definition import Feature
from lambdaloop.domain.feature_history import read_history
from lambdaloop.domain.shared_groups import SharedGroup
from lambdaloop.domain.stored_features import StoredRow, item_key
from lambdaloop.services.put_features import ROWS_AT_ONCE, PutSummary, put_features
from tests.fakes.features import DiedError, InMemoryFeatureHistory, InMemoryFeatureStore

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
DAY = timedelta(days=1)
FOR_EVER = SharedGroup(name="spending", entity="customer", features={"spend": Feature(type="number")})
FOR_A_WEEK = SharedGroup(
    name="spending", entity="customer", features=FOR_EVER.features, ttl_seconds=7 * 86_400
)


def row(entity: str, days_ago: float, spend: float, *, put: datetime = NOW) -> StoredRow:
    return StoredRow(entity=entity, event_time=NOW - days_ago * DAY, put_at=put, values={"spend": spend})


class Desk:
    """A store and a history, and puts into them."""

    def __init__(self, group: SharedGroup = FOR_EVER) -> None:
        self.store, self.history, self.group = InMemoryFeatureStore(), InMemoryFeatureHistory(), group
        self.told: list[int] = []

    def put(self, *rows: StoredRow) -> PutSummary:
        return put_features(
            rows,
            group=self.group,
            store=self.store,
            history=self.history,
            now=NOW,
            progress=self.told.append,
        )

    def spend(self, entity: str) -> object:
        return self.store.items[item_key("spending", entity)][0].values["spend"]


def test_the_store_holds_the_newest_row_and_the_history_all_of_them() -> None:
    desk = Desk()
    done = desk.put(row("c-1", 2, 1.0), row("c-1", 1, 2.0), row("c-2", 3, 3.0))
    assert (desk.spend("c-1"), desk.spend("c-2")) == (2.0, 3.0)
    assert done == PutSummary(rows=3, written=2, kept=0, expired=0)
    [content] = desk.history.objects.values()
    assert [each.values["spend"] for each in read_history(content, source="h")] == [1.0, 2.0, 3.0]


def test_what_arrives_late_never_replaces_what_is_newer() -> None:
    desk = Desk()
    desk.put(row("c-1", 1, 2.0))
    assert desk.put(row("c-1", 2, 1.0)).kept == 1
    assert desk.spend("c-1") == 2.0
    assert len(desk.history.objects) == 2, "but it is known from now on"


def test_a_correction_of_the_same_event_time_counts_and_the_old_file_cannot_take_it_back() -> None:
    desk = Desk()
    first, correction = row("c-1", 1, 2.0), row("c-1", 1, 2.5, put=NOW + timedelta(minutes=1))
    desk.put(first)
    desk.put(correction)
    assert desk.spend("c-1") == 2.5
    desk.put(row("c-1", 1, 2.0, put=NOW + timedelta(minutes=2)))  # the first file once more
    assert desk.spend("c-1") == 2.5


def test_the_same_rows_again_write_nothing() -> None:
    desk = Desk()
    rows = [row(f"c-{number}", 1, number) for number in range(5)]
    desk.put(*rows)
    before = dict(desk.store.items)
    again = desk.put(*(row(f"c-{number}", 1, number, put=NOW + DAY) for number in range(5)))
    assert again == PutSummary(rows=5, written=0, kept=5, expired=0)
    assert desk.store.items == before
    assert len(desk.history.objects) == 1


@pytest.mark.parametrize("dies_after", [0, 1, 7, 12])
def test_a_put_that_died_is_done_again_and_ends_in_the_same_state(dies_after: int) -> None:
    rows = [row(f"c-{number % 10}", 10 - number / 10, float(number)) for number in range(20)]
    undisturbed, desk = Desk(), Desk()
    undisturbed.put(*rows)
    desk.store.dies_after = dies_after
    if dies_after < 10:
        with pytest.raises(DiedError):
            desk.put(*rows)
        assert desk.history.objects, "what was to be written is known before anything is"
    desk.store.dies_after = None
    desk.put(*rows)
    assert desk.store.items == undisturbed.store.items
    assert desk.history.objects == undisturbed.history.objects


def test_files_in_any_order_end_in_the_same_state() -> None:
    chance = random.Random(7)
    files = [
        [
            row(f"c-{chance.randrange(4)}", chance.randrange(5), chance.random(), put=NOW + number * DAY)
            for _ in range(3)
        ]
        for number in range(6)
    ]
    wanted = Desk()
    for rows in files:
        wanted.put(*rows)
    for _ in range(10):
        shuffled = Desk()
        for rows in chance.sample(files, len(files)):
            shuffled.put(*rows)
        assert shuffled.store.items == wanted.store.items


def test_items_go_when_no_model_takes_them_any_more() -> None:
    desk = Desk(FOR_A_WEEK)
    done = desk.put(row("c-1", 1, 1.0), row("c-2", 8, 2.0))
    assert done == PutSummary(rows=2, written=1, kept=0, expired=1)
    assert desk.store.items.keys() == {"spending#c-1"}
    assert desk.store.items["spending#c-1"][1] == int((NOW + 6 * DAY).timestamp()) + 1


def test_a_longer_time_to_live_reaches_what_is_stored_when_it_is_put_again() -> None:
    desk = Desk(FOR_A_WEEK)
    desk.put(row("c-1", 1, 1.0))
    desk.group = FOR_EVER
    assert desk.put(row("c-1", 1, 1.0)).written == 1
    assert desk.store.items["spending#c-1"][1] is None


def test_progress_is_told_after_each_part() -> None:
    desk = Desk()
    desk.put(*(row(f"c-{number}", 1, number) for number in range(ROWS_AT_ONCE + 1)))
    assert desk.told == [ROWS_AT_ONCE, 1]
    assert len(desk.history.objects) == 2
