"""Where stored features lie: the online store that requests are answered from, and the history that training reads."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from lambdaloop.domain.online_rules import Stored
from lambdaloop.domain.stored_features import StoredRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One stored item as it was read."""

    event_time: datetime
    values: Mapping[str, Stored]


@dataclass(frozen=True, slots=True, kw_only=True)
class LookUp:
    """What a look-up brought in its time."""

    found: Mapping[str, Found]
    """By key; what is not stored is not there."""
    unread: Collection[str]
    """Keys about which nothing is known: the store did not answer in time."""


class FeatureReader(Protocol):
    """The half of the online store that serving needs."""

    def read(self, keys: Collection[str], *, seconds: float) -> LookUp:
        """Whatever becomes of the store, an answer within that many seconds; no error of it is raised."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemState:
    """Which row an item holds."""

    event_time: datetime
    put_at: datetime
    expires: int | None


class FeatureStore(Protocol):
    """The half of the online store that a put needs: one item for each group and entity, the newest row."""

    def states(self, group: str, entities: Sequence[str]) -> Mapping[str, ItemState]:
        """By entity; those without an item are left out."""
        ...

    def put(self, group: str, row: StoredRow, *, expires: int | None) -> bool:
        """Write the row unless a newer one is there: then False. `expires`: seconds since 1970, from when on it may go."""
        ...


class FeatureHistory(Protocol):
    """Everything that was ever put, append-only."""

    def keep(self, key: str, content: bytes) -> bytes:
        """Write the object unless there is one of that name; returns the content that is there now."""
        ...


class LookUpMetrics(Protocol):
    """Figures about looked-up features."""

    def record(self, *, rows: int, defaults: int, unavailable: int, seconds: float, at: datetime) -> None:
        """Count the rows of one request that were looked up, those of them with a default, and those nobody answered about."""
        ...
