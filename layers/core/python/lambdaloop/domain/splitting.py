"""Who is in the holdout.

By hash a row's side follows from its own key and the fraction alone, not from other rows: as long as the key columns
stay and the fraction does not grow, no champion was fitted on rows that judge it. Where there is no entity the features
are part of the key, so another feature list is another split. A version keeps its `Split`, so that a later run can tell.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from lambdaloop.domain.definition import ModelDefinition

_SEPARATOR = "\x1f"


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """How a holdout is chosen."""

    kind: Literal["hash", "time"]
    fraction: float
    key_columns: tuple[str, ...]
    """The columns whose text is a row's key; none for time."""

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

    def lies_within(self, other: "Split") -> bool:
        """Whether every row held out by this split is held out by the other one too."""
        return (self.kind, self.key_columns) == (other.kind, other.key_columns) and (
            self.fraction <= other.fraction
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
