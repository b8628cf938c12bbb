"""The approval endpoint: opening the link decides nothing, sending its form does, and signed requests name a person."""

import base64
import json
from dataclasses import replace
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from functions.ask_approval.handler import handle as ask_approval
from functions.decide_approval.handler import handle as decide_approval
from functions.open_release.handler import handle as open_release
from lambdaloop.domain.approval import ReleaseApproval
from lambdaloop.domain.documents import Document
from lambdaloop.domain.person import BY_LINK
from lambdaloop.domain.retraining_request import GOVERNOR
from tests.fakes.samples import MODEL
from tests.unit.services.release_desk import ReleaseDesk

ALICE, BOB = "arn:aws:iam::123456789012:user/alice", "arn:aws:iam::123456789012:user/bob"


class Waiting:
    """A release that waits for consent, and the link that people were sent."""

    def __init__(self, requested_by: str) -> None:
        self.desk = ReleaseDesk(approval={"expires_hours": 24, "remind_hours": 4})
        request = {"model": MODEL, "version": 1, "requested_by": requested_by, "reason": "better"}
        document: Document = {"request": request, "execution": "first"}
        document["opened"] = open_release(document, self.desk.app)
        self.desk.workflows.waiting.add("token")
        ask_approval({**document, "token": "token", "reminder": False}, self.desk.app)
        [(_, text)] = self.desk.notices.told
        [self.link] = [line.strip() for line in text.splitlines() if "https://" in line]
        self.fields = {name: values[0] for name, values in parse_qs(urlsplit(self.link).query).items()}

    def open(self, **changes: str) -> Document:
        return self._send("GET", query=urlencode({**self.fields, **changes}))

    def press(self, decision: str = "approve", **changes: str) -> Document:
        return self._send("POST", body=urlencode({**self.fields, "decision": decision, **changes}))

    def sign(self, body: object, *, by: str | None = BOB) -> Document:
        return self._send("POST", path=f"/approvals/{MODEL}", body=json.dumps(body), by=by)

    @property
    def approval(self) -> ReleaseApproval:
        approval = self.desk.registry.approval(MODEL, 1)
        assert approval is not None
        return approval

    def _send(
        self,
        method: str,
        *,
        path: str = f"/approvals/{MODEL}/link",
        query: str = "",
        body: str = "",
        by: str | None = None,
    ) -> Document:
        event = {
            "rawPath": path,
            "rawQueryString": query,
            "body": base64.b64encode(body.encode()).decode(),
            "isBase64Encoded": True,
            "requestContext": {
                "http": {"method": method, "path": path, "sourceIp": "203.0.113.7"},
                **({"authorizer": {"iam": {"userArn": by}}} if by else {}),
            },
        }
        return decide_approval(event, self.desk.app)


@pytest.fixture
def automatic() -> Waiting:
    return Waiting(GOVERNOR)


@pytest.fixture
def asked_by_alice() -> Waiting:
    return Waiting(ALICE)


class TestTheLink:
    def test_opening_it_shows_a_page_and_decides_nothing(self, automatic: Waiting) -> None:
        for _ in range(3):  # mail scanners open every link
            answer = automatic.open()
            assert answer["statusCode"] == 200
        assert '<form method="post">' in answer["body"]
        assert automatic.approval.status == "pending"
        assert automatic.desk.workflows.answered == {}

    def test_the_page_loads_nothing_is_not_kept_and_leads_nowhere_else(self, automatic: Waiting) -> None:
        headers = automatic.open()["headers"]
        assert headers["cache-control"] == "no-store"
        assert headers["referrer-policy"] == "no-referrer"
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "frame-ancestors 'none'" in headers["content-security-policy"]

    def test_its_form_decides(self, automatic: Waiting) -> None:
        answer = automatic.press("approve", reason="looks good")
        assert answer["statusCode"] == 200
        assert "approved by approval link: looks good (from 203.0.113.7)" in answer["body"]
        assert (automatic.approval.status, automatic.approval.decided_by) == ("approved", BY_LINK)
        assert automatic.desk.workflows.answered == {"token": {"decision": "approved"}}

    def test_it_offers_no_approval_of_what_a_person_asked_for_and_takes_none(
        self, asked_by_alice: Waiting
    ) -> None:
        page = asked_by_alice.open()["body"]
        assert 'value="approve"' not in page
        assert f"lambdaloop releases approve {MODEL} 1" in page
        assert asked_by_alice.press("approve")["statusCode"] == 403
        assert asked_by_alice.press("reject")["statusCode"] == 200
        assert asked_by_alice.approval.status == "rejected"

    def test_it_names_the_command_of_its_stage(self, asked_by_alice: Waiting) -> None:
        desk = asked_by_alice.desk
        desk.app.settings = replace(desk.app.settings, stage="dev")
        assert f"lambdaloop --stage dev releases approve {MODEL} 1" in asked_by_alice.open()["body"]

    @pytest.mark.parametrize(
        "change",
        [
            {"key": "a" * 43},
            {"key": ""},
            {"expires": "99999999999"},
            {"release": "2"},
            {"release": "99999999"},
        ],
    )
    def test_a_link_that_was_changed_opens_nothing_and_says_not_why(
        self, automatic: Waiting, change: dict[str, str]
    ) -> None:
        for answer in (automatic.open(**change), automatic.press(**change)):
            assert answer["statusCode"] == 403
            assert "this link is not valid" in answer["body"]
        assert automatic.approval.status == "pending"

    @pytest.mark.parametrize("release", ["", "x", "-1", "0", "1e3", "²", "9" * 30])
    def test_nonsense_is_refused(self, automatic: Waiting, release: str) -> None:
        assert automatic.open(release=release)["statusCode"] == 400
        assert automatic.press(release=release)["statusCode"] == 400

    def test_it_ends_with_the_question(self, automatic: Waiting) -> None:
        automatic.desk.clock.advance(24 * 3600)
        assert automatic.press("approve")["statusCode"] == 410
        assert automatic.approval.status == "pending"

    def test_a_second_press_says_what_was_decided(self, automatic: Waiting) -> None:
        automatic.press("reject")
        answer = automatic.press("approve")
        assert answer["statusCode"] == 409
        assert "rejected by approval link" in answer["body"]
        assert "Nothing to decide" in automatic.open()["body"]

    def test_what_people_write_is_text_and_no_markup(self) -> None:
        waiting = Waiting("<script>alert(1)</script>")
        assert "<script>" not in waiting.open()["body"]
        assert "<script>" not in waiting.press("reject", reason="<script>alert(2)</script>")["body"]


class TestASignedRequest:
    def test_somebody_else_approves_under_the_name_that_the_gateway_verified(
        self, asked_by_alice: Waiting
    ) -> None:
        answer = asked_by_alice.sign(
            {"release": 1, "decision": "approve", "reason": "looks good", "by": "eve"}
        )
        assert answer["statusCode"] == 200
        assert json.loads(answer["body"]) == {"release": 1, "status": "approved", "by": BOB}
        assert asked_by_alice.approval.decided_by == BOB

    def test_who_asked_is_refused(self, asked_by_alice: Waiting) -> None:
        answer = asked_by_alice.sign({"release": 1, "decision": "approve"}, by=ALICE)
        assert answer["statusCode"] == 403
        assert json.loads(answer["body"])["type"] == "SelfApprovalError"

    def test_nobody_is_nobody(self, asked_by_alice: Waiting) -> None:
        assert asked_by_alice.sign({"release": 1, "decision": "reject"}, by=None)["statusCode"] == 403
        assert asked_by_alice.approval.status == "pending"

    @pytest.mark.parametrize(
        "body",
        [
            [],
            {"release": "1", "decision": "approve"},
            {"release": True, "decision": "approve"},
            {"release": 1, "decision": "approved"},
            {"release": 1, "decision": ["approve"]},
            {"release": 1, "decision": "approve", "reason": 5},
            {"release": 1, "decision": "approve", "reason": "x" * 501},
            {"release": 1, "decision": "approve", "reason": "x" * 20_000},
        ],
    )
    def test_nonsense_is_refused(self, asked_by_alice: Waiting, body: object) -> None:
        assert asked_by_alice.sign(body)["statusCode"] == 400

    def test_a_release_that_nobody_asked_about_is_unknown(self, asked_by_alice: Waiting) -> None:
        assert asked_by_alice.sign({"release": 7, "decision": "approve"})["statusCode"] == 404

    def test_a_second_decision_is_a_conflict(self, asked_by_alice: Waiting) -> None:
        asked_by_alice.sign({"release": 1, "decision": "approve"})
        answer = asked_by_alice.sign({"release": 1, "decision": "reject"})
        assert answer["statusCode"] == 409
        assert json.loads(answer["body"])["type"] == "ApprovalDecidedError"
