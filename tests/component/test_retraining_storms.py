"""Thirty virtual days of trouble that training does not end (W2), and alarms that flap (W7)."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from lambdaloop.domain.run import Run
from tests.fakes.governed_model import End, GovernedModel, alarm, governed, in_production
from tests.fakes.samples import MODEL

DAYS = 30


def days_of_drift(model: GovernedModel, end: End | None, *, hours: float = 1.0) -> list[Run]:
    """Every hour the watch finds drift, its alarm fires, too, and each training ends like this; the runs, oldest first."""
    until = model.clock.now() + timedelta(days=DAYS)
    hour = 0
    while model.clock.now() < until:
        hour += 1
        model.watch("drift", labels=1000)
        model.ask(alarm(f"hour-{hour}"))
        if len(model.started) >= len(model.runs):
            model.train(end, hours=hours)
    return [run for run in reversed(model.registry.runs(MODEL)) if run.id != "first"]


def gaps(runs: list[Run]) -> list[float]:
    """Hours from the end of each training to the start of the next."""
    return [
        (after.started_at - (before.finished_at or before.started_at)) / timedelta(hours=1)
        for before, after in pairwise(runs)
    ]


def most_in_any(days: float, runs: list[Run]) -> int:
    """The largest number of trainings that began within so many days."""
    span = timedelta(days=days)
    return max(sum(0 <= (each.started_at - run.started_at) / span < 1 for each in runs) for run in runs)


@pytest.mark.parametrize("end", ["rejected", "failed", "registered", "rolled_back"])
def test_trainings_that_do_not_help_become_rarer_and_rarer(end: Any) -> None:
    model = in_production()
    runs = days_of_drift(model, end)
    assert len(runs) == 4
    for gap, cooldown in zip(gaps(runs), (48, 96, 192), strict=True):
        assert cooldown <= gap <= cooldown + 2
    assert model.counted("model_retrainings_total") == 4
    assert model.counted("model_retraining_storms_total") > 1000


def test_drift_that_each_new_champion_shows_again_is_bounded_by_the_week() -> None:
    """The storm itself: drift, a retraining, a new baseline, and drift from that."""
    model = in_production()
    runs = days_of_drift(model, "champion")
    assert all(gap >= 24 for gap in gaps(runs))
    assert most_in_any(7, runs) == 3
    assert 12 <= len(runs) <= 15
    assert model.counted("model_retraining_storms_total") > 300


def test_long_trainings_are_bounded_by_the_budget_of_the_month() -> None:
    model = in_production(governed(budget_hours_per_month=10, max_per_week=20, cooldown_hours=1))
    runs = days_of_drift(model, "champion", hours=3.0)
    assert len(runs) == 3
    assert (
        sum((run.finished_at - run.started_at) / timedelta(hours=1) for run in runs if run.finished_at) <= 10
    )
    assert model.counted("model_retraining_storms_total") > 500


def test_trainings_that_never_end_come_one_at_a_time_and_become_rarer() -> None:
    model = in_production()
    runs = days_of_drift(model, None)
    assert len(runs) == 4
    assert all(gap >= 4 + 48 for gap in gaps(runs))


def test_the_storm_begins_with_the_first_refusal_of_lasting_drift_and_not_before() -> None:
    model = in_production()
    model.watch("drift")
    model.watch("drift")
    model.watch("drift")  # while the training has not ended
    assert model.counted("model_retraining_storms_total") == 0
    model.train("rejected")
    model.pass_hours(3)
    model.watch("drift")
    assert model.counted("model_retraining_storms_total") == 0
    model.watch("drift")
    assert model.counted("model_retraining_storms_total") == 1


def test_a_person_who_is_refused_is_no_storm() -> None:
    model = in_production(governed(max_per_week=1))
    model.train("champion", name="by-hand")
    model.ask({"cause": "person", "id": "x", "requested_by": "ml-team", "reason": "again"})
    assert model.counted("model_retraining_storms_total") == 0


def flaps(start: datetime) -> Iterator[tuple[str, str]]:
    """An alarm that begins every ten minutes, as ids and times."""
    for number in range(100):
        yield f"flap-{number}", (start + timedelta(minutes=10 * number)).isoformat()


def test_an_alarm_that_flaps_over_one_bad_window_starts_nothing() -> None:
    model = in_production()
    model.look("drift")
    for identity, at in flaps(model.clock.now()):
        model.ask(alarm(identity, at=at))
    assert model.started == []
    assert len(model.registry.decisions(MODEL)) == 100


def test_an_alarm_that_flaps_over_lasting_drift_starts_one_training() -> None:
    model = in_production()
    model.look("drift")
    model.look("drift")
    for identity, at in flaps(model.clock.now()):
        model.pass_hours(1 / 6)
        model.ask(alarm(identity, at=at))
        if len(model.started) == len(model.runs):
            model.train("rejected", hours=0.1)
    assert len(model.started) == 1
    outcomes = Counter(decision.retrain for decision in model.registry.decisions(MODEL))
    assert outcomes == {True: 1, False: 99}


def test_a_window_that_alternates_between_drift_and_none_is_flapping_too() -> None:
    """[2, 3] takes every other window for lasting drift; who wants it calmer asks for more windows."""
    for windows, expected in (([2, 3], True), ([3, 4], False)):
        model = in_production(governed(windows=windows))
        for hour in range(20):
            model.watch("drift" if hour % 2 else "ok")
        assert bool(model.started) == expected
