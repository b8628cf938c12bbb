"""Registering and releasing, with the process dying at every single AWS call, just before it and just after it."""

from collections.abc import Callable, Iterator
from typing import Literal

import pytest

from functions.open_release.handler import handle as open_release
from functions.roll_back_release.handler import handle as roll_back
from functions.shift_traffic.handler import handle as shift_traffic
from lambdaloop.domain.documents import Document
from lambdaloop.domain.release_rules import LEASE
from tests.contract.aws import TABLE, Aws
from tests.contract.fault_injection import CrashError, Fault, crash
from tests.contract.release_world import (
    app_on,
    check_invariants,
    check_settled,
    make_live,
    register,
)
from tests.fakes.clock import FakeClock
from tests.fakes.release_workflow import run_release
from tests.fakes.samples import MODEL, MORNING, draft, run

When = Literal["before", "after"]
LEASE_EXPIRED = 24 * 3600


@pytest.fixture(params=["before", "after"])
def when(request: pytest.FixtureRequest) -> When:
    value: When = request.param
    return value


def crashes(
    aws: Aws, action: Callable[[Aws], object], *, when: When = "after", writes: bool = False
) -> Iterator[int]:
    """For each call of the action: everything as it is now, and then the action having died at that call.

    With `writes`, only at calls that change something. That loses no case: a dead process leaves nothing but what it wrote,
    so dying around a read, or just before a write, is dying just after the write before.
    """
    go_back = aws.remember()
    call = 1
    while _dies(aws, action, crash(aws.wire, call=call, when=when, writes=writes)):
        yield call
        go_back()
        call += 1
    assert call > 3  # the action does talk to AWS


def _dies(aws: Aws, action: Callable[[Aws], object], fault: Fault) -> bool:
    with aws.wire.failing(fault):
        try:
            action(aws)
        except CrashError:
            return True
    return False


def with_a_run(aws: Aws) -> None:
    register(aws, "run-1")
    aws.registry.start_run(run("run-2"))


def register_second(aws: Aws) -> int:
    return aws.registry.register_version(draft("run-2"), by="ml-team", at=MORNING).number


def test_registering(aws: Aws, when: When) -> None:
    with_a_run(aws)
    for _ in crashes(aws, register_second, when=when):
        check_invariants(aws)
        assert register_second(aws) == 2
        check_invariants(aws)
        assert [event.kind for event in aws.registry.events(MODEL)].count("version_registered") == 2
        assert aws.registry.run(MODEL, "run-2").version == 2


@pytest.fixture
def aws_with_live(aws: Aws) -> Aws:
    """Version 1 is live, version 2 could be."""
    register(aws, "run-1", "run-2")
    make_live(aws)
    return aws


def release_second(aws: Aws) -> Document:
    return run_release(app_on(aws), version=2, execution="second")


class TestAReleaseThatDies:
    """Three ways on from there: Step Functions runs it again, rolls it back, or is dead too and another release comes."""

    def test_converges_when_it_runs_again(self, aws_with_live: Aws) -> None:
        aws = aws_with_live
        for _ in crashes(aws, release_second, writes=True):
            check_invariants(aws)
            release_second(aws)
            check_settled(aws)
            assert [release.status for release in aws.registry.releases(MODEL)] == ["live", "superseded"]
            assert len(aws.lambda_api.versions) == 3

    def test_gives_everything_back_when_it_is_rolled_back(self, aws_with_live: Aws) -> None:
        aws = aws_with_live
        ends = set()
        for _ in crashes(aws, release_second, writes=True):
            error = {"Error": "Lambda.Unknown", "Cause": "the process died"}
            ends.add(roll_back({"execution": "second", "error": error}, app_on(aws))["status"])
            check_settled(aws)
            aws.registry.acquire(model=MODEL, name=LEASE, owner="third", at=MORNING, seconds=1)  # it is free
        assert ends == {
            None,
            "rolled_back",
            "live",
        }  # died before it had a record, before and after it closed

    def test_is_tidied_up_by_the_next_release(self, aws_with_live: Aws) -> None:
        aws = aws_with_live
        for _ in crashes(aws, release_second, writes=True):
            clock = FakeClock()
            clock.advance(LEASE_EXPIRED)
            third = run_release(app_on(aws, clock), version=1, execution="third")
            assert third["closed"] == {"status": "live", "version": 1}
            check_settled(aws)


def test_a_rollback_that_dies_is_finished_by_another(aws_with_live: Aws, when: When) -> None:
    aws = aws_with_live
    app = app_on(aws)
    document: Document = {
        "request": {"model": MODEL, "version": 2, "requested_by": "ml-team", "reason": "better"},
        "execution": "second",
    }
    document["opened"] = open_release(document, app)
    shift_traffic(document, app)
    assert aws.traffic.routing().weight == 0.5
    for _ in crashes(aws, roll_back_second, when=when):
        check_invariants(aws)
        assert roll_back_second(aws)["status"] == "rolled_back"
        check_settled(aws)
        assert aws.registry.releases(MODEL)[0].outcome == "50 of 100 requests failed"


def roll_back_second(aws: Aws) -> Document:
    judgement = {"verdict": "roll_back", "reasons": ["50 of 100 requests failed"]}
    return roll_back({"execution": "second", "judgement": judgement}, app_on(aws))


def test_dying_at_a_read_leaves_what_the_write_before_it_left(aws_with_live: Aws) -> None:
    """The ground on which the tests above skip reads, looked at once."""
    aws = aws_with_live
    before = aws.dynamodb.scan(TableName=TABLE)["Items"]
    with pytest.raises(CrashError), aws.wire.failing(crash(aws.wire, call=1, when="before", writes=True)):
        release_second(aws)
    assert "dynamodb.GetItem" in aws.wire.calls
    assert aws.dynamodb.scan(TableName=TABLE)["Items"] == before
