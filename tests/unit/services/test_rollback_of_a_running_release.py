"""Somebody goes back by hand while a release workflow is at work: the workflow finds its release ended, and stops."""

from collections.abc import Callable
from typing import Any

import pytest

from functions.close_release.handler import handle as close_release
from functions.judge_release.handler import handle as judge_release
from functions.open_release.handler import handle as open_release
from functions.roll_back_release.handler import handle as roll_back_release
from functions.shift_traffic.handler import handle as shift_traffic
from functions.verify_release.handler import handle as verify_release
from lambdaloop.domain.documents import Document
from lambdaloop.domain.errors import ConflictError, RoutingChangedError
from lambdaloop.domain.release_rules import LEASE
from lambdaloop.services.return_to_release import Returned, ReturnRequest, return_to_release
from tests.fakes.release_workflow import Handle
from tests.fakes.samples import MODEL
from tests.unit.services.release_desk import ReleaseDesk

STEPS: dict[str, Handle] = {
    "verify": verify_release,
    "shift": shift_traffic,
    "judge": judge_release,
    "close": close_release,
}


def opened(desk: ReleaseDesk, execution: str, *, version: int) -> Document:
    document: Document = {
        "request": {"model": MODEL, "version": version, "requested_by": "ml-team", "reason": "better"},
        "execution": execution,
    }
    document["opened"] = open_release(document, desk.app)
    return document


def made_live(desk: ReleaseDesk, execution: str, *, version: int) -> None:
    document = opened(desk, execution, version=version)
    release = desk.registry.release(MODEL, document["opened"]["number"])
    desk.traffic.route(desk.traffic.routing(), stable=str(release.lambda_version))
    desk.registry.close_release(release, outcome="all traffic", at=desk.clock.now())
    desk.registry.free(model=MODEL, name=LEASE, owner=execution)


def rolled_back(desk: ReleaseDesk, to: int | None = None) -> Returned:
    return return_to_release(
        ReturnRequest(model=MODEL, to=to, by="anna", reason="wrong prices"),
        releases=desk.app.registry,
        traffic=desk.app.traffic,
        clock=desk.clock,
    )


@pytest.fixture
def desk() -> ReleaseDesk:
    """Releases 1 and 2 went live, as the Lambda versions 2 and 3."""
    desk = ReleaseDesk(steps=[40, 100])
    made_live(desk, "first", version=1)
    made_live(desk, "second", version=2)
    return desk


@pytest.fixture
def document(desk: ReleaseDesk) -> Document:
    """Of a third release that has 40 % of the traffic."""
    document = opened(desk, "third", version=1)
    document["shift"] = shift_traffic(document, desk.app)
    assert desk.routed() == ("3", "4", 0.4)
    return document


def fail(document: Document, desk: ReleaseDesk) -> Document:
    """What the state machine does after an error."""
    return roll_back_release({**document, "error": {"Error": "E", "Cause": "caught"}}, desk.app)


@pytest.mark.parametrize("step", ["shift", "judge", "close"])
@pytest.mark.parametrize("to", [None, 1])
def test_whatever_step_comes_next_stops_and_moves_nothing(
    desk: ReleaseDesk, document: Document, step: str, to: int | None
) -> None:
    rolled_back(desk, to)
    routed, changes = desk.routed(), len(desk.traffic.changes)
    assert routed == ("3" if to is None else "2", None, 0.0)
    with pytest.raises(ConflictError):
        STEPS[step](document, desk.app)
    assert fail(document, desk) == {"status": "rolled_back", "reason": "E: caught"}
    assert (desk.routed(), len(desk.traffic.changes)) == (routed, changes)
    assert desk.registry.release(MODEL, 3).outcome.endswith("by anna: wrong prices")  # type: ignore[union-attr]


def test_the_next_release_starts_at_once_from_where_traffic_is(desk: ReleaseDesk, document: Document) -> None:
    rolled_back(desk, to=1)
    fourth = opened(desk, "fourth", version=2)
    shift_traffic(fourth, desk.app)
    assert desk.routed() == ("2", "5", 0.4)
    assert desk.registry.release(MODEL, 4).previous == 1
    with pytest.raises(ConflictError):
        judge_release(document, desk.app)
    fail(document, desk)
    assert desk.routed() == ("2", "5", 0.4)
    shift_traffic(fourth, desk.app)  # it still has its lease


class TestInTheSameMoment:
    """The workflow's step happens between the calls of the rollback, or the other way round."""

    @pytest.mark.parametrize("to", [None, 1])
    def test_a_shift_before_the_record_is_taken_back(
        self, desk: ReleaseDesk, document: Document, to: int | None
    ) -> None:
        errors = []

        def shift() -> None:
            try:
                shift_traffic(document, desk.app)
            except RoutingChangedError as error:  # traffic is at a release that this one does not know of
                errors.append(error)

        _before(desk.registry, "return_to", shift)
        rolled_back(desk, to)
        assert bool(errors) == (to == 1)
        assert desk.routed() == ("3" if to is None else "2", None, 0.0)

    def test_a_workflow_that_fails_before_the_record_leaves_traffic_alone(
        self, desk: ReleaseDesk, document: Document
    ) -> None:
        changes = len(desk.traffic.changes)
        _before(desk.registry, "return_to", lambda: fail(document, desk))
        rolled_back(desk, to=1)
        assert desk.routed() == ("2", None, 0.0)
        assert len(desk.traffic.changes) == changes + 1
        assert desk.statuses() == ["rolled_back", "rolled_back", "live"]

    @pytest.mark.parametrize("step", [0, 1])
    def test_a_shift_that_was_decided_before_the_record_gives_its_share_back(
        self, desk: ReleaseDesk, document: Document, step: int
    ) -> None:
        late = {**document, "judgement": {"next_step": step}}
        desk.traffic.route(desk.traffic.routing(), stable="3", note="as after the first half of a rollback")
        _before(desk.traffic, "route", lambda: rolled_back(desk, to=2))
        with pytest.raises(ConflictError):
            shift_traffic(late, desk.app)
        assert fail(document, desk) == {"status": "rolled_back", "reason": "E: caught"}
        assert desk.routed() == ("3", None, 0.0)

    def test_a_release_that_opens_meanwhile_is_ended_too(self, desk: ReleaseDesk) -> None:
        _before(desk.traffic, "routing", lambda: opened(desk, "third", version=1))
        rolled_back(desk)
        assert desk.statuses() == ["rolled_back", "rolled_back", "live"]
        assert desk.routed() == ("2", None, 0.0)

    def test_a_release_that_closes_meanwhile_is_what_is_left(self, desk: ReleaseDesk) -> None:
        third = desk.registry.release(MODEL, opened(desk, "third", version=1)["opened"]["number"])

        def close() -> None:
            desk.registry.close_release(third, outcome="all traffic", at=desk.clock.now())

        _before(desk.registry, "return_to", close)
        rolled_back(desk)
        assert desk.statuses() == ["rolled_back", "superseded", "live"]
        assert desk.routed() == ("2", None, 0.0)


def _before(thing: Any, method: str, action: Callable[[], object]) -> None:
    """Let something happen just before the next call of a fake's method."""
    real = getattr(thing, method)

    def call(*args: Any, **given: Any) -> Any:
        setattr(thing, method, real)
        action()
        return real(*args, **given)

    setattr(thing, method, call)
