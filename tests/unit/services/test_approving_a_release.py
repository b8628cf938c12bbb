"""A release of a model that asks for consent: a person's yes, in time, and by somebody else; anything else is a no."""

from urllib.parse import parse_qs, urlsplit

import pytest

from functions.ask_approval.handler import handle as ask_approval
from functions.open_release.handler import handle as open_release
from functions.record_approval.handler import handle as record_approval
from functions.shift_traffic.handler import handle as shift_traffic
from lambdaloop.domain.approval import Decision, ReleaseApproval
from lambdaloop.domain.documents import Document
from lambdaloop.domain.errors import (
    ApprovalDecidedError,
    ApprovalExpiredError,
    ApprovalMissingError,
    ApprovalNotFoundError,
    ReleaseInProgressError,
    ReleaseStateError,
    SelfApprovalError,
)
from lambdaloop.domain.person import BY_LINK
from lambdaloop.domain.retraining_request import GOVERNOR
from lambdaloop.services.decide_approval import decide_approval
from tests.fakes.release_workflow import People, run_release
from tests.fakes.samples import MODEL
from tests.unit.services.release_desk import ReleaseDesk

ALICE, BOB = "arn:aws:iam::123456789012:user/alice", "arn:aws:iam::123456789012:user/bob"
HOUR = 3600
FIRST = "token-1"


@pytest.fixture
def desk() -> ReleaseDesk:
    return ReleaseDesk(steps=[50, 100], approval={"expires_hours": 24, "remind_hours": 4})


def decide(
    desk: ReleaseDesk, decision: Decision, *, by: str = BOB, reason: str = "seen it", number: int = 1
) -> ReleaseApproval:
    return decide_approval(
        model=MODEL,
        number=number,
        decision=decision,
        by=by,
        reason=reason,
        releases=desk.registry,
        approvals=desk.registry,
        workflows=desk.workflows,
        clock=desk.clock,
    )


def saying(desk: ReleaseDesk, decision: Decision, *, by: str = BOB, when_reminded: bool = False) -> People:
    def people(waiting: Document) -> None:
        if waiting["reminder"] == when_reminded:
            decide(desk, decision, by=by)

    return people


def release(desk: ReleaseDesk, people: People = lambda _: None, *, requested_by: str = ALICE) -> Document:
    return run_release(desk.app, execution="first", requested_by=requested_by, people=people)


def asked(desk: ReleaseDesk, *, token: str = FIRST, reminder: bool = False) -> Document:
    """A release that waits."""
    document: Document = {
        "request": {"model": MODEL, "version": 1, "requested_by": ALICE, "reason": "better"},
        "execution": "first",
    }
    document["opened"] = open_release(document, desk.app)
    desk.workflows.waiting.add(token)
    ask_approval({**document, "token": token, "reminder": reminder}, desk.app)
    return document


def kinds(desk: ReleaseDesk) -> list[str]:
    return [event.kind for event in desk.registry.events(MODEL)]


class TestTheAnswer:
    @pytest.mark.parametrize("when_reminded", [False, True])
    def test_yes_lets_it_take_traffic(self, desk: ReleaseDesk, when_reminded: bool) -> None:
        document = release(desk, saying(desk, "approved", when_reminded=when_reminded))
        assert document["closed"] == {"status": "live", "version": 1}
        assert "release_approved" in kinds(desk)

    def test_no_ends_it_before_it_took_traffic_and_the_record_says_who_and_why(
        self, desk: ReleaseDesk
    ) -> None:
        document = release(desk, saying(desk, "rejected"))
        assert document["rolled_back"] == {"status": "rolled_back", "reason": f"rejected by {BOB}: seen it"}
        assert desk.registry.release(MODEL, 1).outcome == f"rejected by {BOB}: seen it"
        assert desk.traffic.changes == []
        assert "release_rejected" in kinds(desk)

    def test_silence_is_a_no(self, desk: ReleaseDesk) -> None:
        document = release(desk)
        assert document["rolled_back"]["status"] == "rolled_back"
        assert desk.registry.release(MODEL, 1).outcome == "nobody approved it until 2026-03-03 09:00 UTC"
        assert desk.traffic.changes == []
        assert "release_expired" in kinds(desk)

    def test_the_model_can_be_released_again_afterwards(self, desk: ReleaseDesk) -> None:
        release(desk)
        again = run_release(
            desk.app,
            execution="second",
            requested_by=ALICE,
            people=lambda _: decide(desk, "approved", number=2),
        )
        assert again["closed"]["status"] == "live"

    def test_waking_the_workflow_without_a_decision_opens_nothing(self, desk: ReleaseDesk) -> None:
        """Whoever has the token and no consent: states:SendTaskSuccess is not enough."""
        document = release(
            desk, lambda waiting: desk.workflows.answer(waiting["token"], {"decision": "approved"})
        )
        assert document["rolled_back"]["status"] == "rolled_back"
        assert desk.traffic.changes == []

    def test_a_workflow_that_skips_the_question_gets_no_traffic(self, desk: ReleaseDesk) -> None:
        document: Document = {
            "request": {"model": MODEL, "version": 1, "requested_by": ALICE, "reason": "better"},
            "execution": "first",
        }
        document["opened"] = open_release(document, desk.app)
        with pytest.raises(ApprovalMissingError, match="nobody was asked"):
            shift_traffic(document, desk.app)

    def test_a_decision_whose_wake_up_call_was_lost_counts_all_the_same(self, desk: ReleaseDesk) -> None:
        def recorded_only(waiting: Document) -> None:
            if not waiting["reminder"]:
                desk.registry.decide_approval(
                    MODEL, 1, "approved", by=BOB, reason="seen it", at=desk.clock.now()
                )

        assert release(desk, recorded_only)["closed"]["status"] == "live"


class TestWhoDecides:
    def test_who_asked_cannot_approve_but_can_withdraw(self, desk: ReleaseDesk) -> None:
        asked(desk)
        with pytest.raises(SelfApprovalError):
            decide(desk, "approved", by=ALICE)
        assert decide(desk, "rejected", by=ALICE).status == "rejected"

    def test_a_link_can_only_reject_what_a_person_asked_for(self, desk: ReleaseDesk) -> None:
        asked(desk)
        with pytest.raises(SelfApprovalError):
            decide(desk, "approved", by=BY_LINK)
        assert decide(desk, "rejected", by=BY_LINK).status == "rejected"

    def test_what_the_governor_asked_for_needs_one_person(self, desk: ReleaseDesk) -> None:
        document = release(desk, saying(desk, "approved", by=BY_LINK), requested_by=GOVERNOR)
        assert document["closed"]["status"] == "live"


class TestDecidingTwice:
    def test_a_second_decision_gets_a_typed_error_and_changes_nothing(self, desk: ReleaseDesk) -> None:
        asked(desk)
        decide(desk, "approved")
        for decision, by in (("rejected", BOB), ("rejected", "carol"), ("approved", "carol")):
            with pytest.raises(ApprovalDecidedError, match="approved by"):
                decide(desk, decision, by=by)  # type: ignore[arg-type]
        approval = desk.registry.approval(MODEL, 1)
        assert approval is not None
        assert (approval.status, approval.decided_by) == ("approved", BOB)

    def test_the_same_decision_again_wakes_a_workflow_that_was_not_woken(self, desk: ReleaseDesk) -> None:
        asked(desk)
        desk.registry.decide_approval(MODEL, 1, "approved", by=BOB, reason="", at=desk.clock.now())
        assert desk.workflows.answered == {}
        decide(desk, "approved")
        assert desk.workflows.answered == {"token-1": {"decision": "approved"}}

    def test_a_decision_after_the_end_gets_a_typed_error(self, desk: ReleaseDesk) -> None:
        asked(desk)
        desk.clock.advance(24 * HOUR)
        with pytest.raises(ApprovalExpiredError):
            decide(desk, "approved")

    def test_nobody_can_decide_on_what_was_not_asked(self, desk: ReleaseDesk) -> None:
        document: Document = {
            "request": {"model": MODEL, "version": 1, "requested_by": ALICE, "reason": "better"},
            "execution": "first",
        }
        open_release(document, desk.app)
        with pytest.raises(ApprovalNotFoundError, match="nobody was asked to approve release 1"):
            decide(desk, "approved")

    def test_nobody_can_decide_on_a_release_that_has_ended(self, desk: ReleaseDesk) -> None:
        asked(desk)
        ended = desk.registry.release(MODEL, 1)
        desk.registry.roll_back_release(ended, outcome="by hand", at=desk.clock.now())
        with pytest.raises(ReleaseStateError, match="has ended as rolled_back"):
            decide(desk, "approved")


class TestTheQuestion:
    def test_people_are_told_what_they_need_and_not_the_token(self, desk: ReleaseDesk) -> None:
        asked(desk, token="the-task-token")
        [(subject, text)] = desk.notices.told
        assert subject == f"Release 1 of {MODEL} waits for approval until 2026-03-03 09:00 UTC"
        assert f"lambdaloop releases approve {MODEL} 1" in text
        assert f"lambdaloop releases reject {MODEL} 1" in text
        assert f"Somebody else than {ALICE} has to approve" in text
        assert "roc_auc 0.8431" in text
        assert "the-task-token" not in subject + text
        approval = desk.registry.approval(MODEL, 1)
        assert approval is not None
        assert approval.token == "the-task-token"

    def test_every_message_has_a_link_of_its_own_whose_secret_is_kept_nowhere(
        self, desk: ReleaseDesk
    ) -> None:
        document = asked(desk)
        ask_approval({**document, "token": "token-2", "reminder": True}, desk.app)
        keys = [_link(text)["key"][0] for _, text in desk.notices.told]
        approval = desk.registry.approval(MODEL, 1)
        assert approval is not None
        assert len(set(keys)) == len(approval.links) == 2
        assert all(len(key) >= 43 and key not in str(approval) for key in keys)

    def test_the_reminder_keeps_the_end_and_says_what_it_is(self, desk: ReleaseDesk) -> None:
        document = asked(desk)
        desk.clock.advance(20 * HOUR)
        again = ask_approval({**document, "token": "token-2", "reminder": True}, desk.app)
        assert again == {"expires_at": "2026-03-03T09:00:00+00:00"}
        assert desk.notices.told[-1][0].startswith("Reminder: release 1")

    def test_a_question_that_was_answered_is_not_asked_again(self, desk: ReleaseDesk) -> None:
        document = asked(desk)
        decide(desk, "approved")
        with pytest.raises(ApprovalDecidedError):
            ask_approval({**document, "token": "token-2", "reminder": True}, desk.app)
        assert len(desk.notices.told) == 1

    def test_no_other_release_begins_while_it_waits(self, desk: ReleaseDesk) -> None:
        asked(desk)
        desk.clock.advance(23 * HOUR)
        request = {"model": MODEL, "version": 2, "requested_by": ALICE, "reason": "even better"}
        with pytest.raises(ReleaseInProgressError):
            open_release({"request": request, "execution": "second"}, desk.app)

    def test_the_answer_is_read_after_the_end_as_it_was_given_before(self, desk: ReleaseDesk) -> None:
        document = asked(desk)
        decide(desk, "approved")
        desk.clock.advance(24 * HOUR)
        assert record_approval(document, desk.app)["approved"] is True


def _link(text: str) -> dict[str, list[str]]:
    [address] = [line.strip() for line in text.splitlines() if "https://" in line]
    assert address.startswith(f"https://api.example.com/approvals/{MODEL}/link?")
    return parse_qs(urlsplit(address).query)
