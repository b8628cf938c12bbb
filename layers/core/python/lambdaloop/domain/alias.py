"""A movable name for a version, moved by compare-and-swap."""

from dataclasses import dataclass
from datetime import datetime

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
