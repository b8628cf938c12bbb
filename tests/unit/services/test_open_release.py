from typing import Any

import pytest

from functions.close_release.handler import handle as close_release
from functions.judge_release.handler import handle as judge_release
from functions.open_release.handler import handle as open_release
from functions.roll_back_release.handler import handle as roll_back_release
from functions.shift_traffic.handler import handle as shift_traffic
from functions.verify_release.handler import handle as verify_release
from lambdaloop.domain.documents import Document
from lambdaloop.domain.errors import (
    ReleaseInProgressError,
    ReleaseNotReadyError,
    ReleaseStateError,
    RoutingChangedError,
    SettingMissingError,
    VersionNotFoundError,
)
from lambdaloop.domain.release_rules import lease_seconds
from lambdaloop.settings import Settings
from tests.fakes.inference import answer
from tests.fakes.release_workflow import Handle, run_release
from tests.fakes.samples import MODEL, definition
from tests.fakes.traffic import InMemoryTraffic
from tests.unit.services.release_desk import ReleaseDesk


@pytest.fixture
def desk() -> ReleaseDesk:
    desk = ReleaseDesk()
    run_release(desk.app, version=1, execution="first")
    return desk


def request(execution: str = "second", **changes: Any) -> Document:
    wanted = {"model": MODEL, "version": 2, "requested_by": "ml-team", "reason": "better", **changes}
    return {"request": wanted, "execution": execution}


def opened(desk: ReleaseDesk, execution: str) -> Document:
    document = request(execution)
    document["opened"] = open_release(document, desk.app)
    return document


def test_opening_again_gives_the_same_release(desk: ReleaseDesk) -> None:
    first = open_release(request(), desk.app)
    assert open_release(request(), desk.app) == first
    assert len(desk.traffic.versions) == 3


def test_a_release_remembers_where_traffic_was(desk: ReleaseDesk) -> None:
    open_release(request(), desk.app)
    release = desk.registry.release(MODEL, 2)
    assert (release.previous, release.previous_lambda_version) == (1, "2")
    pin = desk.traffic.pin_of(str(release.lambda_version))
    assert pin is not None
    assert pin.previous_lambda_version == "2"  # so that the way back is known without the registry


def test_an_unknown_version_opens_nothing(desk: ReleaseDesk) -> None:
    with pytest.raises(VersionNotFoundError):
        open_release(request(version=9), desk.app)
    assert desk.statuses() == ["live"]


def test_a_request_for_another_model_is_refused(desk: ReleaseDesk) -> None:
    with pytest.raises(VersionNotFoundError, match="releases 'churn' only, got 'fraud'"):
        open_release(request(model="fraud"), desk.app)


def test_a_function_without_its_bootstrap_version_says_what_is_missing(desk: ReleaseDesk) -> None:
    desk.app.settings = Settings()
    with pytest.raises(SettingMissingError, match="LAMBDALOOP_BOOTSTRAP_VERSION"):
        open_release(request(), desk.app)


def test_another_release_at_work_keeps_the_door_closed_through_its_bake(desk: ReleaseDesk) -> None:
    opened(desk, "second")
    desk.clock.advance(lease_seconds(desk.app.definition.release) - 1)
    with pytest.raises(ReleaseInProgressError, match="'second'"):
        open_release(request("third"), desk.app)


@pytest.mark.parametrize("step", [verify_release, shift_traffic, judge_release])
def test_every_step_keeps_the_door_closed_anew(desk: ReleaseDesk, step: Handle) -> None:
    document = opened(desk, "second")
    document["shift"] = shift_traffic(document, desk.app)
    for _ in range(2):
        desk.clock.advance(lease_seconds(desk.app.definition.release) - 1)
        step(document, desk.app)
        with pytest.raises(ReleaseInProgressError):
            open_release(request("third"), desk.app)


@pytest.mark.parametrize("step", [verify_release, shift_traffic, judge_release, close_release])
def test_no_step_goes_on_once_another_release_took_over(desk: ReleaseDesk, step: Handle) -> None:
    document = opened(desk, "second")
    document["shift"] = shift_traffic(document, desk.app)
    desk.clock.advance(lease_seconds(desk.app.definition.release))
    desk.registry.acquire(model=MODEL, name="release", owner="third", at=desk.clock.now(), seconds=60)
    with pytest.raises(ReleaseInProgressError, match="'third'"):
        step(document, desk.app)


def test_a_release_whose_workflow_went_silent_is_ended_first(desk: ReleaseDesk) -> None:
    shift_traffic(opened(desk, "second"), desk.app)
    assert desk.routed() == ("2", "3", 0.1)
    desk.clock.advance(lease_seconds(desk.app.definition.release))
    assert open_release(request("third"), desk.app)["number"] == 3
    assert desk.routed() == ("2", None, 0.0)
    dead = desk.registry.release(MODEL, 2)
    assert (dead.status, dead.outcome) == ("rolled_back", "its workflow went silent; ended by third")
    assert desk.registry.release(MODEL, 3).previous_lambda_version == "2"


def test_a_workflow_that_wakes_up_after_that_moves_nothing(desk: ReleaseDesk) -> None:
    asleep = opened(desk, "second")
    desk.clock.advance(lease_seconds(desk.app.definition.release))
    document = opened(desk, "third")
    shift_traffic(document, desk.app)
    routed = desk.routed()
    assert routed == ("2", "4", 0.1)
    with pytest.raises(ReleaseInProgressError):
        shift_traffic(asleep, desk.app)
    with pytest.raises(ReleaseStateError):
        open_release(asleep, desk.app)
    assert roll_back_release({**asleep, "error": {"Error": "E"}}, desk.app)["status"] == "rolled_back"
    assert desk.routed() == routed
    shift_traffic({**document, "judgement": {"next_step": 1}}, desk.app)  # and "third" still has its lease
    assert desk.routed() == ("2", "4", 0.5)


@pytest.mark.parametrize(
    "by_hand",
    [
        {"stable": "7"},
        {"stable": "1", "candidate": "2", "weight": 0.3},
        {"stable": "2", "candidate": "1", "weight": 0.3},
    ],
)
def test_traffic_that_somebody_moved_by_hand_is_neither_joined_nor_taken_back(
    desk: ReleaseDesk, by_hand: dict[str, Any]
) -> None:
    desk.traffic.versions["7"] = None
    desk.traffic.route(desk.traffic.routing(), **by_hand)
    routed = desk.routed()
    document = run_release(desk.app, version=2, execution="second")
    assert document["error"]["Error"] == RoutingChangedError.__name__
    assert "`lambdaloop rollback churn` brings both together" in document["error"]["Cause"]
    assert document["rolled_back"]["status"] is None
    assert desk.routed() == routed
    assert desk.statuses() == ["live"]
    desk.traffic.route(desk.traffic.routing(), stable="2")
    assert run_release(desk.app, version=2, execution="third")["closed"]["status"] == "live"


class TestAStackThatWasDeployedAnew:
    """The registry is kept; the function and its versions are new, so that old numbers come again."""

    @pytest.fixture
    def anew(self, desk: ReleaseDesk) -> ReleaseDesk:
        desk.traffic = desk.app.__dict__["traffic"] = InMemoryTraffic(answer)
        return desk

    def test_a_release_is_the_first_one_again_and_supersedes_the_old_one(self, anew: ReleaseDesk) -> None:
        assert run_release(anew.app, version=2, execution="second")["closed"] == {
            "status": "live",
            "version": 2,
        }
        release = anew.registry.release(MODEL, 2)
        assert (release.first, release.previous, release.previous_lambda_version) == (True, 1, "1")
        assert [(change.stable, change.candidate) for change in anew.traffic.changes] == [("2", None)]
        assert anew.statuses() == ["live", "superseded"]

    def test_the_release_after_that_shares_the_traffic_again(self, anew: ReleaseDesk) -> None:
        run_release(anew.app, version=2, execution="second")
        document = opened(anew, "third")
        shift_traffic(document, anew.app)
        assert anew.routed() == ("2", "3", 0.1)

    def test_a_first_release_that_breaks_goes_back_to_the_bootstrap_version(self, anew: ReleaseDesk) -> None:
        document = opened(anew, "second")
        shift_traffic(document, anew.app)
        assert anew.routed() == ("2", None, 0.0)  # the number that the old live release has as well
        roll_back_release({**document, "error": {"Error": "E"}}, anew.app)
        assert anew.routed() == ("1", None, 0.0)

    def test_asking_again_after_lambda_was_busy_gives_the_same_first_release(self, anew: ReleaseDesk) -> None:
        anew.traffic.busy = 1
        with pytest.raises(ReleaseNotReadyError):
            open_release(request(), anew.app)
        assert open_release(request(), anew.app) == {
            "number": 2,
            "lambda_version": "2",
            "first": True,
            "status": "open",
        }

    def test_a_release_that_died_with_the_old_stack_moves_no_traffic(self, desk: ReleaseDesk) -> None:
        shift_traffic(opened(desk, "second"), desk.app)
        desk.traffic = desk.app.__dict__["traffic"] = InMemoryTraffic(answer)
        desk.clock.advance(lease_seconds(desk.app.definition.release))
        assert run_release(desk.app, version=2, execution="third")["closed"]["status"] == "live"
        assert desk.statuses() == ["live", "rolled_back", "superseded"]
        assert [(change.stable, change.candidate) for change in desk.traffic.changes] == [("2", None)]


class TestAnotherDefinitionThatIsDeployedMeanwhile:
    """Every function of the workflow gets the new definition with the next layer."""

    def test_it_changes_no_step_of_a_running_release(self, desk: ReleaseDesk) -> None:
        document = opened(desk, "second")
        document["shift"] = shift_traffic(document, desk.app)
        document["judgement"] = judge_release(document, desk.app)
        desk.app.__dict__["definition"] = definition(steps=[100], bake_seconds=7, alarms=["unknown"])
        document["shift"] = shift_traffic(document, desk.app)
        assert (document["shift"]["weight"], document["shift"]["bake_seconds"]) == (0.5, 300)
        document["judgement"] = judge_release(document, desk.app)
        assert document["judgement"]["verdict"] == "advance"
        shift_traffic(document, desk.app)
        assert desk.routed() == ("3", None, 0.0)

    def test_more_and_smaller_steps_take_no_traffic_back(self, desk: ReleaseDesk) -> None:
        document = opened(desk, "second")
        document["shift"] = shift_traffic(document, desk.app)
        document["judgement"] = judge_release(document, desk.app)
        desk.app.__dict__["definition"] = definition(steps=[1, 2, 3, 100])
        shift_traffic(document, desk.app)
        assert desk.routed() == ("2", "3", 0.5)

    def test_a_shorter_bake_does_not_end_the_lease_early(self, desk: ReleaseDesk) -> None:
        document = opened(desk, "second")
        long = lease_seconds(desk.app.definition.release)
        desk.app.__dict__["definition"] = definition(bake_seconds=0)
        shift_traffic(document, desk.app)
        desk.clock.advance(long - 1)
        with pytest.raises(ReleaseInProgressError):
            open_release(request("third"), desk.app)
        open_release(document, desk.app)  # asked again, it prolongs by its own rules too
        desk.clock.advance(long - 1)
        with pytest.raises(ReleaseInProgressError):
            open_release(request("third"), desk.app)

    def test_the_next_release_follows_it(self, desk: ReleaseDesk) -> None:
        desk.app.__dict__["definition"] = definition(steps=[25, 100])
        shift_traffic(opened(desk, "second"), desk.app)
        assert desk.routed() == ("2", "3", 0.25)
