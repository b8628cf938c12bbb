"""What an alert says to people: a subject, a text, and the same in parts for programs."""

from dataclasses import dataclass

from lambdaloop.domain.alert import Letter, Severity, words
from lambdaloop.domain.documents import Document

_BADGES: dict[Severity, str] = {"info": "Info", "warning": "Warning", "critical": "Critical"}
_LONGEST_FIGURES = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertMessage:
    """One message; `document` is the same for programs."""

    id: str
    severity: Severity
    title: str
    facts: tuple[tuple[str, str], ...]
    """Name and value, in the order of reading."""
    note: str
    link: str | None
    command: str | None
    document: Document

    @property
    def text(self) -> str:
        """For mail: lines of plain text."""
        width = max(len(name) for name, _ in self.facts) + 2
        lines = [self.title, "", *(f"{name + ':':<{width}}{value}" for name, value in self.facts)]
        if self.note:
            lines += ["", self.note]
        if self.command:
            lines += ["", "Type next:", f"  {self.command}"]
        if self.link:
            lines += ["", f"Look here: {self.link}"]
        return "\n".join(lines) + "\n"


def message_of(letter: Letter) -> AlertMessage:
    """A letter in words."""
    alert, since = letter.alert, letter.since
    ended = alert.phase == "ended"
    title = f"Over: {alert.what}" if ended else f"{_BADGES[alert.severity]}: {alert.what}"
    facts = [("About", alert.model or "all models")]
    if ended:
        facts.append(("Began", _clock(since)))
        facts.append(("Ended", f"{_clock(alert.at)}, after {words(alert.at - since)}"))
    else:
        facts.append(
            (
                "Since" if alert.phase == "began" else "At",
                _clock(since if alert.phase == "began" else alert.at),
            )
        )
        if alert.how_bad:
            facts.append(("Found", alert.how_bad[:_LONGEST_FIGURES]))
    document = {
        "schema": 1,
        "id": alert.id,
        "key": alert.key,
        "severity": alert.severity,
        "phase": alert.phase,
        "model": alert.model,
        "at": alert.at.isoformat(),
        "since": since.isoformat(),
        "what": alert.what,
        "how_bad": alert.how_bad,
        "note": letter.note,
        "link": alert.link,
        "command": None if ended else alert.command,
    }
    return AlertMessage(
        id=alert.id,
        severity=alert.severity,
        title=title,
        facts=tuple(facts),
        note=letter.note,
        link=alert.link,
        command=None if ended else alert.command,
        document={name: value for name, value in document.items() if value is not None},
    )


def _clock(moment: object) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
