"""Rolling back and pruning, with the process dying at every single AWS call, and with parts of AWS being down."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any, Literal

import pytest

from lambdaloop.domain.alias import CHAMPION
from lambdaloop.domain.errors import BackendUnavailableError
from lambdaloop.domain.return_note import noted
from tests.contract.aws import Aws
from tests.contract.fault_injection import CrashError, Fault, crash, lose_answer, lose_request, reject
from tests.contract.release_world import check_invariants, check_settled
from tests.fakes.release_history import ReleaseHistory, with_releases
from tests.fakes.samples import MODEL

When = Literal["before", "after"]
Act = Callable[[ReleaseHistory], Any]
TABLE_CALLS = ("dynamodb.Query", "dynamodb.GetItem", "dynamodb.TransactWriteItems")


def history_on(aws: Aws, *, canary: bool = False) -> ReleaseHistory:
    """Three releases that went live, and perhaps a fourth one that has a tenth of the traffic."""
    history = with_releases(3, registry=aws.registry, traffic=aws.traffic)
    if canary:
        history.canary(3)
    return history


def crashes(aws: Aws, action: Act, history: ReleaseHistory, *, when: When = "after") -> Iterator[None]:
    """For each call of the action: everything as it is now, and then the action having died at that call."""
    go_back = aws.remember()
    call = 1
    while _dies(aws, action, history, crash(aws.wire, call=call, when=when)):
        yield
        go_back()
        call += 1
    assert call > 5  # the action does talk to AWS


def _dies(aws: Aws, action: Act, history: ReleaseHistory, fault: Fault) -> bool:
    with aws.wire.failing(fault):
        try:
            action(history)
        except CrashError:
            return True
    return False


@pytest.mark.parametrize(
    ("to", "canary", "when", "ends"),
    [
        (None, False, "before", ["superseded", "live", "rolled_back"]),
        (None, False, "after", ["superseded", "live", "rolled_back"]),
        (None, True, "after", ["superseded", "superseded", "live", "rolled_back"]),
        (1, True, "after", ["live", "superseded", "rolled_back", "rolled_back"]),
    ],
)
def test_a_rollback_that_dies_converges_when_it_runs_again(
    aws: Aws, to: int | None, when: When, *, canary: bool, ends: list[str]
) -> None:
    history = history_on(aws, canary=canary)
    target, before = 1 + ends.index("live"), history.routed()
    goal = (str(target + 1), None, 0.0)  # release n is Lambda version n + 1
    seen = []
    for _ in crashes(aws, lambda history: history.roll_back(to), history, when=when):
        check_invariants(aws)
        seen.append(history.routed())
        returned = history.roll_back(to)
        assert (returned.release, returned.unrecorded) == (target, None)
        check_settled(aws)
        assert history.statuses() == ends
        champion = aws.registry.alias(MODEL, CHAMPION)
        assert champion is not None
        assert champion.release == target
        kinds = [event.kind for event in aws.registry.events(MODEL)]
        assert kinds.count("release_returned") == (0 if canary and to is None else 1)
    moved = seen.index(goal)
    assert seen == [before] * moved + [goal] * (len(seen) - moved)  # once traffic is back, no crash moves it


def test_a_rollback_that_died_is_no_obstacle_for_another_one(aws: Aws) -> None:
    history = history_on(aws)
    for _ in crashes(aws, lambda history: history.roll_back(), history):
        assert history.roll_back(to=1).release == 1
        check_settled(aws)


def test_pruning_that_dies_never_says_that_a_version_is_gone_which_is_there(aws: Aws) -> None:
    history = history_on(aws)
    history.failed_release(3)
    history.release(3)
    for _ in crashes(aws, lambda history: history.prune(keep=1), history):
        check_invariants(aws)
        for release in aws.registry.releases(MODEL):
            if release.lambda_version_deleted_at is not None:
                assert release.lambda_version not in aws.lambda_api.versions
        history.prune(keep=1)
        check_settled(aws)
        assert aws.lambda_api.versions.keys() == {"1", "4", "6"}
        marked = {
            each.number for each in aws.registry.releases(MODEL) if each.lambda_version_deleted_at is not None
        }
        assert marked == {1, 2, 4}
        assert history.roll_back().release == 3


class TestWhilePartsOfAwsAreDown:
    @pytest.mark.parametrize("outage", ["refused", "unreachable"])
    def test_traffic_comes_back_without_the_registry_and_the_record_follows(
        self, aws: Aws, outage: str
    ) -> None:
        history = history_on(aws, canary=True)
        with _down(aws, outage, *TABLE_CALLS):
            returned = history.roll_back(by="anna")
            assert (returned.release, returned.left, returned.moved) == (3, 4, True)
            assert returned.unrecorded is not None
            assert history.routed() == ("4", None, 0.0)
        note = noted(aws.traffic.routing())
        assert note is not None
        assert (note.by, note.to, note.left) == ("anna", 3, 4)
        assert history.roll_back(by="bert").unrecorded is None
        check_settled(aws)
        assert aws.registry.release(MODEL, 4).outcome == "went back to release 3, by anna: wrong prices"

    def test_neither_the_bucket_nor_the_training_side_is_asked(self, aws: Aws) -> None:
        history = history_on(aws, canary=True)
        aws.wire.calls.clear()
        history.roll_back()
        assert {call.split(".")[0] for call in aws.wire.calls} == {"lambda", "dynamodb"}
        moves = [call for call in aws.wire.calls if call == "lambda.UpdateAlias"]
        assert len(moves) == 1
        assert aws.wire.calls.index("lambda.UpdateAlias") < aws.wire.calls.index(
            "dynamodb.TransactWriteItems"
        )

    def test_a_lost_answer_of_the_move_itself_is_found_out(self, aws: Aws) -> None:
        history = history_on(aws)
        with aws.wire.failing(lose_answer(aws.wire, "lambda.UpdateAlias", times=1)):
            assert history.roll_back().release == 2
        check_settled(aws)
        assert history.statuses() == ["superseded", "live", "rolled_back"]

    def test_without_lambda_nothing_moves_and_nothing_is_recorded(self, aws: Aws) -> None:
        history = history_on(aws)
        with (
            _down(aws, "refused", "lambda.UpdateAlias"),
            pytest.raises(BackendUnavailableError),
        ):
            history.roll_back()
        check_settled(aws)
        assert history.statuses() == ["superseded", "superseded", "live"]


def _down(aws: Aws, outage: str, *operations: str) -> ExitStack:
    stack = ExitStack()
    for operation in operations:
        fault = (
            reject(operation, "InternalServerError", status=500)
            if outage == "refused"
            else lose_request(operation)
        )
        stack.enter_context(aws.wire.failing(fault))
    return stack
