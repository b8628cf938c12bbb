"""What asks the governor: the watch, an alarm, an upload, a schedule or a person; each in the words of its sender.

The id is made of what happened, not of its delivery: events are delivered more than once, and each is answered once.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from lambdaloop.domain.decision import Cause
from lambdaloop.domain.errors import RetrainingRequestInvalidError

GOVERNOR = "governor"
"""Who asks for a training where no person does."""
_ID = re.compile(r"[A-Za-z0-9._-]{1,100}")
_LONGEST_REASON = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class RetrainingRequest:
    """One event that asks whether to train again."""

    id: str
    cause: Cause
    requested_by: str
    reason: str
    """What happened, in words."""
    at: datetime
    """When it happened."""


def read_request(event: Mapping[str, Any], *, model: str, now: datetime) -> RetrainingRequest:
    """Read one of these documents; RetrainingRequestInvalidError says what is wrong with another one.

    {"cause": "watch" | "schedule", "at": iso}, {"cause": "person", "id", "requested_by", "reason"}, EventBridge's
    "CloudWatch Alarm State Change" to ALARM, and EventBridge's "Object Created". Further fields are ignored.
    """
    named = event.get("model", model)
    if named != model:
        raise RetrainingRequestInvalidError(f"this governor is that of model {model!r}, not of {named!r}")
    match event:
        case {"cause": "watch"}:
            at = _time(event, "at")
            return _request("watch", f"watch-{_name(at)}", "the watch has looked", at)
        case {"cause": "schedule"}:
            at = _time(event, "at")
            return _request("schedule", f"schedule-{_name(at)}", "the schedule asks", at)
        case {"cause": "person"}:
            return _of_person(event, now)
        case {"detail-type": "CloudWatch Alarm State Change"}:
            return _of_alarm(event)
        case {"detail-type": "Object Created"}:
            return _of_upload(event)
    raise RetrainingRequestInvalidError(
        "the governor takes a document with cause watch, schedule or person, an alarm's state change or an S3 Object "
        f"Created event, got one with {', '.join(sorted(map(repr, event))) or 'nothing'}"
    )


def _of_person(event: Mapping[str, Any], now: datetime) -> RetrainingRequest:
    identity, reason = _text(event, "id"), _text(event, "reason")
    if not _ID.fullmatch(identity):
        raise RetrainingRequestInvalidError(
            f"id must be 1 to 100 letters, digits, dots, hyphens or underscores, got {identity!r}"
        )
    if len(reason) > _LONGEST_REASON:
        raise RetrainingRequestInvalidError(
            f"reason must have at most {_LONGEST_REASON} characters, got {len(reason)}"
        )
    return RetrainingRequest(
        id=f"person-{identity}",
        cause="person",
        requested_by=_text(event, "requested_by"),
        reason=reason,
        at=now,
    )


def _of_alarm(event: Mapping[str, Any]) -> RetrainingRequest:
    name, state = _text(event, "detail", "alarmName"), _text(event, "detail", "state", "value")
    if state != "ALARM":
        raise RetrainingRequestInvalidError(
            f"alarm {name!r} changed to {state}: send only changes to ALARM to the governor"
        )
    return _request("alarm", f"alarm-{_text(event, 'id')}", f"alarm {name} began", _time(event, "time"))


def _of_upload(event: Mapping[str, Any]) -> RetrainingRequest:
    """S3 may tell of one upload in several events; each object version is one upload."""
    key = _text(event, "detail", "object", "key")
    content = event["detail"]["object"]
    version = content.get("version-id") or content.get("etag") or _text(event, "id")
    place = "\n".join((_text(event, "detail", "bucket", "name"), key, str(version)))
    digest = hashlib.sha256(place.encode()).hexdigest()[:32]
    return _request("data", f"data-{digest}", f"{key} was uploaded", _time(event, "time"))


def _request(cause: Cause, identity: str, reason: str, at: datetime) -> RetrainingRequest:
    return RetrainingRequest(id=identity, cause=cause, requested_by=GOVERNOR, reason=reason, at=at)


def _text(event: Mapping[str, Any], *path: str) -> str:
    found: Any = event
    for name in path:
        found = found.get(name) if isinstance(found, Mapping) else None
    if not isinstance(found, str) or not found:
        raise RetrainingRequestInvalidError(
            f"{'.'.join(path)} of the event must be a text, got {found!r}: send the event as its service makes it"
        )
    return found


def _time(event: Mapping[str, Any], name: str) -> datetime:
    text = _text(event, name)
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise RetrainingRequestInvalidError(
            f"{name} of the event must be a time such as 2026-01-31T12:00:00Z, got {text!r}"
        ) from error
    if at.tzinfo is None:
        raise RetrainingRequestInvalidError(
            f"{name} of the event must name its time zone, such as 2026-01-31T12:00:00Z, got {text!r}"
        )
    return at.astimezone(UTC)


def _name(at: datetime) -> str:
    return f"{at:%Y%m%dT%H%M%S.%fZ}"
