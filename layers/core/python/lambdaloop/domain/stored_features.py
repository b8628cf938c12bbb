"""Stored features: what a value may be, when it counts, which of two is newer, and where all of it lies.

Serving and training go by these same rules, so a model is not trained on what it would not have been given.
"""

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from lambdaloop.domain.definition import Feature, ModelDefinition
from lambdaloop.domain.encoding import RowEncoder, RowsInvalidError
from lambdaloop.domain.online_rules import FEATURES_FOLDER, Stored
from lambdaloop.domain.row_schema import MAX_ENTITY
from lambdaloop.domain.signature import Signature

MAX_AHEAD = timedelta(minutes=5)
"""How far ahead of ours the clock of whoever puts may be."""
_INCOMING = re.compile(rf"{FEATURES_FOLDER}([^/]+)/incoming/.")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRow:
    """What was put about one entity: one event time, all values of the group."""

    entity: str
    event_time: datetime
    """When the values were true, UTC."""
    put_at: datetime
    """When they were put, UTC; of two rows with the same event time the one that was put later counts."""
    values: Mapping[str, Stored]

    @property
    def order(self) -> tuple[datetime, datetime]:
        """The greater one is the newer one."""
        return self.event_time, self.put_at


class StoredValues:
    """Says whether values fit the features that they are stored for."""

    def __init__(self, features: Mapping[str, Feature]) -> None:
        self._features = features
        self._encoders: dict[str, RowEncoder] = {}

    def problem(self, name: str, value: Any) -> str | None:
        """What is wrong with it as a value of that feature, in the words of a refused row; None for a value that fits."""
        encoder = self._encoders.get(name)
        if encoder is None:
            alone = Signature(model="stored", task="regression", features={name: self._features[name]})
            encoder = self._encoders[name] = RowEncoder(alone)
        try:
            encoder.encode([{name: value}])
        except RowsInvalidError as error:
            return error.problems[0].problem
        return None


def lacking_features(columns: Collection[str], definition: ModelDefinition) -> dict[str, list[str]]:
    """By group, the stored features that uploaded data do not bring themselves: a column that is there counts as it is."""
    groups = definition.online.groups if definition.online else {}
    lacking = {
        group: [name for name in rules.features if name not in columns] for group, rules in groups.items()
    }
    return {group: names for group, names in lacking.items() if names}


def is_fresh(event_time: datetime, at: datetime, max_age: timedelta | None) -> bool:
    """Whether what was true then counts at that time: not before it was true, and not when it is too old.

    >>> at = datetime(2026, 3, 2, tzinfo=UTC)
    >>> is_fresh(at - timedelta(days=1), at, timedelta(days=1)), is_fresh(at, at, None)
    (True, True)
    >>> is_fresh(at + timedelta(microseconds=1), at, None)
    False
    """
    return event_time <= at and (max_age is None or at - event_time <= max_age)


def read_time(text: str) -> datetime:
    """ISO 8601, in UTC where it names no zone; ValueError for anything else.

    >>> read_time("2026-03-02 09:30+01:00")
    datetime.datetime(2026, 3, 2, 8, 30, tzinfo=datetime.timezone.utc)
    """
    stripped = text.strip()
    if not _DATE.match(
        stripped
    ):  # fromisoformat takes 20260302 and week dates, too: those are rather numbers
        raise ValueError(f"{text[:40]!r} is no time such as 2026-03-02T09:30:00Z")
    try:
        at = datetime.fromisoformat(stripped)
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{text[:40]!r} is no time such as 2026-03-02T09:30:00Z") from error


def write_time(at: datetime) -> str:
    """Always as long, so that texts are in the order of times.

    >>> write_time(datetime(2026, 3, 2, 9, 30, tzinfo=UTC))
    '2026-03-02T09:30:00.000000Z'
    """
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def write_values(values: Mapping[str, Stored]) -> str:
    """As JSON text: every double comes back bit for bit, which DynamoDB's own numbers do not promise."""
    return json.dumps(values, sort_keys=True, separators=(",", ":"), allow_nan=False)


def read_values(text: str) -> dict[str, Stored]:
    """The inverse of `write_values`; ValueError for anything else."""
    match json.loads(text):
        case dict() as values:
            return values
    raise ValueError(f"expected a JSON object, got {text[:40]!r}")


def item_key(group: str, entity: str) -> str:
    """The key of what is stored about one entity. It begins with the group, to which a model's rights are limited."""
    return f"{group}#{entity}"


def is_storable(entity: str) -> bool:
    """Whether something can be stored under that name: half a character, which JSON may hold, is no text to DynamoDB."""
    try:
        entity.encode()
    except UnicodeEncodeError:
        return False
    return 0 < len(entity) <= MAX_ENTITY


def history_prefix(group: str) -> str:
    """In the data bucket: all that was ever put into the group."""
    return f"{FEATURES_FOLDER}{group}/history/"


def incoming_prefix(group: str) -> str:
    """In the data bucket: files that are put as they arrive."""
    return f"{FEATURES_FOLDER}{group}/incoming/"


def incoming_group(key: str) -> str | None:
    """The group whose folder a file arrived in; None for any other place.

    >>> incoming_group("features/spending/incoming/2026/03.csv")
    'spending'
    """
    found = _INCOMING.match(key)
    return found[1] if found else None


def quarantine_prefix(group: str) -> str:
    """In the data bucket: why a file that arrived was not put."""
    return f"{FEATURES_FOLDER}{group}/quarantine/"
