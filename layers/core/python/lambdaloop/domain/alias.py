"""A movable name for a version, moved by compare-and-swap."""

from dataclasses import dataclass
from datetime import datetime, timedelta

CHAMPION = "champion"
"""The alias of the version that serves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alias:
    """Where a name points and since when; `revision` grows by one with every move."""

    schema: int = 1
    model: str
    name: str
    version: int
    release: int | None = None
    revision: int
    moved_at: datetime
    moved_by: str


def moved(
    current: Alias | None, *, model: str, name: str, version: int, release: int | None, at: datetime, by: str
) -> Alias:
    """The alias after its next move; times of moves strictly grow even where clocks do not."""
    if current is not None:
        at = max(at, current.moved_at + timedelta(microseconds=1))
    revision = 1 if current is None else current.revision + 1
    return Alias(
        model=model, name=name, version=version, release=release, revision=revision, moved_at=at, moved_by=by
    )
