"""Completes the rows of a request with stored features: one look-up for all rows, within the time that the definition gives it.

What a row gives itself wins, also where it gives null. What is not stored, too old, or no value of the feature becomes the
default. A store that does not answer costs time and better values, never the prediction, unless the definition says so.
"""

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from lambdaloop.domain.definition import Feature
from lambdaloop.domain.errors import StoredFeaturesUnavailableError
from lambdaloop.domain.online_rules import FeatureGroup, Online, Stored
from lambdaloop.domain.signature import Signature
from lambdaloop.domain.stored_features import MAX_AHEAD, StoredValues, is_fresh, is_storable, item_key
from lambdaloop.services.predict import entities_of

if TYPE_CHECKING:
    from lambdaloop.ports import FeatureReader, LookUpMetrics
    from lambdaloop.ports.features import Found, LookUp

Outcome = Literal["stored", "default", "unavailable"]
KEYS_IN_TIME = 800
"""What is read side by side at once: for so many rows and groups a request waits `timeout_ms`, for more in proportion."""
_WORST: Sequence[Outcome] = ("unavailable", "default", "stored")


@dataclass(frozen=True, slots=True, kw_only=True)
class CompletedRows:
    """The rows with all their features, and where these came from."""

    rows: Sequence[Mapping[str, Any]]
    outcomes: Sequence[Mapping[str, Outcome]]
    """For each row by group; a group of which the row gave everything is not named."""

    @property
    def worst(self) -> Outcome | None:
        """The worst of all outcomes; None where nothing was looked up."""
        seen = {outcome for each in self.outcomes for outcome in each.values()}
        return next((outcome for outcome in _WORST if outcome in seen), None)


class FeatureLookUp:
    """Looks up what the definition of one model names."""

    def __init__(
        self,
        rules: Online,
        *,
        reader: "FeatureReader",
        metrics: "LookUpMetrics",
        longest_seconds: float,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`longest_seconds`: what is left of a request's time must do for the prediction."""
        self._rules = rules
        self._reader = reader
        self._longest = longest_seconds
        self._metrics = metrics
        self._monotonic = monotonic
        self._values: tuple[Mapping[str, Feature], StoredValues] | None = None

    @property
    def defaults(self) -> Mapping[str, Stored]:
        """The features that a request may leave out, and what they are where nothing is stored."""
        return self._rules.defaults

    def complete(
        self,
        rows: Sequence[Mapping[str, Any]],
        *,
        signature: Signature,
        entity_id: str | None,
        at: datetime,
    ) -> CompletedRows:
        """Every row with the features that the signature has and the row lacks.

        `entity_id` is who a row is about that does not say so itself; `at` is now. Raises StoredFeaturesUnavailableError
        when a required group cannot be read, RowsInvalidError for an entity that is none.
        """
        missing = [self._missing(row, signature) for row in rows]
        if not any(missing):
            return CompletedRows(rows=rows, outcomes=[{}] * len(rows))
        entities = [
            entity if entity and is_storable(entity) else None
            for entity in entities_of(rows, column=signature.entity, default=entity_id)
        ]
        started = self._monotonic()
        looked_up = self._read(missing, entities)
        seconds = self._monotonic() - started
        self._check_required(missing, entities, looked_up)
        completed: list[Mapping[str, Any]] = []
        outcomes: list[Mapping[str, Outcome]] = []
        for row, groups, entity in zip(rows, missing, entities, strict=True):
            added: dict[str, Stored] = {}
            of_row: dict[str, Outcome] = {}
            for group, names in groups.items():
                values, of_row[group] = self._values_of(group, names, entity, looked_up, signature, at)
                added |= values
            completed.append({**row, **added})
            outcomes.append(of_row)
        self._metrics.record(
            rows=sum(1 for each in outcomes if each),
            defaults=sum(1 for each in outcomes if "default" in each.values()),
            unavailable=sum(1 for each in outcomes if "unavailable" in each.values()),
            seconds=seconds,
            at=at,
        )
        return CompletedRows(rows=completed, outcomes=outcomes)

    def _missing(self, row: Mapping[str, Any], signature: Signature) -> dict[str, list[str]]:
        """By group, the features that the model takes and the row does not give."""
        found = {}
        for group, rules in self._rules.groups.items():
            if names := [name for name in rules.features if name not in row and name in signature.features]:
                found[group] = names
        return found

    def _read(
        self, missing: Sequence[Mapping[str, Sequence[str]]], entities: Sequence[str | None]
    ) -> "LookUp | None":
        """None where nobody is named, so that there is nothing to ask for."""
        keys = {
            item_key(group, entity)
            for groups, entity in zip(missing, entities, strict=True)
            if entity
            for group in groups
        }
        if not keys:
            return None
        # A large request takes more rounds; the same time for all of them would answer it with defaults.
        whole = math.ceil(len(keys) / KEYS_IN_TIME) * self._rules.timeout_ms / 1000
        return self._reader.read(keys, seconds=min(whole, self._longest))

    def _check_required(
        self,
        missing: Sequence[Mapping[str, Sequence[str]]],
        entities: Sequence[str | None],
        looked_up: "LookUp | None",
    ) -> None:
        if looked_up is None or not looked_up.unread:
            return
        for group, rules in self._rules.groups.items():
            wanted = (
                item_key(group, entity)
                for groups, entity in zip(missing, entities, strict=True)
                if entity and group in groups
            )
            if rules.required and any(key in looked_up.unread for key in wanted):
                raise StoredFeaturesUnavailableError(
                    f"stored features of group {group!r} cannot be looked up now: try again"
                )

    def _values_of(
        self,
        group: str,
        names: Sequence[str],
        entity: str | None,
        looked_up: "LookUp | None",
        signature: Signature,
        at: datetime,
    ) -> tuple[dict[str, Stored], Outcome]:
        rules = self._rules.groups[group]
        defaults = {name: rules.features[name] for name in names}
        if entity is None or looked_up is None:
            return defaults, "default"
        key = item_key(group, entity)
        if key in looked_up.unread:
            return defaults, "unavailable"
        found = looked_up.found.get(key)
        if found is None or not _counts(found, rules, at):
            return defaults, "default"
        checked = self._checked(signature)
        fitting = {
            name: found.values[name]
            for name in names
            if name in found.values and checked.problem(name, found.values[name]) is None
        }
        return {**defaults, **fitting}, "stored" if len(fitting) == len(names) else "default"

    def _checked(self, signature: Signature) -> StoredValues:
        if self._values is None or self._values[0] is not signature.features:
            self._values = (signature.features, StoredValues(signature.features))
        return self._values[1]


def _counts(found: "Found", rules: FeatureGroup, at: datetime) -> bool:
    """Clocks differ: what was put a moment ago may be ahead of ours."""
    return found.event_time <= at + MAX_AHEAD and is_fresh(min(found.event_time, at), at, rules.max_age)
