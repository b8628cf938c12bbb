from collections.abc import Callable

import numpy as np
import pytest

from lambdaloop.domain.monitoring_rules import Monitoring
from scripts.benchmarks.drift_contender import Table, draw, lambdaloop, scipy
from scripts.benchmarks.drift_quality import Tally, judge_windows
from scripts.benchmarks.drift_streams import SIGNATURE, Stream

CONTENDERS: list[Callable[[Table], Callable[[Table], list[str]]]] = [
    lambda reference: lambdaloop(reference, multivariate=False),
    lambda reference: lambdaloop(reference, multivariate=True),
    scipy,
]


@pytest.mark.parametrize("contender", CONTENDERS, ids=["ours", "ours, multivariate", "scipy"])
def test_contenders_find_the_same_columns(contender: Callable[[Table], Callable[[Table], list[str]]]) -> None:
    run = contender(draw(5000, seed=1, drifted=False))
    assert sorted(run(draw(5000, seed=2, drifted=True))) == [
        "category_2",
        "number_0",
        "number_13",
        "number_7",
    ]
    assert run(draw(5000, seed=3, drifted=False)) == []


def test_a_stream_is_the_same_for_the_same_seed_and_has_25_features() -> None:
    assert len(SIGNATURE.features) == 25
    one, again, other = (Stream.seeded(seed).window(300) for seed in (1, 1, 2))
    assert one == again
    assert one != other


def test_stationary_streams_make_no_alarms_and_shifts_are_caught_at_once() -> None:
    """A small part of the table in docs/benchmarks.md, so that a change that breaks it is seen at once."""
    total = {rows: Tally() for rows in (50, 200, 2000)}
    for seed in range(6):
        stream = Stream.seeded(seed)
        for rows in total:
            total[rows] += judge_windows(stream, rows, Monitoring())
    assert [each.windows for each in total.values()] == [30, 30, 30]
    assert [each.alarms for each in total.values()] == [0, 0, 0]
    assert [each.insufficient for each in total.values()] == [30, 0, 0]
    assert [each.caught for each in total.values()] == [0, 6, 6]
    assert total[2000].named == 18


def test_tallies_add_up() -> None:
    ones = Tally(*np.ones(8, dtype=int).tolist())
    assert ones + ones == Tally(*np.full(8, 2).tolist())
