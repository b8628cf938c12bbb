"""Consent is given once, by somebody else than who asked, in time, or not at all."""

from dataclasses import replace
from datetime import timedelta

import pytest

from lambdaloop.domain.approval import (
    ReleaseApproval,
    asked_again,
    check_approver,
    check_link,
    decided,
    expiry,
    link_seal,
)
from lambdaloop.domain.errors import (
    ApprovalDecidedError,
    ApprovalExpiredError,
    LinkInvalidError,
    SelfApprovalError,
)
from lambdaloop.domain.person import BY_LINK, person_of
from lambdaloop.domain.retraining_request import GOVERNOR
from tests.fakes.samples import MODEL, MORNING

ALICE = "arn:aws:iam::123456789012:user/alice"
BOB = "arn:aws:sts::123456789012:assumed-role/Admin/bob"
LATER = MORNING + timedelta(hours=1)


def pending(**changes: object) -> ReleaseApproval:
    approval = ReleaseApproval(
        model=MODEL,
        release=3,
        requested_by=ALICE,
        asked_at=MORNING,
        expires_at=MORNING + timedelta(hours=24),
        token="token-1",
    )
    return replace(approval, **changes)  # type: ignore[arg-type]


class TestDeciding:
    def test_a_decision_is_recorded_with_its_person_and_reason(self) -> None:
        approval = decided(pending(), "approved", by=BOB, reason="looks good", at=LATER)
        assert (approval.status, approval.decided_by, approval.reason) == ("approved", BOB, "looks good")
        assert approval.decided_at == LATER

    def test_the_same_decision_of_the_same_person_changes_nothing(self) -> None:
        first = decided(pending(), "approved", by=BOB, reason="looks good", at=LATER)
        again = decided(first, "approved", by=BOB, reason="once more", at=LATER + timedelta(hours=1))
        assert again == first

    @pytest.mark.parametrize(
        ("status", "by"), [("rejected", BOB), ("approved", "carol"), ("rejected", "carol")]
    )
    def test_a_second_decision_is_refused_and_told_the_first(self, status: str, by: str) -> None:
        first = decided(pending(), "approved", by=BOB, reason="looks good", at=LATER)
        with pytest.raises(ApprovalDecidedError, match=r"approved by .*bob: looks good"):
            decided(first, status, by=by, reason="", at=LATER)  # type: ignore[arg-type]

    @pytest.mark.parametrize("status", ["approved", "rejected"])
    def test_a_decision_that_comes_too_late_is_refused(self, status: str) -> None:
        with pytest.raises(ApprovalExpiredError, match="expired at 2026-03-03 09:00 UTC"):
            decided(pending(), status, by=BOB, reason="", at=pending().expires_at)  # type: ignore[arg-type]

    def test_what_expired_stays_expired(self) -> None:
        gone = decided(pending(), "expired", by="nobody", reason="", at=MORNING + timedelta(hours=24))
        with pytest.raises(ApprovalDecidedError, match="nobody approved it until 2026-03-03 09:00 UTC"):
            decided(gone, "approved", by=BOB, reason="", at=LATER)


class TestAskingAgain:
    def test_the_terms_stay_the_token_is_the_newest_and_every_link_is_known(self) -> None:
        first = pending(links=("seal-1",))
        later = pending(token="token-2", links=("seal-2",), expires_at=MORNING + timedelta(hours=99))
        again = asked_again(first, later)
        assert again == replace(first, token="token-2", links=("seal-1", "seal-2"))

    def test_nobody_is_asked_what_was_answered(self) -> None:
        answered = decided(pending(), "rejected", by=BOB, reason="", at=LATER)
        with pytest.raises(ApprovalDecidedError):
            asked_again(answered, pending(token="token-2"))


class TestFourEyes:
    @pytest.mark.parametrize(
        "by",
        [
            ALICE,
            "arn:aws:sts::123456789012:assumed-role/Admin/alice",
            "arn:aws:sts::123456789012:assumed-role/Deployer/Alice",
            "alice",
        ],
    )
    def test_who_asked_does_not_approve_under_any_role(self, by: str) -> None:
        with pytest.raises(SelfApprovalError, match="somebody else has to approve it"):
            check_approver(pending(), by)

    def test_another_person_with_the_same_role_does(self) -> None:
        asked = pending(requested_by="arn:aws:sts::123456789012:assumed-role/Admin/alice")
        check_approver(asked, "arn:aws:sts::123456789012:assumed-role/Admin/bob")

    def test_sessions_with_made_up_names_are_one_person(self) -> None:
        asked = pending(
            requested_by="arn:aws:sts::123456789012:assumed-role/Admin/botocore-session-1700000000"
        )
        with pytest.raises(SelfApprovalError):
            check_approver(asked, "arn:aws:sts::123456789012:assumed-role/Admin/botocore-session-1700009999")

    def test_what_no_person_asked_for_needs_one_person(self) -> None:
        assert person_of(GOVERNOR) is None
        check_approver(pending(requested_by=GOVERNOR), ALICE)
        check_approver(pending(requested_by=GOVERNOR), BY_LINK)

    def test_a_link_names_nobody_and_approves_nothing_that_a_person_asked_for(self) -> None:
        with pytest.raises(SelfApprovalError, match="a link cannot show that somebody else approves"):
            check_approver(pending(), BY_LINK)


class TestLinks:
    def linked(self) -> ReleaseApproval:
        return pending(links=(link_seal("another", pending()), link_seal("secret", pending())))

    def test_a_link_that_was_sent_is_known(self) -> None:
        approval = self.linked()
        assert check_link(approval, secret="secret", expires=str(expiry(approval))) == approval

    def test_the_record_holds_nothing_that_makes_a_link(self) -> None:
        assert "secret" not in str(self.linked())

    @pytest.mark.parametrize("secret", ["", "Secret", "secret ", link_seal("secret", pending())])
    def test_another_secret_is_refused(self, secret: str) -> None:
        with pytest.raises(LinkInvalidError, match="this link is not valid"):
            check_link(self.linked(), secret=secret, expires=str(expiry(pending())))

    def test_a_link_whose_expiry_was_changed_is_refused(self) -> None:
        with pytest.raises(LinkInvalidError):
            check_link(self.linked(), secret="secret", expires=str(expiry(pending()) + 3600))

    @pytest.mark.parametrize("other", [{"release": 4}, {"model": "price"}])
    def test_a_link_of_another_release_or_model_is_refused(self, other: dict[str, object]) -> None:
        with pytest.raises(LinkInvalidError):
            check_link(replace(self.linked(), **other), secret="secret", expires=str(expiry(pending())))  # type: ignore[arg-type]

    def test_a_link_to_nothing_is_refused_in_the_same_words(self) -> None:
        with pytest.raises(LinkInvalidError, match="this link is not valid"):
            check_link(None, secret="secret", expires="1")
