"""What a rollback leaves at the live alias: who went back, from where, when and why.

It is written in the very call that moves traffic, so it is there when the registry is not; the record that is made later
says the same.
"""

import json
from dataclasses import dataclass, replace
from datetime import datetime

from lambdaloop.domain.documents import from_document, to_document
from lambdaloop.domain.traffic import Routing

_KIND = "rolled back: "
_MOST_CHARACTERS = 256  # of an alias's description


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnNote:
    """One rollback by hand."""

    to: int
    lambda_version: str
    left: int | None
    at: datetime
    by: str
    reason: str

    @property
    def back(self) -> bool:
        """Whether it led back; going forward again is taken back like a release."""
        return self.left is None or self.to < self.left

    def text(self) -> str:
        """At most 256 characters; a long reason, and then a long name, lose their ends."""
        short = self
        while len(text := _text(short)) > _MOST_CHARACTERS:
            spare = len(text) - _MOST_CHARACTERS
            less = max(1, spare // 6)  # a character may be written as six
            if short.reason:
                short = replace(short, reason=short.reason[:-less])
            else:
                short = replace(short, by=short.by[:-less])
        return text


def noted(routing: Routing) -> ReturnNote | None:
    """The rollback that brought all traffic to where it is; None when something else did."""
    if not routing.note.startswith(_KIND):
        return None
    try:
        note = from_document(ReturnNote, json.loads(routing.note.removeprefix(_KIND)))
    except ValueError:
        return None  # somebody else's words
    return note if (routing.stable, routing.candidate) == (note.lambda_version, None) else None


def _text(note: ReturnNote) -> str:
    return _KIND + json.dumps(to_document(note), separators=(",", ":"))
