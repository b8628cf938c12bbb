"""What chat services and programs are sent: the same message in the form that each of them reads."""

import hmac
import json
from collections.abc import Mapping
from hashlib import sha256

from lambdaloop.domain.alert import Severity
from lambdaloop.domain.alert_message import AlertMessage
from lambdaloop.domain.alert_rules import ChannelKind
from lambdaloop.domain.documents import Document

SIGNATURE = "X-Lambdaloop-Signature"
TIMESTAMP = "X-Lambdaloop-Timestamp"
IDENTITY = "X-Lambdaloop-Id"
_LONGEST_TEXT = 2900
"""Slack takes 3,000 characters in a block; Teams 28 KB in a message."""
_TEAMS_COLOURS: dict[Severity, str] = {"info": "Default", "warning": "Warning", "critical": "Attention"}


def body_of(kind: ChannelKind, message: AlertMessage) -> bytes:
    """JSON for one kind of channel."""
    match kind:
        case "slack":
            document = _slack(message)
        case "teams":
            document = _teams(message)
        case "webhook":
            document = message.document
    return json.dumps(document, ensure_ascii=False).encode()


def signed(body: bytes, *, secret: str, seconds: int, identity: str) -> Mapping[str, str]:
    """The headers by which a receiver knows who sent it, when, and whether it had it before.

    The signature is over `seconds.body`, so that an old message cannot be passed off as a new one.
    """
    mac = hmac.new(secret.encode(), f"{seconds}.".encode() + body, sha256).hexdigest()
    return {SIGNATURE: f"sha256={mac}", TIMESTAMP: str(seconds), IDENTITY: identity}


def _slack(message: AlertMessage) -> Document:
    lines = [f"*{_slack_text(name)}:* {_slack_text(value)}" for name, value in message.facts]
    if message.note:
        lines.append(_slack_text(message.note))
    if message.command:
        lines.append(f"`{_slack_text(message.command)}`")
    if message.link:
        lines.append(f"<{message.link}|Look here>")
    return {
        "text": _slack_text(message.title),  # what notifications of the phone show
        "blocks": [
            {"type": "header", "text": {"type": "plain_text", "text": message.title[:150]}},
            {"type": "section", "text": {"type": "mrkdwn", "text": "\n".join(lines)[:_LONGEST_TEXT]}},
        ],
    }


def _slack_text(text: str) -> str:
    """Slack reads these three characters as markup: no reason of an alarm may mention everybody."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _teams(message: AlertMessage) -> Document:
    facts = [{"title": name, "value": value} for name, value in message.facts]
    body: list[Document] = [
        {
            "type": "TextBlock",
            "text": message.title,
            "weight": "Bolder",
            "size": "Medium",
            "wrap": True,
            "color": _TEAMS_COLOURS[message.severity],
        },
        {"type": "FactSet", "facts": facts},
    ]
    if message.note:
        body.append({"type": "TextBlock", "text": message.note, "wrap": True})
    if message.command:
        body.append({"type": "TextBlock", "text": message.command, "fontType": "Monospace", "wrap": True})
    card: Document = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": body,
    }
    if message.link:
        card["actions"] = [{"type": "Action.OpenUrl", "title": "Look here", "url": message.link}]
    attachment = {
        "contentType": "application/vnd.microsoft.card.adaptive",
        "contentUrl": None,
        "content": card,
    }
    return {"type": "message", "attachments": [attachment]}
