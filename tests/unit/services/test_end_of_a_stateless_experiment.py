"""How a stateless experiment ends: by a winner, by its control, by somebody who stops it or rolls it back."""

import pytest

from lambdaloop.domain.documents import Document
from lambdaloop.domain.errors import ExperimentStateError
from lambdaloop.domain.experiment import Arm
from tests.fakes.experiment_desk import ExperimentDesk, by_hand, desk_with_live
from tests.fakes.samples import MODEL
from tests.fakes.stateless_desk import (
    champion,
    fail_requests,
    roll_back,
    routed,
    run,
    show,
    start,
    statuses,
)


@pytest.fixture
def desk() -> ExperimentDesk:
    return desk_with_live()


def test_a_winner_takes_over_by_a_release_of_its_own(desk: ExperimentDesk) -> None:
    run(desk)
    show(desk, "better", winner="new")
    assert desk.order("conclude", requested_by="experiment workflow") == "concluding"
    assert desk.workflow()["closed"] == {"status": "live", "version": 2}
    assert desk.advance() == "concluded"
    assert routed(desk) == ("4", None, 0.0)
    assert champion(desk) == (2, 3)
    assert statuses(desk) == ["superseded", "withdrawn", "live"]
    assert (desk.experiment().winner, desk.experiment().verdict) == ("new", "better")
    assert desk.registry.current_experiment(MODEL) is None


def test_while_the_winner_is_on_its_way_it_concludes_still(desk: ExperimentDesk) -> None:
    run(desk)
    show(desk, "better", winner="new")
    desk.order("conclude", requested_by="experiment workflow")
    desk.open("churn-trial-2")
    assert desk.advance() == "concluding"
    desk.clock.advance(16 * 60)
    assert desk.advance() == "concluding"
    assert desk.asked()[-1] == "churn-trial-2"


def test_a_winner_whose_release_never_came_is_asked_for_anew(desk: ExperimentDesk) -> None:
    run(desk)
    desk.order("conclude", arm="new")
    desk.clock.advance(16 * 60)
    assert desk.advance() == "concluding"
    assert desk.asked()[-1] == "churn-trial-3"
    desk.workflow()
    assert desk.advance() == "concluded"
    assert champion(desk) == (2, 3)


def test_a_winner_that_is_rolled_back_leaves_the_traffic_to_the_control(desk: ExperimentDesk) -> None:
    run(desk)
    show(desk, "better", winner="new")
    desk.order("conclude", requested_by="experiment workflow")
    fail_requests(desk)
    desk.workflow()
    assert desk.advance() == "concluded"
    assert (desk.experiment().winner, champion(desk)) == ("old", (1, 1))
    assert routed(desk) == ("2", None, 0.0)


@pytest.mark.parametrize("kind", ["conclude", "stop"])
def test_when_the_control_stays_the_other_arm_loses_its_share_and_nothing_else_happens(
    desk: ExperimentDesk, kind: str
) -> None:
    run(desk)
    show(desk, "harmful")
    assert desk.order(kind) == "concluding"
    ended = desk.workflow()
    assert ended["opened"]["status"] == "live"
    assert routed(desk) == ("2", None, 0.0)
    assert desk.advance() == ("concluded" if kind == "conclude" else "stopped")
    assert statuses(desk) == ["live", "withdrawn"]
    assert (desk.experiment().winner, champion(desk)) == ("old", (1, 1))
    start(desk, identity="next")  # neither the lease nor the place is held
    assert desk.workflow()["closed"]["status"] == "sharing"


def test_stopping_before_it_has_traffic_ends_it_at_once(desk: ExperimentDesk) -> None:
    start(desk)
    assert desk.order("stop") == "stopped"
    with pytest.raises(ExperimentStateError, match="does not ask for this release"):
        desk.open("churn-trial-1")


def test_stopping_on_the_way_waits_for_the_release_and_takes_its_share_away(desk: ExperimentDesk) -> None:
    start(desk)
    desk.open("churn-trial-1")
    assert desk.order("stop") == "concluding"
    desk.workflow("churn-trial-1")
    assert desk.advance() == "concluding"
    assert desk.asked()[-1] == "churn-trial-2"
    desk.workflow()
    assert desk.advance() == "stopped"
    assert routed(desk) == ("2", None, 0.0)


def test_a_rollback_ends_it_with_all_traffic_at_the_control(desk: ExperimentDesk) -> None:
    run(desk)
    roll_back(desk)
    assert routed(desk) == ("2", None, 0.0)
    assert statuses(desk) == ["live", "rolled_back"]
    assert desk.advance() == "stopped"
    assert "went back to release 1, by ana: it looks odd" in str(desk.experiment().conclusion)
    assert champion(desk) == (1, 1)


@pytest.mark.parametrize("order", [("reshare", {"shares": (5000, 5000)}), ("conclude", {"arm": "new"})])
def test_a_rollback_is_not_undone_by_a_release_that_was_asked_for_before(
    desk: ExperimentDesk, order: tuple[str, Document]
) -> None:
    run(desk)
    desk.order(order[0], **order[1])
    roll_back(desk)
    with pytest.raises(ExperimentStateError, match="was rolled back"):
        desk.open("churn-trial-2")
    assert routed(desk) == ("2", None, 0.0)
    assert desk.advance() == "stopped"


def test_a_rollback_of_the_control_itself_ends_it_too(desk: ExperimentDesk) -> None:
    by_hand(desk, "second", version=2)
    desk.release("second")
    run(desk, arms=(Arm(name="old", version=2, share=5000), Arm(name="new", version=1, share=5000)))
    roll_back(desk, to=1)
    assert desk.advance() == "stopped"
    assert statuses(desk) == ["live", "rolled_back", "rolled_back"]
    assert routed(desk) == ("2", None, 0.0)
