"""Starting and ending an experiment, with the process dying at every single AWS call, just before it and just after it."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Literal

import pytest

from lambdaloop.domain.experiment import ENDED
from lambdaloop.domain.experiment_life import execution_of
from lambdaloop.domain.experiment_serving import serves_arms
from tests.contract.aws import TABLE, Aws
from tests.contract.fault_injection import CrashError, crash
from tests.contract.release_world import check_invariants, make_live, register
from tests.fakes.experiment_desk import ExperimentDesk
from tests.fakes.samples import MODEL
from tests.fakes.workflows import FakeWorkflows

When = Literal["before", "after"]
HOUR = 3600


class DyingWorkflows(FakeWorkflows):
    """Step Functions behind the same wire: starting an execution is a call at which the process may die."""

    def __init__(self) -> None:
        super().__init__()
        self.die: When | None = None

    def start(self, *, workflow: str, name: str, document: Any) -> str:
        if self.die == "before":
            raise CrashError
        arn = super().start(workflow=workflow, name=name, document=document)
        if self.die == "after":
            raise CrashError
        return arn


@pytest.fixture(params=["before", "after"])
def when(request: pytest.FixtureRequest) -> When:
    value: When = request.param
    return value


@pytest.fixture
def desk(aws: Aws) -> ExperimentDesk:
    register(aws, "run-1", "run-2")
    make_live(aws)
    return ExperimentDesk(
        registry=aws.registry, artifacts=aws.artifacts, traffic=aws.traffic, workflows=DyingWorkflows()
    )


def crashes(aws: Aws, desk: ExperimentDesk, action: Callable[[], object], when: When) -> Iterator[None]:
    """For each call of the action, the start of a workflow included: everything as it is now, and the action dead at it.

    Only at calls that change something, which loses no case: a dead process leaves nothing but what it wrote.
    """
    go_back, started = aws.remember(), dict(desk.workflows.started)
    call = 1
    while _dies(action, aws.wire.failing(crash(aws.wire, call=call, when=when, writes=True))):
        yield
        go_back()
        desk.workflows.started = dict(started)
        call += 1
    assert call > 1  # the action does change something
    go_back()
    desk.workflows.started = dict(started)
    desk.workflows.die = when
    died = _dies(action, nullcontext())
    desk.workflows.die = None
    if died:
        yield


def _dies(action: Callable[[], object], failing: AbstractContextManager[None]) -> bool:
    with failing:
        try:
            action()
        except CrashError:
            return True
    return False


def check(aws: Aws) -> None:
    """What holds at every moment: one experiment under way at most, and its buckets held by it and by nobody else."""
    check_invariants(aws)
    under_way = [each for each in aws.registry.experiments(MODEL) if each.status not in ENDED]
    assert len(under_way) <= 1
    assert aws.registry.current_experiment(MODEL) == (under_way[0] if under_way else None)
    item = aws.dynamodb.get_item(
        TableName=TABLE, Key={"pk": {"S": f"NAMESPACE#{MODEL}"}, "sk": {"S": "RANGES"}}
    ).get("Item")
    held = [each["M"]["experiment"]["S"] for each in item["ranges"]["L"]] if item else []
    assert held == [each.id for each in under_way]


def finish(desk: ExperimentDesk) -> str:
    """Run whatever release workflow was asked for and never came, hour after hour, until nothing changes."""
    for _ in range(6):
        current = desk.registry.current_experiment(MODEL)
        if current is not None:
            name = execution_of(current)
            if name in desk.asked() and desk.registry.release_of(MODEL, name) is None:
                desk.release(name)
        status = desk.advance()
        if status in (*ENDED, "none", "running"):
            return status
        desk.clock.advance(HOUR)
    raise TimeoutError("the experiment never settles")


def test_a_start_that_dies_is_finished_by_starting_again(aws: Aws, desk: ExperimentDesk, when: When) -> None:
    for _ in crashes(aws, desk, desk.start, when):
        check(aws)
        assert desk.start()["status"] == "starting"
        check(aws)
        desk.release("churn-trial-1")
        assert desk.advance() == "running"
        check(aws)
        assert len(aws.registry.experiments(MODEL)) == 1


def test_a_start_that_dies_is_finished_or_undone_by_the_hourly_workflow(
    aws: Aws, desk: ExperimentDesk, when: When
) -> None:
    ends = set()
    for _ in crashes(aws, desk, desk.start, when):
        desk.advance()  # within minutes: the release is asked for if the record is there
        ends.add(finish(desk))
        check(aws)
    assert ends == {"running"} | ({"none"} if when == "before" else set())


@pytest.mark.parametrize("kind", ["conclude", "stop"])
def test_an_end_that_dies_is_finished_by_the_hourly_workflow(
    aws: Aws, desk: ExperimentDesk, when: When, kind: str
) -> None:
    desk.run()
    order = {"kind": kind, **({"arm": "new"} if kind == "conclude" else {})}
    for _ in crashes(aws, desk, lambda: desk.order(**order), when):
        check(aws)
        if (
            finish(desk) == "running"
        ):  # it died before anything was written: whoever ordered it has to do so again
            desk.order(**order)
            finish(desk)
        check(aws)
        [experiment] = aws.registry.experiments(MODEL)
        assert experiment.status == ("concluded" if kind == "conclude" else "stopped")
        live = next(each for each in aws.registry.releases(MODEL) if each.status == "live")
        assert live.version == (2 if kind == "conclude" else 1)
        assert not serves_arms(live, experiment)


def test_freeing_the_buckets_comes_last_and_may_die_anywhere(
    aws: Aws, desk: ExperimentDesk, when: When
) -> None:
    desk.run()
    desk.order("stop")
    desk.release("churn-trial-2")
    for _ in crashes(aws, desk, desk.advance, when):
        check(aws)
        finish(desk)
        check(aws)
        assert aws.registry.experiment(MODEL, "trial").status == "stopped"
        next_one = desk.start("next")
        assert next_one["first_bucket"] == 0


def test_beginning_to_run_may_die_anywhere(aws: Aws, desk: ExperimentDesk, when: When) -> None:
    desk.start()
    desk.release("churn-trial-1")
    for _ in crashes(aws, desk, desk.advance, when):
        check(aws)
        assert desk.advance() == "running"
        assert desk.experiment().release == 2
