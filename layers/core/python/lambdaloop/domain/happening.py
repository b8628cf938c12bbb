"""An event for others: what happened to a model, as the event bus tells it.

The bus delivers at least once and in no particular order, so an event has an id of its own, and says when it happened.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lambdaloop.domain.documents import from_document

SOURCE = "lambdaloop"


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """One event."""

    schema: int = 1
    id: str
    """The same for every delivery."""
    kind: str
    """Such as version_registered; `docs/events.md` has all of them."""
    model: str
    at: datetime
    actor: str
    """Who or what did it: a person, a run, a workflow's execution, `watch`."""
    data: Mapping[str, Any]
    """By kind; {"truncated": true} where it would be more than the bus takes."""

    @property
    def detail_type(self) -> str:
        """What rules match."""
        return detail_type(self.kind)


def detail_type(kind: str) -> str:
    """The kind in words.

    >>> detail_type("version_registered")
    'Version Registered'
    """
    return kind.replace("_", " ").title()


def happening_of(envelope: Mapping[str, Any]) -> Happening:
    """The event in what EventBridge hands to a function; ValueError when it is none of ours."""
    if envelope.get("source") != SOURCE:
        raise ValueError(f"expected an event with source {SOURCE!r}, got {envelope.get('source')!r}")
    return from_document(Happening, envelope["detail"])
