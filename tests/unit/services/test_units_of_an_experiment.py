"""Who counts in an experiment, for which arm, and with what."""

from dataclasses import replace
from datetime import timedelta

import pytest

from lambdaloop.domain.documents import Document
from lambdaloop.services.advance_experiment import WORKFLOW
from tests.fakes.experiment_log import crowd, deliver, exposure, label
from tests.fakes.experiment_trial import Trial


@pytest.fixture
def trial() -> Trial:
    return Trial()


def test_a_unit_is_an_entity_however_often_it_asks(trial: Trial) -> None:
    lines = [exposure("ana", "old", at=trial.begin + timedelta(seconds=n)) for n in range(4)]
    at = trial.begin + timedelta(minutes=1)
    trial.log(
        [
            *lines,
            *(label(line, actual, at=at) for line, actual in zip(lines, ["yes", "no", "no"], strict=False)),
        ]
    )
    trial.look()
    figures = trial.figures("old")
    assert (figures.units, figures.measured, figures.requests) == (1, 1, 4)
    assert figures.total == pytest.approx(1 / 3)


def test_a_unit_that_moved_counts_for_the_arm_it_saw_first_with_what_happened_there(trial: Trial) -> None:
    first = exposure("ana", "old", at=trial.begin)
    moved = exposure("ana", "new", at=trial.begin + timedelta(seconds=1))
    at = trial.begin + timedelta(minutes=1)
    trial.log([moved, first, label(first, "no", at=at), label(moved, "yes", at=at)])
    trial.look()
    assert (trial.figures("old").units, trial.figures("old").total) == (1, 0.0)
    assert (trial.figures("new").units, trial.figures("new").requests) == (0, 1)


def test_without_an_entity_the_unit_is_the_request(trial: Trial) -> None:
    anonymous: Document = {"assignment": "request", "entity": None}
    trial.log(
        [
            exposure("", "old", at=trial.begin, request="r1", **anonymous),
            exposure("", "old", at=trial.begin, request="r1", **anonymous),
            exposure("", "new", at=trial.begin, request="r2", **anonymous),
        ]
    )
    trial.look()
    assert (trial.figures("old").units, trial.figures("new").units) == (1, 1)


def test_who_is_outside_the_experiment_or_came_before_it_ran_is_not_counted(trial: Trial) -> None:
    trial.log(
        [
            exposure("ana", "champion", at=trial.begin, assignment="outside"),
            exposure("bob", "old", at=trial.begin - timedelta(seconds=1)),
            exposure("eve", "old", at=trial.begin, experiment="another"),
            exposure("joe", "unheard-of", at=trial.begin),
        ]
    )
    trial.look()
    assert trial.figures("old").units == 0


def test_rewards_are_an_outcome_of_their_own() -> None:
    trial = Trial(outcome="reward")
    line = exposure("ana", "old", at=trial.begin)
    at = trial.begin + timedelta(minutes=1)
    absurd = exposure("bob", "old", at=trial.begin)
    trial.log([line, label(line, None, reward=2.5, at=at), absurd, label(absurd, None, reward=1e300, at=at)])
    trial.look()
    assert (trial.figures("old").measured, trial.figures("old").total) == (1, 2.5)


def half_always_right(trial: Trial, *, told: timedelta) -> tuple[list[Document], list[Document]]:
    """Users of whom half are always answered right and half never, two days before; their labels came after `told`."""
    early, late = [], []
    start = trial.desk.experiment().created_at - timedelta(days=2)
    for number in range(400):
        unit, arm = f"user-{number}", ("old", "new")[number % 2]
        before = exposure(unit, "champion", at=start, experiment=None, assignment=None, release=1)
        during = exposure(unit, arm, at=trial.begin)
        actual = "yes" if number % 4 < 2 else "no"
        early += [before]
        late += [label(before, actual, at=start + told)]
        late += [during, label(during, actual, at=trial.begin + timedelta(minutes=1))]
    return early, late


def variance_reduction(trial: Trial) -> float:
    [contrast] = trial.desk.experiment().looks[-1].contrasts
    return contrast.variance_reduction


def test_what_units_were_like_before_takes_variance_away(trial: Trial) -> None:
    early, late = half_always_right(trial, told=timedelta(days=1))
    deliver(trial.archive, early, at=trial.desk.experiment().created_at - timedelta(days=2))
    trial.log(late)
    trial.look()
    assert variance_reduction(trial) > 0.9


def test_what_turned_out_only_since_the_experiment_began_may_be_its_own_doing_and_is_no_covariate(
    trial: Trial,
) -> None:
    early, late = half_always_right(trial, told=timedelta(days=2, minutes=1))
    deliver(trial.archive, early, at=trial.desk.experiment().created_at - timedelta(days=2))
    trial.log(late)
    trial.look()
    assert trial.figures("new").measured == 200
    assert variance_reduction(trial) == 0


def answered(trial: Trial, unit: str, arm: str, actual: str, *, release: int) -> list[Document]:
    """A prediction made now, and its label."""
    line = exposure(unit, arm, at=trial.desk.clock.now(), release=release)
    return [line, label(line, actual, at=trial.desk.clock.now() + timedelta(seconds=1))]


def test_with_new_shares_a_unit_keeps_the_outcome_of_its_first_ones(trial: Trial) -> None:
    """Whoever moves has no outcome of the time after; then whoever stays must not have one either."""
    trial.log(answered(trial, "ana", "old", "no", release=2), "before")
    trial.desk.order("reshare", shares=(2000, 8000), requested_by=WORKFLOW)
    second = trial.desk.release("churn-trial-2").number
    trial.desk.advance()
    trial.desk.clock.advance(60)
    trial.log(
        [
            *answered(trial, "ana", "old", "yes", release=second),
            *answered(trial, "bob", "old", "yes", release=second),
        ],
        "after",
    )
    trial.look()
    figures = trial.figures("old")
    assert (figures.units, figures.total, figures.requests) == (2, 1.0, 3)


def test_a_ramp_moves_nobody_so_units_go_on_counting() -> None:
    trial = Trial(buckets=5000)
    trial.log(answered(trial, "ana", "old", "no", release=2), "before")
    trial.desk.order("ramp", buckets=10_000)
    second = trial.desk.release("churn-trial-2").number
    trial.desk.advance()
    trial.desk.clock.advance(60)
    trial.log(answered(trial, "ana", "old", "yes", release=second), "after")
    trial.look()
    assert (trial.figures("old").units, trial.figures("old").total) == (1, 0.5)


def test_failed_requests_count_against_the_arm_that_failed(trial: Trial) -> None:
    trial.failures.of["new"] = 150
    predictions, labels = crowd({"old": 0.7, "new": 0.7}, units=2000, since=trial.begin)
    trial.log([*predictions, *labels])
    assert trial.look()["verdict"] == "harmful"
    assert (trial.figures("old").failures, trial.figures("new").failures) == (0, 150)


def test_failures_are_held_against_all_requests_though_only_a_share_of_them_is_written_down() -> None:
    """20 of 2,020 requests failed, of which 200 lines were kept."""
    trial = Trial()
    definition = trial.desk.app.definition
    trial.desk.app.__dict__["definition"] = replace(
        definition, serving=replace(definition.serving, capture_rate=0.1)
    )
    trial.failures.of["new"] = 10
    trial.log(crowd({"old": 0.7, "new": 0.7}, units=200, since=trial.begin)[0])
    assert trial.look()["verdict"] == "undecided"
    assert (trial.figures("new").requests, trial.figures("new").failures) == (1010, 10)
