"""The built-in stream: the truth it promises is the truth it holds."""

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest

from scripts.cli.drifting_stream import (
    CATEGORIES,
    CHANGES,
    CHANNELS,
    LATE_SHARE,
    MOST_DAYS_LATE,
    SEASON_DAYS,
    TARGET,
    Change,
    Order,
    generate,
)

TRAINING_DAYS, DAYS, ROWS = 20, 100, 200


@pytest.fixture(scope="module")
def orders() -> list[Order]:
    return list(generate(training_days=TRAINING_DAYS, days=DAYS, rows_per_day=ROWS, label_delay_days=2))


def between(orders: Sequence[Order], start: float, end: float) -> list[Order]:
    """Orders of the days [start, end), counted from the end of training."""
    return [one for one in orders if start <= one.day - TRAINING_DAYS < end]


def mean(orders: Sequence[Order], column: str) -> float:
    return float(np.mean([one.row[column] for one in orders]))


def share(orders: Sequence[Order], column: str, value: str) -> float:
    return Counter(one.row[column] for one in orders)[value] / len(orders)


def slope(orders: Sequence[Order], column: str) -> float:
    """How returns go with a number: the correlation."""
    values = [one.row[column] for one in orders]
    return float(np.corrcoef(values, [one.row[TARGET] == "yes" for one in orders])[0, 1])


def test_the_same_seed_gives_the_same_stream_and_another_seed_another() -> None:
    def rows(seed: int) -> list[object]:
        return [one.row for one in generate(training_days=2, days=3, rows_per_day=10, seed=seed)]

    assert rows(1) == rows(1)
    assert rows(1) != rows(2)


def test_a_shorter_stream_is_the_beginning_of_a_longer_one() -> None:
    short = list(generate(training_days=3, days=25, rows_per_day=10))
    longer = list(generate(training_days=3, days=50, rows_per_day=10))
    assert short == longer[: len(short)]


def test_days_are_in_order_and_equally_long(orders: list[Order]) -> None:
    assert all(before.day <= after.day for before, after in pairwise(orders))
    assert set(Counter(one.day for one in orders).values()) == {ROWS}
    assert orders[-1].day == TRAINING_DAYS + DAYS - 1


def test_rows_have_numbers_categories_and_a_binary_target_that_is_not_rare(orders: list[Order]) -> None:
    assert {one.row["channel"] for one in orders} == set(CHANNELS)
    assert {one.row["category"] for one in orders} == set(CATEGORIES)
    assert {type(one.row["price"]) for one in orders} == {float}
    assert {type(one.row["items"]) for one in orders} == {int}
    for start in (-TRAINING_DAYS, 30, 70):
        assert 0.2 < share(between(orders, start, start + 10), TARGET, "yes") < 0.8


def test_labels_are_late_by_the_delay_and_a_tenth_of_them_by_up_to_three_days_more(
    orders: list[Order],
) -> None:
    delays = Counter(one.label_day - one.day for one in orders)
    assert set(delays) == set(range(2, 2 + MOST_DAYS_LATE + 1))
    assert 1 - delays[2] / len(orders) == pytest.approx(LATE_SHARE, abs=0.01)


def test_the_campaign_moves_features_at_once_and_leaves_the_concept_alone(orders: list[Order]) -> None:
    start = CHANGES[0].start
    before, after = between(orders, 0, start), between(orders, start, CHANGES[1].start)
    assert share(before, "channel", "app") == pytest.approx(0.2, abs=0.03)
    assert share(after, "channel", "app") == pytest.approx(0.6, abs=0.03)
    assert mean(after, "discount") - mean(before, "discount") > 0.08
    assert slope(before, "price") > 0.2
    assert slope(after, "price") > 0.2


def test_free_returns_turn_the_concept_at_once_and_leave_the_features_alone(orders: list[Order]) -> None:
    start = CHANGES[1].start
    before = between(orders, CHANGES[0].start, start)
    after = between(orders, start, CHANGES[2].start)
    assert slope(before, "price") > 0.2
    assert slope(after, "price") < -0.2
    for column in ("price", "discount", "delivery_days", "items"):
        spread = float(np.std([one.row[column] for one in before]))
        assert abs(mean(after, column) - mean(before, column)) < 0.1 * spread


def test_the_new_supplier_comes_gradually(orders: list[Order]) -> None:
    change = CHANGES[2]
    assert change.end is not None
    steps = np.linspace(change.start, change.end, 4)
    slopes = [slope(between(orders, first, last), "delivery_days") for first, last in pairwise(steps)]
    assert slopes == sorted(slopes, reverse=True)
    assert slopes[0] - slopes[-1] > 0.2
    assert slope(between(orders, change.end, CHANGES[3].start), "delivery_days") < -0.2


def test_winter_swings_delivery_times_with_its_period_around_the_same_mean(orders: list[Order]) -> None:
    first = CHANGES[3].start + TRAINING_DAYS
    season = [
        mean([o for o in orders if o.day == day], "delivery_days")
        for day in range(first, first + SEASON_DAYS)
    ]
    quarter = SEASON_DAYS // 4
    assert season[quarter] - season[3 * quarter] > 3
    assert np.mean(season) == pytest.approx(4.1, abs=0.2)


def test_without_changes_the_world_stays_as_it_was() -> None:
    calm = list(generate(training_days=TRAINING_DAYS, days=DAYS, rows_per_day=ROWS, changes=()))
    early, late = between(calm, -TRAINING_DAYS, 0), between(calm, DAYS - 20, DAYS)
    assert mean(early, "price") == pytest.approx(mean(late, "price"), abs=2)
    assert slope(early, "price") == pytest.approx(slope(late, "price"), abs=0.05)


@pytest.mark.parametrize(
    ("kind", "strengths"),
    [("sudden", [0, 1, 1, 1]), ("gradual", [0, 0, 0.25, 1]), ("seasonal", [0, 0, 1, 0])],
)
def test_how_a_change_comes(kind: str, strengths: list[float]) -> None:
    change = Change(name="c", kind=kind, effect="winter", start=10, end=10 + SEASON_DAYS)  # type: ignore[arg-type]
    found = [change.strength(day) for day in (9, 10, 10 + SEASON_DAYS // 4, 10 + SEASON_DAYS)]
    assert found == pytest.approx(strengths, abs=1e-9)
