from typing import Any

import pytest

from functions.close_release.handler import handle as close_release
from functions.judge_release.handler import handle as judge_release
from functions.open_release.handler import handle as open_release
from functions.roll_back_release.handler import handle as roll_back_release
from functions.shift_traffic.handler import handle as shift_traffic
from lambdaloop.domain.documents import Document
from lambdaloop.domain.errors import ReleaseNotReadyError, ReleaseStateError, RoutingChangedError
from lambdaloop.domain.traffic import Routing
from tests.fakes.release_workflow import run_release
from tests.fakes.samples import MODEL
from tests.fakes.traffic import InMemoryTraffic
from tests.unit.services.release_desk import ReleaseDesk

BOOM = {"Error": "Lambda.Unknown", "Cause": "out of memory"}
WHY = "Lambda.Unknown: out of memory"


@pytest.fixture
def desk() -> ReleaseDesk:
    desk = ReleaseDesk(steps=[40, 100])
    run_release(desk.app, version=1, execution="first")
    return desk


@pytest.fixture
def document(desk: ReleaseDesk) -> Document:
    """Of a second release that has 40 % of the traffic."""
    document: Document = {
        "request": {"model": MODEL, "version": 2, "requested_by": "ml-team", "reason": "better"},
        "execution": "second",
    }
    document["opened"] = open_release(document, desk.app)
    document["shift"] = shift_traffic(document, desk.app)
    assert desk.routed() == ("2", "3", 0.4)
    return document


def at_100_percent(desk: ReleaseDesk, document: Document) -> Document:
    for _ in range(2):
        document["judgement"] = judge_release(document, desk.app)
        if document["judgement"]["verdict"] == "advance":
            document["shift"] = shift_traffic(document, desk.app)
    return document


class TestShifting:
    def test_shifting_again_changes_nothing_but_the_start_of_the_bake(
        self, desk: ReleaseDesk, document: Document
    ) -> None:
        changes = len(desk.traffic.changes)
        desk.clock.advance(5)
        again = shift_traffic(document, desk.app)
        assert len(desk.traffic.changes) == changes
        assert again["since"] == desk.clock.now().isoformat()
        assert {name: again[name] for name in ("step", "weight", "bake_seconds")} == {
            "step": 0,
            "weight": 0.4,
            "bake_seconds": 300,
        }

    @pytest.mark.parametrize("by_hand", [{"stable": "1"}, {"stable": "2", "candidate": "1", "weight": 0.5}])
    def test_traffic_that_somebody_moved_is_not_overwritten(
        self, desk: ReleaseDesk, document: Document, by_hand: dict[str, Any]
    ) -> None:
        desk.traffic.route(desk.traffic.routing(), **by_hand)
        with pytest.raises(RoutingChangedError, match="by hand"):
            shift_traffic(document, desk.app)

    def test_a_release_that_is_not_published_gets_no_traffic(self, desk: ReleaseDesk) -> None:
        desk.traffic.busy = 1
        document: Document = {
            "request": {"model": MODEL, "version": 2, "requested_by": "ml-team", "reason": "better"},
            "execution": "second",
        }
        with pytest.raises(ReleaseNotReadyError):
            open_release(document, desk.app)
        with pytest.raises(ReleaseStateError, match="not published yet"):
            shift_traffic({**document, "opened": {"number": 2}}, desk.app)


class TestClosing:
    def test_closing_again_gives_the_same(self, desk: ReleaseDesk, document: Document) -> None:
        at_100_percent(desk, document)
        first = close_release(document, desk.app)
        assert close_release(document, desk.app) == first == {"status": "live", "version": 2}
        assert desk.statuses() == ["live", "superseded"]

    def test_a_release_without_its_last_judgement_does_not_close(
        self, desk: ReleaseDesk, document: Document
    ) -> None:
        with pytest.raises(ReleaseStateError, match="last judgement is missing"):
            close_release(document, desk.app)
        document["judgement"] = judge_release(document, desk.app)
        with pytest.raises(ReleaseStateError, match="last judgement is advance"):
            close_release(document, desk.app)

    def test_a_release_without_all_traffic_does_not_close(
        self, desk: ReleaseDesk, document: Document
    ) -> None:
        at_100_percent(desk, document)
        desk.traffic.route(desk.traffic.routing(), stable="2", candidate="3", weight=0.9)
        with pytest.raises(RoutingChangedError, match="wanted all traffic at 3"):
            close_release(document, desk.app)
        assert desk.statuses() == ["shifting", "live"]


class TestRollingBack:
    def test_it_brings_back_all_traffic_and_says_why(self, desk: ReleaseDesk, document: Document) -> None:
        assert roll_back_release({**document, "error": BOOM}, desk.app) == {
            "status": "rolled_back",
            "reason": WHY,
        }
        assert desk.routed() == ("2", None, 0.0)
        assert desk.registry.release(MODEL, 2).outcome == "Lambda.Unknown: out of memory"

    def test_rolling_back_again_changes_nothing(self, desk: ReleaseDesk, document: Document) -> None:
        roll_back_release({**document, "error": BOOM}, desk.app)
        changes = len(desk.traffic.changes)
        assert roll_back_release({**document, "error": BOOM}, desk.app) == {
            "status": "rolled_back",
            "reason": WHY,
        }
        assert len(desk.traffic.changes) == changes

    def test_weights_that_changed_by_hand_are_brought_back_too(
        self, desk: ReleaseDesk, document: Document
    ) -> None:
        desk.traffic.route(desk.traffic.routing(), stable="1", candidate="3", weight=0.7)
        roll_back_release({**document, "error": BOOM}, desk.app)
        assert desk.routed() == ("2", None, 0.0)

    def test_it_needs_neither_artifacts_nor_metrics(self, desk: ReleaseDesk, document: Document) -> None:
        desk.app.__dict__.update(artifacts=None, observer=None, definition=desk.app.definition)
        assert roll_back_release({**document, "error": BOOM}, desk.app)["status"] == "rolled_back"

    def test_a_workflow_that_never_had_a_release_rolls_nothing_back(self, desk: ReleaseDesk) -> None:
        routed = desk.routed()
        assert roll_back_release({"execution": "unheard of", "error": BOOM}, desk.app) == {
            "status": None,
            "reason": WHY,
        }
        assert desk.routed() == routed

    def test_a_release_that_went_live_stays_live(self, desk: ReleaseDesk, document: Document) -> None:
        at_100_percent(desk, document)
        close_release(document, desk.app)
        assert roll_back_release({**document, "error": BOOM}, desk.app) == {"status": "live", "reason": WHY}
        assert desk.routed() == ("3", None, 0.0)

    def test_it_lets_the_next_release_in(self, desk: ReleaseDesk, document: Document) -> None:
        roll_back_release({**document, "error": BOOM}, desk.app)
        assert run_release(desk.app, version=2, execution="third")["closed"]["status"] == "live"

    @pytest.mark.parametrize(("interferences", "succeeds"), [(4, True), (5, False)])
    def test_it_reads_weights_again_that_change_under_it_but_not_for_ever(
        self, desk: ReleaseDesk, document: Document, interferences: int, *, succeeds: bool
    ) -> None:
        desk.app.__dict__["traffic"] = _Restless(desk.traffic, interferences)
        if succeeds:
            assert roll_back_release({**document, "error": BOOM}, desk.app)["status"] == "rolled_back"
            assert desk.routed() == ("2", None, 0.0)
        else:
            with pytest.raises(RoutingChangedError):
                roll_back_release({**document, "error": BOOM}, desk.app)
            assert desk.statuses() == ["open", "live"]


class _Restless:
    """Somebody changes the weights each time just after they were read."""

    def __init__(self, traffic: InMemoryTraffic, interferences: int) -> None:
        self._traffic = traffic
        self._left = interferences

    def routing(self) -> Routing:
        routing = self._traffic.routing()
        if self._left:
            self._left -= 1
            self._traffic.route(routing, stable="2", candidate="3", weight=0.4 + self._left / 100)
        return routing

    def route(self, routing: Routing, **to: Any) -> Routing:
        return self._traffic.route(routing, **to)
