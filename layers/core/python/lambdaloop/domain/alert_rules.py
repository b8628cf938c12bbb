"""Which alarms and events people are told of, how bad they are, and what to type next."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from urllib.parse import quote

from lambdaloop.domain.alert import SEVERITIES, Alert, Severity
from lambdaloop.domain.happening import Happening
from lambdaloop.domain.stage import ONLY, Stage

ChannelKind = Literal["slack", "teams", "webhook"]
TOPIC = "topic"
"""The name of the topic among the channels."""
_PREFIX = ONLY.alarm_prefix
_CRITICAL = frozenset(
    {
        "live-errors",
        "server-errors",
        "live-throttles",
        "release-timed-out",
        "capture-undelivered",
        "watch-silent",
        "watch-failed",
        "events-undelivered",
        "lambdaloop-events-unpublished",
    }
)
_ONCE = frozenset(
    {
        "training-failed",
        "training-timed-out",
        "release-failed",
        "release-timed-out",
        "watch-failed",
        "watch-timed-out",
        "experiment-failed",
        "experiment-timed-out",
    }
)
"""About one execution, which has happened: that the alarm ends says only that no further one failed."""
_COMMANDS = {
    "live-errors": "releases list {model}",
    "server-errors": "releases list {model}",
    "live-latency": "releases list {model}",
    "training-failed": "runs list {model}",
    "training-timed-out": "runs list {model}",
    "release-failed": "releases list {model}",
    "release-timed-out": "rollback {model} --reason 'its workflow died'",
    "retraining-storm": "decisions list {model}",
    "baseline-age": "versions list {model}",
    "experiment-failed": "experiment status {model}",
    "experiment-timed-out": "experiment status {model}",
}
_WATCHED = "windows show {model}"


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertChannel:
    """Where alerts go beside the topic."""

    name: str
    kind: ChannelKind
    parameter: str
    """The SSM parameter that holds its address, a SecureString."""
    least: Severity = "warning"
    """What is less than this is not sent there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertPlan:
    """Who is told what."""

    least: Severity = "warning"
    """What is less than this does not reach the topic."""
    cool_down_minutes: int = 60
    channels: tuple[AlertChannel, ...] = ()

    @property
    def cool_down(self) -> timedelta:
        """How long the same news are not told again."""
        return timedelta(minutes=self.cool_down_minutes)


def reaches(severity: Severity, least: Severity) -> bool:
    """Whether something is bad enough.

    >>> reaches("critical", "warning"), reaches("info", "warning")
    (True, False)
    """
    return SEVERITIES.index(severity) >= SEVERITIES.index(least)


def of_alarm(
    message: Mapping[str, Any], *, models: tuple[str, ...], region: str, stage: Stage = ONLY
) -> Alert | None:
    """What an alarm says, as it is published on a topic; None for no news.

    `models`: the names of all that are deployed, by which an alarm's name is taken apart.
    """
    name, state = str(message["AlarmName"]), message["NewStateValue"]
    model, kind = _taken_apart(stage.without_stage(name), models)
    if state not in ("ALARM", "OK") or (state == "OK" and kind in _ONCE):
        return None
    command = _COMMANDS.get(kind, _WATCHED) if model else None
    return Alert(
        id=f"{name}@{message['StateChangeTime']}",
        key=f"{model}/{kind}" if model else kind,
        severity="critical" if kind in _CRITICAL else "warning",
        phase="happened" if kind in _ONCE else "began" if state == "ALARM" else "ended",
        model=model,
        at=_time(str(message["StateChangeTime"])),
        what=str(message.get("AlarmDescription") or name),
        how_bad=_figures(message) if state == "ALARM" else "",
        link=f"https://{region}.console.aws.amazon.com/cloudwatch/home?region={region}#alarmsV2:alarm/{quote(name)}",
        command=command and stage.command(command.format(model=model)),
    )


def of_happening(happening: Happening, *, region: str, stage: Stage = ONLY) -> Alert | None:
    """What an event of the registry says to people; None for one that is nobody's worry.

    Its key is that of the alarm which rings for the same reason, so that the alarm is not told after it.
    """
    model, data = happening.model, happening.data
    severity: Severity
    told: tuple[str, ...] = ()
    match happening.kind:
        case "release_rolled_back":
            severity, kind = "warning", "release-failed"
            what = f"Release {data.get('release')} of {model} (version {data.get('version')}) was rolled back"
            how_bad, command = (
                str(data.get("outcome", "")),
                f"releases show {model} {data.get('release')}",
            )
        case "release_closed":
            severity, kind = "info", "release-closed"
            what = f"Release {data.get('release')} of {model} (version {data.get('version')}) is live"
            how_bad, command = (
                str(data.get("outcome", "")),
                f"releases show {model} {data.get('release')}",
            )
        case "release_returned":
            severity, kind = "warning", "release-returned"
            what = f"{happening.actor} sent all traffic of {model} back to release {data.get('release')}"
            how_bad, command = str(data.get("reason", "")), f"releases list {model}"
        case "approval_asked":
            # By mail goes the question itself, with what it is about and a link that is a secret.
            severity, kind, told = "warning", "approval-asked", (TOPIC,)
            what = f"Release {data.get('release')} of {model} waits for approval"
            how_bad = f"Silence ends it at {data.get('expires_at')}, and nothing takes traffic"
            command = f"releases show {model} {data.get('release')}"
        case "run_finished" if data.get("status") == "failed":
            severity, kind = "warning", "training-failed"
            what = f"Training {data.get('run')} of {model} failed"
            how_bad, command = _error(data), f"runs show {model} {data.get('run')}"
        case "run_finished" if data.get("status") == "rejected":
            severity, kind = "info", "training-rejected"
            what = f"Training {data.get('run')} of {model} gave no version: it did not pass the gate"
            how_bad, command = "", f"runs show {model} {data.get('run')}"
        case _:
            return None
    return Alert(
        id=happening.id,
        key=f"{model}/{kind}",
        severity=severity,
        phase="happened",
        event=True,
        model=model,
        at=happening.at,
        what=what,
        how_bad=how_bad,
        link=f"https://{region}.console.aws.amazon.com/states/home?region={region}#/statemachines",
        command=stage.command(command),
        told=told,
    )


def _taken_apart(name: str, models: tuple[str, ...]) -> tuple[str | None, str]:
    """Model and kind of an alarm; the longest model's name that fits, for one may begin like another one."""
    fitting = [model for model in models if name.startswith(f"{_PREFIX}{model}-")]
    if not fitting:
        return None, name
    model = max(fitting, key=len)
    return model, name.removeprefix(f"{_PREFIX}{model}-")


def _figures(message: Mapping[str, Any]) -> str:
    """CloudWatch's reason, and the limit in words."""
    trigger = message.get("Trigger") or {}
    reason = str(message.get("NewStateReason", ""))
    if "Threshold" not in trigger:
        return reason
    of = f"{trigger.get('DatapointsToAlarm', trigger.get('EvaluationPeriods'))} of {trigger.get('EvaluationPeriods')}"
    return f"{reason} It takes {of} periods."


def _error(data: Mapping[str, Any]) -> str:
    outcome = data.get("outcome") or {}
    return (
        " ".join(str(outcome[name]) for name in ("error", "message") if outcome.get(name))
        or json.dumps(outcome)[:300]
    )


def _time(text: str) -> datetime:
    """CloudWatch writes +0000, which some versions of Python do not read."""
    if text.endswith("+0000"):
        text = text.removesuffix("+0000") + "+00:00"
    return datetime.fromisoformat(text)
