"""What a report is about, and where its page lies.

Pages lie in the capture bucket, in a folder of their own: who writes them must not be able to change what they tell of.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from lambdaloop.domain.documents import Document
from lambdaloop.domain.errors import ReportSubjectError

ReportKind = Literal["version", "window", "release", "experiment"]
_KINDS = ("version", "window", "release", "experiment")

TOLD: Mapping[str, tuple[ReportKind, str, str | None]] = {
    "version_registered": ("version", "version", None),
    "alias_moved": ("version", "version", "from"),
    "window_judged": ("window", "end", None),
    "release_judged": ("release", "release", None),
    "release_closed": ("release", "release", "previous"),
    "release_shares": ("release", "release", None),
    "release_rolled_back": ("release", "release", "returned_to"),
    "release_returned": ("release", "release", "from"),
    "release_withdrawn": ("release", "release", None),
    "experiment_looked": ("experiment", "experiment", None),
    "experiment_concluded": ("experiment", "experiment", None),
    "experiment_stopped": ("experiment", "experiment", None),
    "experiment_failed": ("experiment", "experiment", None),
}
"""Kinds of events that are a reason to write a page: what about, which of the event's data names it, and which one names
another of the kind that is no more what it was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportSubject:
    """A version, a window, a release or an experiment of a model."""

    model: str
    kind: ReportKind
    id: str
    """A version's or release's number, the end of a window (ISO 8601), or an experiment's id."""

    def __post_init__(self) -> None:
        if self.kind in ("version", "release"):
            self.number  # noqa: B018  (raises)
        elif self.kind == "window":
            self.end  # noqa: B018  (raises)

    @property
    def number(self) -> int:
        """Of a version or release; ReportSubjectError when the id is none."""
        if not (self.id.isascii() and self.id.isdigit() and int(self.id) > 0):
            raise ReportSubjectError(f"the id of a {self.kind} must be its number, got {self.id!r}")
        return int(self.id)

    @property
    def end(self) -> datetime:
        """Of a window, in UTC; ReportSubjectError when the id is no time."""
        try:
            at = datetime.fromisoformat(self.id)
        except ValueError as error:
            raise ReportSubjectError(
                f"the id of a window must be the time when it ended, such as 2026-03-02T09:00:00+00:00, got {self.id!r}"
            ) from error
        return at.replace(tzinfo=at.tzinfo or UTC).astimezone(UTC)

    @property
    def page_name(self) -> str:
        """Of a file.

        >>> ReportSubject(model="churn", kind="window", id="2026-03-02T09:00:00+00:00").page_name
        'window-2026-03-02T0900Z.html'
        """
        if self.kind == "window":
            return f"window-{self.end:%Y-%m-%dT%H%M}Z.html"
        return (
            f"{self.kind}-{self.number}.html" if self.kind != "experiment" else f"experiment-{self.id}.html"
        )

    @property
    def page_key(self) -> str:
        """In the capture bucket."""
        return f"pages/model={self.model}/{self.page_name}"


def subjects_of(event: Document) -> tuple[ReportSubject, ...]:
    """The one that is asked for as it is; all that an event of the product's bus changed, none for one that is no reason.

    ReportSubjectError when it is neither.
    """
    told: Mapping[str, Any] = event["detail"] if isinstance(event.get("detail"), Mapping) else event
    kind, model = told.get("kind"), told.get("model")
    if not isinstance(kind, str) or not isinstance(model, str):
        raise ReportSubjectError(
            f"neither a subject (model, kind, id) nor an event (model, kind, data): it has {', '.join(sorted(told)) or 'nothing'}"
        )
    if isinstance(told.get("data"), Mapping):
        if kind not in TOLD:
            return ()
        about, name, other = TOLD[kind]
        named = [_text(told["data"], name)]
        if other and told["data"].get(other) is not None:
            named.append(_text(told["data"], other))
        return tuple(ReportSubject(model=model, kind=about, id=each) for each in dict.fromkeys(named))
    if kind not in _KINDS:
        raise ReportSubjectError(f"there are reports of {', '.join(_KINDS)}, not of {kind!r}")
    return (ReportSubject(model=model, kind=kind, id=_text(told, "id")),)  # type: ignore[arg-type]  # checked above


def _text(told: Mapping[str, Any], name: str) -> str:
    if name not in told:
        raise ReportSubjectError(f"{name!r} is missing: it says what the report is about")
    return str(told[name])
