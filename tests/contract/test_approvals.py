"""What every log of approvals promises: the in-memory one and DynamoDB."""

from datetime import timedelta
from typing import Any

import pytest

from lambdaloop.domain.approval import ReleaseApproval
from lambdaloop.domain.errors import ApprovalDecidedError, ApprovalExpiredError, ApprovalNotFoundError
from tests.contract.aws import Aws
from tests.contract.fault_injection import CrashError, crash
from tests.fakes.registry import InMemoryRegistry
from tests.fakes.samples import MODEL, MORNING

BOB, CAROL = "arn:aws:iam::123456789012:user/bob", "arn:aws:iam::123456789012:user/carol"
FIRST = "token-1"
LATER = MORNING + timedelta(hours=1)


@pytest.fixture(params=["fake", "dynamo"])
def registry(request: pytest.FixtureRequest) -> Any:
    return InMemoryRegistry() if request.param == "fake" else request.getfixturevalue("aws").registry


def question(token: str = FIRST, **changes: Any) -> ReleaseApproval:
    values: dict[str, Any] = {
        "model": MODEL,
        "release": 3,
        "requested_by": "ml-team",
        "asked_at": MORNING,
        "expires_at": MORNING + timedelta(hours=24),
        "token": token,
        "links": (f"seal-of-{token}",),
        **changes,
    }
    return ReleaseApproval(**values)


def kinds(registry: Any) -> list[str]:
    return sorted(event.kind for event in registry.events(MODEL))


def test_there_is_none_before_it_was_asked_for(registry: Any) -> None:
    assert registry.approval(MODEL, 3) is None
    with pytest.raises(ApprovalNotFoundError):
        registry.decide_approval(MODEL, 3, "approved", by=BOB, reason="", at=LATER)


def test_a_question_is_kept_as_it_was_asked(registry: Any) -> None:
    assert registry.ask_approval(question(), at=MORNING) == question()
    assert registry.approval(MODEL, 3) == question()
    assert kinds(registry) == ["approval_asked"]


def test_asked_again_it_keeps_its_terms_and_has_the_newest_token(registry: Any) -> None:
    registry.ask_approval(question(), at=MORNING)
    again = registry.ask_approval(question("token-2", expires_at=LATER), at=LATER)
    assert again == registry.approval(MODEL, 3)
    assert (again.token, again.links) == ("token-2", ("seal-of-token-1", "seal-of-token-2"))
    assert again.expires_at == question().expires_at


def test_a_decision_is_kept_with_its_event(registry: Any) -> None:
    registry.ask_approval(question(), at=MORNING)
    decided = registry.decide_approval(MODEL, 3, "rejected", by=BOB, reason="too early", at=LATER)
    assert decided == registry.approval(MODEL, 3)
    assert (decided.status, decided.decided_by, decided.decided_at) == ("rejected", BOB, LATER)
    [event] = [event for event in registry.events(MODEL) if event.kind == "release_rejected"]
    assert (event.actor, event.detail["release"], event.detail["reason"]) == (BOB, 3, "too early")


def test_the_same_decision_again_is_no_second_event(registry: Any) -> None:
    registry.ask_approval(question(), at=MORNING)
    first = registry.decide_approval(MODEL, 3, "approved", by=BOB, reason="", at=LATER)
    assert registry.decide_approval(MODEL, 3, "approved", by=BOB, reason="", at=LATER) == first
    assert kinds(registry) == ["approval_asked", "release_approved"]


def test_another_decision_is_refused_and_nothing_is_changed(registry: Any) -> None:
    registry.ask_approval(question(), at=MORNING)
    first = registry.decide_approval(MODEL, 3, "approved", by=BOB, reason="", at=LATER)
    for status, by in (("approved", CAROL), ("rejected", BOB), ("expired", "nobody")):
        with pytest.raises(ApprovalDecidedError):
            registry.decide_approval(MODEL, 3, status, by=by, reason="", at=LATER)
    with pytest.raises(ApprovalDecidedError):
        registry.ask_approval(question("token-2"), at=LATER)
    assert registry.approval(MODEL, 3) == first


def test_a_late_decision_is_refused_and_silence_is_recorded(registry: Any) -> None:
    registry.ask_approval(question(), at=MORNING)
    end = question().expires_at
    with pytest.raises(ApprovalExpiredError):
        registry.decide_approval(MODEL, 3, "approved", by=BOB, reason="", at=end)
    assert registry.decide_approval(MODEL, 3, "expired", by="nobody", reason="", at=end).status == "expired"


def test_two_that_decide_at_once_leave_one_decision(aws: Aws) -> None:
    """Carol's decision arrives between Bob's reading and writing."""
    registry = aws.registry
    registry.ask_approval(question(), at=MORNING)
    interfered: list[str] = []

    def interfere(operation: str) -> None:
        if operation.endswith("TransactWriteItems") and not interfered:
            interfered.append(operation)
            registry.decide_approval(MODEL, 3, "rejected", by=CAROL, reason="", at=LATER)

    with aws.wire.holding(interfere), pytest.raises(ApprovalDecidedError, match=r"rejected by .*carol"):
        registry.decide_approval(MODEL, 3, "approved", by=BOB, reason="", at=LATER)
    assert interfered


def test_a_decision_never_misses_the_token_of_a_reminder_that_comes_at_the_same_time(aws: Aws) -> None:
    registry = aws.registry
    registry.ask_approval(question(), at=MORNING)
    reminded: list[str] = []

    def remind(operation: str) -> None:
        if operation.endswith("TransactWriteItems") and not reminded:
            reminded.append(operation)
            registry.ask_approval(question("token-2"), at=LATER)

    with aws.wire.holding(remind):
        decided = registry.decide_approval(MODEL, 3, "approved", by=BOB, reason="", at=LATER)
    assert (decided.status, decided.token) == ("approved", "token-2")


@pytest.mark.parametrize("when", ["before", "after"])
def test_asking_and_deciding_survive_a_death_at_every_call(aws: Aws, when: Any) -> None:
    def work() -> None:
        aws.registry.ask_approval(question(), at=MORNING)
        aws.registry.decide_approval(MODEL, 3, "approved", by=BOB, reason="", at=LATER)

    go_back, call = aws.remember(), 1
    while True:
        with aws.wire.failing(crash(aws.wire, call=call, when=when)):
            try:
                work()
            except CrashError:
                pass
            else:
                break
        approval = aws.registry.approval(MODEL, 3)
        assert approval is None or approval.status in ("pending", "approved")
        if approval is None or approval.status == "pending":
            work()
        assert aws.registry.approval(MODEL, 3).status == "approved"  # type: ignore[union-attr]
        assert kinds(aws.registry).count("release_approved") == 1
        go_back()
        call += 1
    assert call > 3
