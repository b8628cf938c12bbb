"""Whether trainings were any good, as far as it depends on rollbacks by hand and on shares of the traffic."""

from dataclasses import replace

from lambdaloop.domain.training_history import TrainingHistory
from tests.fakes.release_history import ReleaseHistory, with_releases
from tests.fakes.samples import MODEL


def in_vain(history: ReleaseHistory) -> int:
    """Of three trainings, a version each."""
    return TrainingHistory.of(
        history.registry.runs(MODEL),
        releases=history.registry.releases(MODEL),
        experiments=(),
        automatic=True,
        last=None,
        now=history.clock.now(),
    ).in_vain


def test_a_champion_is_not_in_vain() -> None:
    assert in_vain(with_releases(3)) == 0


def test_a_champion_that_was_rolled_back_by_hand_is() -> None:
    history = with_releases(3)
    history.roll_back()
    assert in_vain(history) == 1
    history.roll_back(to=1)
    assert in_vain(history) == 2


def test_going_forward_again_makes_good_for_it() -> None:
    history = with_releases(3)
    history.roll_back(to=1)
    history.roll_back(to=3)
    assert in_vain(history) == 0


def test_a_release_of_the_same_version_with_other_code_takes_nothing_from_it() -> None:
    history = with_releases(3)
    history.release(3)
    history.roll_back()
    assert in_vain(history) == 0


def test_a_canary_that_was_ended_by_hand_is_in_vain() -> None:
    history = with_releases(2)
    version = history.train()
    history.canary(version)
    assert in_vain(history) == 0  # it is not decided yet
    history.roll_back()
    assert in_vain(history) == 1


def test_a_version_that_shares_the_traffic_in_an_experiment_is_not_decided_yet() -> None:
    history = with_releases(2)
    newest = history.canary(history.train())
    shared = replace(newest, status="sharing")
    releases = [shared, *(each for each in history.registry.releases(MODEL) if each.number != newest.number)]
    found = TrainingHistory.of(
        history.registry.runs(MODEL),
        releases=releases,
        experiments=(),
        automatic=True,
        last=None,
        now=history.clock.now(),
    )
    assert found.in_vain == 0
