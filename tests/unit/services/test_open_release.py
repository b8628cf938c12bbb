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
    ReleaseStateError,
    RoutingChangedError,
    SettingMissingError,
    VersionNotFoundError,
)
from lambdaloop.domain.release_rules import lease_seconds
from lambdaloop.settings import Settings
from tests.fakes.release_workflow import Handle, run_release
from tests.fakes.samples import MODEL
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
    assert roll_back_release({**asleep, "error": {"Error": "E"}}, desk.app) == {"status": "rolled_back"}
    assert desk.routed() == routed
    shift_traffic({**document, "judgement": {"next_step": 1}}, desk.app)  # and "third" still has its lease
    assert desk.routed() == ("2", "4", 0.5)


@pytest.mark.parametrize("by_hand", [{"stable": "1"}, {"stable": "2", "candidate": "1", "weight": 0.3}])
def test_traffic_that_somebody_moved_by_hand_is_neither_joined_nor_taken_back(
    desk: ReleaseDesk, by_hand: dict[str, Any]
) -> None:
    desk.traffic.route(desk.traffic.routing(), **by_hand)
    routed = desk.routed()
    document = run_release(desk.app, version=2, execution="second")
    assert document["error"]["Error"] == RoutingChangedError.__name__
    assert "point it at 2 alone" in document["error"]["Cause"]
    assert document["rolled_back"] == {"status": None}
    assert desk.routed() == routed
    assert desk.statuses() == ["live"]
    desk.traffic.route(desk.traffic.routing(), stable="2")
    assert run_release(desk.app, version=2, execution="third")["closed"]["status"] == "live"
