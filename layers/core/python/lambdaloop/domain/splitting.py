"""Who is in the holdout.

By hash a row's side follows from its own key and the fraction alone, not from other rows: as long as the key columns
stay and the fraction does not grow, no champion was fitted on rows that judge it. Where there is no entity the features
are part of the key, so another feature list is another split. A version keeps its `Split`, so that a later run can tell.

A run with captured rows holds out the newest of these instead. Uploaded rows that the hash holds out are then used for
nothing, so that a later run on uploaded data finds them unseen.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from lambdaloop.domain.definition import ModelDefinition

_SEPARATOR = "\x1f"


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """How a holdout is chosen."""

    kind: Literal["hash", "time", "recent"]
    """By hash of the key; the last uploaded rows; or the newest captured rows."""
    fraction: float
    key_columns: tuple[str, ...]
    """The columns whose text is a row's key; none for time and recent."""
    since: datetime | None = None
    """For recent: when the oldest row that is held out was captured."""
    until: datetime | None = None
    """For recent: when the newest row that the model was fitted on was captured."""
    uploaded: "Split | None" = None
    """For recent: how uploaded rows were kept out; None where all of them, or none, were trained on."""

    @classmethod
    def of(cls, definition: ModelDefinition) -> "Split":
        """By the entity, or by features and target: columns that come and go in the files do not move a row."""
        training = definition.training
        columns: tuple[str, ...] = ()
        if training.split == "hash":
            columns = (
                (definition.entity,)
                if definition.entity is not None
                else tuple(sorted([*definition.features, definition.target]))
            )
        return cls(kind=training.split, fraction=training.holdout, key_columns=columns)

    @classmethod
    def recent(
        cls, definition: ModelDefinition, *, since: datetime, until: datetime, uploaded: bool
    ) -> "Split":
        """Of a run with captured rows, and uploaded ones or not."""
        other = cls.of(definition)
        return cls(
            kind="recent",
            fraction=definition.retraining.holdout,
            key_columns=(),
            since=since,
            until=until,
            uploaded=other if uploaded and other.kind == "hash" else None,
        )

    def lies_within(self, other: "Split") -> bool:
        """Whether every uploaded row held out by this split was also kept from whoever was trained with the other one."""
        kept = other.uploaded if other.kind == "recent" else other
        return (
            kept is not None
            and (self.kind, self.key_columns) == (kept.kind, kept.key_columns)
            and self.fraction <= kept.fraction
        )


def row_key(fields: Sequence[str]) -> str:
    """The key of a row that belongs to no entity: its whole text, so that equal rows share a side."""
    return _SEPARATOR.join(fields)


def in_holdout(key: str, *, model: str, fraction: float) -> bool:
    """Whether the rows with this key are held out.

    BLAKE2b of the key, salted with the model's name, read as a number in [0, 1) and compared with the fraction.

    >>> in_holdout("customer-7", model="churn", fraction=0.2)
    False
    >>> in_holdout("customer-7", model="churn", fraction=0.9)
    True
    """
    digest = hashlib.blake2b(key.encode(), digest_size=8, key=f"lambdaloop holdout {model}".encode())
    return int.from_bytes(digest.digest(), "big") < fraction * 2**64


def holdout_mask(
    keys: Sequence[str], *, model: str, fraction: float, split: Literal["hash", "time"]
) -> list[bool]:
    """For every row whether it is held out: by its key, or, for `time`, the last fraction of the rows."""
    if split == "time":
        first = len(keys) - round(len(keys) * fraction)
        return [number >= first for number in range(len(keys))]
    return [in_holdout(key, model=model, fraction=fraction) for key in keys]
