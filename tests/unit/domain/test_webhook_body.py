"""Chats and programs get the message in their own form, signed where they have to know who sent it."""

import hmac
import json
from datetime import UTC, datetime
from hashlib import sha256

from lambdaloop.domain.alert import Alert, after
from lambdaloop.domain.alert_message import AlertMessage, message_of
from lambdaloop.domain.alert_rules import AlertPlan
from lambdaloop.domain.webhook_body import body_of, signed


def message(what: str = "Predictions of churn fail") -> AlertMessage:
    alert = Alert(
        id="a@1",
        key="churn/live-errors",
        severity="critical",
        phase="began",
        model="churn",
        at=datetime(2026, 3, 2, 12, tzinfo=UTC),
        what=what,
        how_bad="12 > 0 & rising",
        link="https://console.example/alarm",
        command="lambdaloop releases list churn",
    )
    return message_of(after(alert, None, cool_down=AlertPlan().cool_down).letters[0])


def test_slack_gets_text_and_blocks_in_which_nothing_is_markup_by_accident() -> None:
    body = json.loads(body_of("slack", message("<!channel> all & sundry")))
    assert body["text"] == "Critical: &lt;!channel&gt; all &amp; sundry"
    assert [each["type"] for each in body["blocks"]] == ["header", "section"]
    text = body["blocks"][1]["text"]["text"]
    assert "*Found:* 12 &gt; 0 &amp; rising" in text
    assert "`lambdaloop releases list churn`" in text
    assert "<https://console.example/alarm|Look here>" in text


def test_what_slack_would_refuse_as_too_long_is_cut() -> None:
    blocks = json.loads(body_of("slack", message("x" * 5000)))["blocks"]
    assert len(blocks[0]["text"]["text"]) <= 150
    assert len(blocks[1]["text"]["text"]) <= 3000


def test_teams_gets_an_adaptive_card() -> None:
    body = json.loads(body_of("teams", message()))
    [attachment] = body["attachments"]
    assert (body["type"], attachment["contentType"]) == ("message", "application/vnd.microsoft.card.adaptive")
    card = attachment["content"]
    assert (card["type"], card["version"]) == ("AdaptiveCard", "1.4")
    assert card["body"][0]["color"] == "Attention"
    assert {"title": "About", "value": "churn"} in card["body"][1]["facts"]
    assert card["actions"][0]["url"] == "https://console.example/alarm"


def test_programs_get_the_alert_itself() -> None:
    body = json.loads(body_of("webhook", message()))
    assert body["key"] == "churn/live-errors"
    assert (body["phase"], body["severity"], body["at"]) == ("began", "critical", "2026-03-02T12:00:00+00:00")


def test_the_signature_is_over_time_and_body() -> None:
    headers = signed(b'{"a": 1}', secret="s3cret", seconds=1_772_452_800, identity="a@1")
    expected = hmac.new(b"s3cret", b'1772452800.{"a": 1}', sha256).hexdigest()
    assert headers == {
        "X-Lambdaloop-Signature": f"sha256={expected}",
        "X-Lambdaloop-Timestamp": "1772452800",
        "X-Lambdaloop-Id": "a@1",
    }
