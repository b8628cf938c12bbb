"""`lambdaloop rollback` and experiments: arms of one that is over, or that goes wrong, are nothing to go back to."""

import pytest

from lambdaloop.services.advance_experiment import WORKFLOW
from tests.fakes.down_registry import DownRegistry
from tests.fakes.experiment_desk import desk_with_live
from tests.fakes.release_history import ReleaseHistory, with_releases
from tests.fakes.samples import MODEL


@pytest.fixture
def running() -> ReleaseHistory:
    """Release 2 serves version 2, and 3 and 4 share the traffic among the versions 2 and 1."""
    history = with_releases(2)
    history.release(2, arms=(1,))
    history.release(2, arms=(1,))
    return history


@pytest.mark.parametrize("unanswered", [0, 99])
def test_its_arms_lose_the_traffic_to_the_release_before_all_of_them(
    running: ReleaseHistory, unanswered: int
) -> None:
    running.roll_back(releases=DownRegistry(running.registry, unanswered))
    assert running.routed() == ("3", None, 0.0)
    assert running.roll_back().release == 2
    assert running.statuses() == ["superseded", "live", "superseded", "rolled_back"]


@pytest.mark.parametrize("unanswered", [0, 99])
def test_a_winner_loses_it_to_the_release_before_the_experiment(
    running: ReleaseHistory, unanswered: int
) -> None:
    running.release(1)
    running.roll_back(releases=DownRegistry(running.registry, unanswered))
    assert running.routed() == ("3", None, 0.0)


@pytest.mark.parametrize("unanswered", [0, 99])
def test_a_winner_that_has_a_share_of_it_loses_that_to_the_arms(
    running: ReleaseHistory, unanswered: int
) -> None:
    running.canary(1)
    running.roll_back(releases=DownRegistry(running.registry, unanswered))
    assert running.routed() == ("5", None, 0.0)


def test_they_are_gone_back_to_when_somebody_asks_for_them(running: ReleaseHistory) -> None:
    assert running.roll_back(to=3).release == 3


def test_however_many_there_were_the_release_before_them_is_kept(running: ReleaseHistory) -> None:
    for _ in range(4):
        running.release(2, arms=(1,))
    running.prune(keep=1)
    running.roll_back(releases=DownRegistry(running.registry, 99))
    assert running.routed() == ("3", None, 0.0)


def test_whatever_an_experiment_asks_for_its_pins_lead_to_the_release_before_it() -> None:
    desk = desk_with_live()
    desk.run()
    desk.order("reshare", shares=(2000, 8000), requested_by=WORKFLOW)
    desk.release(desk.asked()[-1])
    assert desk.advance() == "running"
    desk.order("stop")
    desk.release(desk.asked()[-1])
    lead_to = {
        release: pin.previous_lambda_version
        for release in (2, 3, 4)
        if (pin := desk.traffic.pin_of(str(desk.registry.release(MODEL, release).lambda_version)))
    }
    assert lead_to == {2: "2", 3: "2", 4: "2"}
