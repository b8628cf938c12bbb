"""A stateless experiment, with the process dying at every single AWS call that changes something.

Of a release workflow only the first and the last step are played: what lies between is that of any release, and dies in
tests/contract/test_crash_matrix.py.
"""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from functions.roll_back_release.handler import handle as roll_back
from lambdaloop.domain.experiment import ENDED, Arm
from lambdaloop.domain.experiment_life import execution_of
from lambdaloop.domain.release import OPEN_STATUSES
from lambdaloop.domain.release_rules import LEASE
from lambdaloop.services.return_to_release import ReturnRequest, return_to_release
from tests.contract.aws import Aws
from tests.contract.fault_injection import CrashError, crash
from tests.contract.release_world import check_invariants, make_live, register
from tests.fakes.experiment_desk import ExperimentDesk
from tests.fakes.samples import MODEL

HOUR = 3600
ARMS = (Arm(name="old", version=1, share=7000), Arm(name="new", version=2, share=3000))
CONTROL = "2"
"""Its Lambda version; 1 is the bootstrap version."""


@pytest.fixture
def desk(aws: Aws) -> ExperimentDesk:
    register(aws, "run-1", "run-2")
    make_live(aws)
    return ExperimentDesk(registry=aws.registry, artifacts=aws.artifacts, traffic=aws.traffic)


def start(desk: ExperimentDesk) -> None:
    desk.start(arms=ARMS, assignment="stateless")


def run(desk: ExperimentDesk) -> None:
    start(desk)
    desk.release("churn-trial-1")
    assert desk.advance() == "running"


def crashes(aws: Aws, desk: ExperimentDesk, action: Callable[[], object]) -> Iterator[None]:
    """For each change that the action makes: everything as it is now, and the action dead at it."""
    go_back, started = aws.remember(), dict(desk.workflows.started)
    call = 1
    while _dies(aws, action, call):
        yield
        go_back()
        desk.workflows.started = dict(started)
        call += 1
    assert call > 1


def _dies(aws: Aws, action: Callable[[], object], call: int) -> bool:
    with aws.wire.failing(crash(aws.wire, call=call, when="after", writes=True)):
        try:
            action()
        except CrashError:
            return True
    return False


def check(aws: Aws) -> None:
    """What holds at every moment: the control answers, alone or with what is recorded as beside it; one experiment at most."""
    check_invariants(aws)
    routing, releases = aws.traffic.routing(), aws.registry.releases(MODEL)
    beside = {str(each.lambda_version) for each in releases if each.status in ("open", "shifting", "sharing")}
    assert routing.candidate in {None, *beside}
    under_way = [each for each in aws.registry.experiments(MODEL) if each.status not in ENDED]
    assert aws.registry.current_experiment(MODEL) == (under_way[0] if under_way else None)


def check_ended(aws: Aws, *, version: int) -> None:
    """All traffic at that version, nobody beside it, and nothing held."""
    check(aws)
    releases = aws.registry.releases(MODEL)
    [live] = [each for each in releases if each.status == "live"]
    assert live.version == version
    assert {each.status for each in releases} <= {"live", "superseded", "rolled_back", "withdrawn"}
    routing = aws.traffic.routing()
    assert (routing.stable, routing.candidate) == (str(live.lambda_version), None)
    assert aws.registry.current_experiment(MODEL) is None
    aws.registry.acquire(model=MODEL, name=LEASE, owner="next", at=live.created_at, seconds=1)


def settle(desk: ExperimentDesk) -> str:
    """What Step Functions and the hours do: workflows run, again where they died, until nothing changes."""
    for _ in range(6):
        asked = _asked(desk)
        if asked is not None:
            known = desk.registry.release_of(MODEL, asked)
            if known is None or known.status in OPEN_STATUSES:
                desk.release(asked)
            desk.registry.free(
                model=MODEL, name=LEASE, owner=asked
            )  # as its last step does when it runs again
        status = desk.advance()
        if status in (*ENDED, "none") or (status == "running" and _asked(desk) == asked):
            return status
        desk.clock.advance(HOUR)
    raise TimeoutError("the experiment never settles")


def _asked(desk: ExperimentDesk) -> str | None:
    """The release workflow that the experiment asked for last, if it was started."""
    current = desk.registry.current_experiment(MODEL)
    name = None if current is None else execution_of(current)
    return name if name in desk.asked() else None


def test_taking_its_share_may_die_anywhere_and_is_done_again(aws: Aws, desk: ExperimentDesk) -> None:
    for _ in crashes(aws, desk, lambda: run(desk)):
        check(aws)
        start(desk)
        assert settle(desk) == "running"
        check(aws)
        routing = aws.traffic.routing()
        assert (routing.stable, routing.weight) == (CONTROL, 0.3)


def test_taking_its_share_may_die_for_good_and_is_taken_back(aws: Aws, desk: ExperimentDesk) -> None:
    start(desk)
    ends = set()
    for _ in crashes(aws, desk, lambda: desk.release("churn-trial-1")):
        error = {"Error": "Lambda.Unknown", "Cause": "the process died"}
        roll_back({**desk.document("churn-trial-1"), "error": error}, desk.app)
        check(aws)
        desk.clock.advance(HOUR)
        ends.add(desk.advance())
        check(aws)
    assert ends == {"failed", "running"}  # running where it had its share before it died


def test_another_share_may_die_anywhere(aws: Aws, desk: ExperimentDesk) -> None:
    run(desk)

    def reshare() -> None:
        desk.order("reshare", shares=(5000, 5000))
        desk.release("churn-trial-2")

    for _ in crashes(aws, desk, reshare):
        check(aws)
        assert settle(desk) == "running"
        check(aws)
        assert aws.traffic.routing().weight == 0.5
        assert [each.status for each in aws.registry.releases(MODEL)] == ["sharing", "withdrawn", "live"]


@pytest.mark.parametrize(("kind", "details", "stays"), [("stop", {}, 1), ("conclude", {"arm": "new"}, 2)])
def test_its_end_may_die_anywhere(
    aws: Aws, desk: ExperimentDesk, kind: str, details: dict[str, Any], stays: int
) -> None:
    run(desk)

    def end() -> None:
        desk.order(kind, **details)
        desk.release("churn-trial-2")
        desk.advance()

    for _ in crashes(aws, desk, end):
        check(aws)
        settle(desk)
        check_ended(aws, version=stays)
        [experiment] = aws.registry.experiments(MODEL)
        assert experiment.status == ("stopped" if kind == "stop" else "concluded")


def test_a_rollback_that_dies_is_finished_by_another(aws: Aws, desk: ExperimentDesk) -> None:
    run(desk)

    def back() -> None:
        return_to_release(
            ReturnRequest(model=MODEL, to=None, by="ana", reason="odd"),
            releases=desk.registry,
            traffic=desk.traffic,
            clock=desk.clock,
        )

    for _ in crashes(aws, desk, back):
        back()
        assert desk.advance() == "stopped"
        check_ended(aws, version=1)
