"""What the tests of stateless experiments do with the desk: start one, go back by hand, and look where requests go."""

from typing import Any

from lambdaloop.domain.alias import CHAMPION
from lambdaloop.domain.documents import Document
from lambdaloop.domain.experiment import Arm, Look
from lambdaloop.domain.experiment_life import looked
from lambdaloop.domain.traffic import Observation
from lambdaloop.services.return_to_release import ReturnRequest, return_to_release
from tests.fakes.experiment_desk import ExperimentDesk
from tests.fakes.observer import FakeObserver
from tests.fakes.samples import MODEL

ARMS = (Arm(name="old", version=1, share=7000), Arm(name="new", version=2, share=3000))


def start(desk: ExperimentDesk, **changes: Any) -> Document:
    return desk.start(**{"arms": ARMS, "assignment": "stateless", **changes})


def run(desk: ExperimentDesk, **changes: Any) -> None:
    start(desk, **changes)
    assert desk.workflow()["closed"]["status"] == "sharing"
    assert desk.advance() == "running"


def routed(desk: ExperimentDesk) -> tuple[str, str | None, float]:
    routing = desk.traffic.routing()
    return routing.stable, routing.candidate, routing.weight


def statuses(desk: ExperimentDesk) -> list[str]:
    """Of all releases, oldest first."""
    return [release.status for release in reversed(desk.registry.releases(MODEL))]


def champion(desk: ExperimentDesk) -> tuple[int, int]:
    alias = desk.registry.alias(MODEL, CHAMPION)
    return alias.version, alias.release


def show(desk: ExperimentDesk, verdict: Any, *, winner: str | None = None) -> None:
    experiment = desk.experiment()
    look = Look(at=desk.clock.now(), verdict=verdict, reason=f"it is {verdict}", winner=winner)
    desk.registry.record_experiment(experiment, looked(experiment, look), by="evaluation")


def roll_back(desk: ExperimentDesk, to: int | None = None) -> None:
    return_to_release(
        ReturnRequest(model=MODEL, to=to, by="ana", reason="it looks odd"),
        releases=desk.registry,
        traffic=desk.traffic,
        clock=desk.clock,
    )


def fail_requests(desk: ExperimentDesk) -> None:
    """From now on half of the requests of a release that takes traffic fail."""
    desk.app.__dict__["observer"] = FakeObserver(Observation(requests=100, errors=50, p95_latency_ms=9.0))
