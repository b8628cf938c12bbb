"""The `online` section of a model definition: features that are looked up by entity when a request does not give them.

A group is written as a whole and is as old as its event time, like a feature view of Feast. Groups belong to no model:
whoever names the same group reads the same values.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lambdaloop.domain.definition import ModelDefinition

Stored = str | int | float | bool | None
"""A value as it stands in JSON; None is a missing one."""

FEATURES_FOLDER = "features/"
"""In the data bucket: the history of every group, and what waits to be put."""
_GROUP = re.compile(r"[a-z][a-z0-9_-]{0,39}")
_TTL = re.compile(r"([1-9][0-9]{0,9})([smhd])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_LONGEST_TTL = 100 * 366 * 86_400
_MAX_GROUPS = 10

_STRICT = {"extra": "forbid", "use_attribute_docstrings": True}


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureGroup:
    """Features that are stored together, under one entity and one event time."""

    __pydantic_config__ = _STRICT

    features: Mapping[str, Stored]
    """By name, the value that a row gets where nothing is stored, or what is stored is too old; null is a missing value."""
    ttl: int | str = "none"
    """How old a value may be: seconds, or 90s, 15m, 12h, 30d; none: never too old."""
    required: bool = False
    """Whether a request is refused with 503 while the store does not answer; otherwise it gets the defaults."""

    def __post_init__(self) -> None:
        if not self.features:
            raise ValueError(
                "features must name at least one feature and its default, such as {avg_spend: 0.0}"
            )
        if self.ttl != "none" and _ttl_seconds(self.ttl) is None:
            raise ValueError(
                f"ttl must be whole seconds above 0, a text such as 90s, 15m, 12h or 30d, or none, got {self.ttl!r}"
            )

    @property
    def max_age(self) -> timedelta | None:
        """How old a value may be; None: never too old."""
        seconds = _ttl_seconds(self.ttl)
        return None if seconds is None else timedelta(seconds=seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Online:
    """Which features are looked up, and how long a request waits for them."""

    __pydantic_config__ = _STRICT

    groups: Mapping[str, FeatureGroup]
    """By name; models that name the same group share its values."""
    event_time: str = "event_time"
    """The column of the training data that says when a row's prediction would have been asked for; stored values that are newer are not joined to it."""
    timeout_ms: int = 500
    """How long a request may wait for all that it looks up; one of more than 800 rows in proportion, at most half of serving.timeout_seconds."""

    def __post_init__(self) -> None:
        if not 1 <= len(self.groups) <= _MAX_GROUPS:
            raise ValueError(f"groups must name 1 to {_MAX_GROUPS} groups, got {len(self.groups)}")
        for name in self.groups:
            if not _GROUP.fullmatch(name):
                raise ValueError(
                    f"the name of a group must be 1 to 40 lower case letters, digits, _ or -, starting with a letter, got {name!r}"
                )
        names = [name for group in self.groups.values() for name in group.features]
        if repeated := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"a feature belongs to one group, in several: {', '.join(repeated)}")
        if not 10 <= self.timeout_ms <= 5000:
            raise ValueError(f"timeout_ms must be 10 to 5000, got {self.timeout_ms}")

    @property
    def defaults(self) -> dict[str, Stored]:
        """Every looked-up feature with the value of a row for which nothing is stored."""
        return {name: value for group in self.groups.values() for name, value in group.features.items()}

    def check(self, definition: "ModelDefinition") -> None:
        """ValueError unless the section fits the rest of its definition."""
        # At import it would go round in a circle: encoding reads features, and these stand in the definition.
        from lambdaloop.domain.stored_features import StoredValues

        if definition.entity is None:
            raise ValueError("online looks features up by entity: name the column with entity")
        if unknown := [name for name in self.defaults if name not in definition.features]:
            raise ValueError(f"online.groups names unknown features: {', '.join(unknown)}")
        if self.event_time in (definition.target, definition.entity):
            raise ValueError(
                f"online.event_time must be a column of its own, {self.event_time!r} is target or entity"
            )
        if definition.data.location.rstrip(
            "/"
        ) + "/" == FEATURES_FOLDER or definition.data.location.startswith(FEATURES_FOLDER):
            raise ValueError(
                f"data.location must not lie in {FEATURES_FOLDER}, where stored features are kept, "
                f"got {definition.data.location!r}"
            )
        if self.timeout_ms > definition.serving.timeout_seconds * 500:
            raise ValueError(
                f"online.timeout_ms must be at most half of serving.timeout_seconds, got {self.timeout_ms} and "
                f"{definition.serving.timeout_seconds} seconds"
            )
        values = StoredValues(definition.features)
        for name, value in self.defaults.items():
            if problem := values.problem(name, value):
                raise ValueError(f"the default of {name} {problem}")


def _ttl_seconds(ttl: int | str) -> int | None:
    """None where it is no length of time, or a longer one than anybody means."""
    if isinstance(ttl, int) and not isinstance(ttl, bool):
        seconds = int(ttl)
    elif isinstance(ttl, str) and (found := _TTL.fullmatch(ttl)):
        seconds = int(found[1]) * _SECONDS[found[2]]
    else:
        return None
    return seconds if 0 < seconds <= _LONGEST_TTL else None
