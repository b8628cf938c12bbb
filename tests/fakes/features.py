"""The online store and the history of stored features in memory."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from lambdaloop.domain.stored_features import StoredRow, item_key
from lambdaloop.ports.features import Found, ItemState, LookUp


class DiedError(Exception):
    """The process that put was killed."""


@dataclass
class InMemoryFeatureStore:
    """The ports FeatureStore and FeatureReader on one dictionary; `down` is a store that does not answer."""

    items: dict[str, tuple[StoredRow, int | None]] = field(default_factory=dict)
    down: bool = False
    unread: set[str] = field(default_factory=set)
    """Keys about which a look-up gets no answer."""
    asked: list[set[str]] = field(default_factory=list)
    """The keys of each look-up."""
    patience: list[float] = field(default_factory=list)
    """The seconds of each look-up."""
    dies_after: int | None = None
    """So many writes succeed, and then the process dies."""

    def states(self, group: str, entities: Sequence[str]) -> Mapping[str, ItemState]:
        known = {entity: self.items.get(item_key(group, entity)) for entity in entities}
        return {
            entity: ItemState(event_time=item[0].event_time, put_at=item[0].put_at, expires=item[1])
            for entity, item in known.items()
            if item is not None
        }

    def put(self, group: str, row: StoredRow, *, expires: int | None) -> bool:
        if self.dies_after is not None:
            if self.dies_after == 0:
                raise DiedError
            self.dies_after -= 1
        key = item_key(group, row.entity)
        if key in self.items and self.items[key][0].order > row.order:
            return False
        self.items[key] = (row, expires)
        return True

    def read(self, keys: Collection[str], *, seconds: float) -> LookUp:
        self.patience.append(seconds)
        self.asked.append(set(keys))
        unread = set(keys) if self.down else self.unread & set(keys)
        found = {
            key: Found(event_time=self.items[key][0].event_time, values=self.items[key][0].values)
            for key in keys
            if key in self.items and key not in unread
        }
        return LookUp(found=found, unread=unread)


@dataclass
class InMemoryFeatureHistory:
    """The port FeatureHistory."""

    objects: dict[str, bytes] = field(default_factory=dict)

    def keep(self, key: str, content: bytes) -> bytes:
        return self.objects.setdefault(key, content)


@dataclass
class LookUpFigures:
    """The port LookUpMetrics."""

    recorded: list[Mapping[str, object]] = field(default_factory=list)

    def record(self, **figures: object) -> None:
        self.recorded.append(figures)
