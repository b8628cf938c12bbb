"""What the watch wrote down about its own reading, so that doing a run again tells the same about it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceReading:
    """What one object of the log, or one file of labels, held."""

    key: str
    version_id: str
    lines: int = 0
    quarantined: int = 0
    """Lines that could not be read; 1 where the whole object cannot."""
    predictions: int = 0
    labels: int = 0
    repeated: int = 0
    """Lines about predictions that were in the log already."""
    expired: int = 0
    """Labels that came more than label_days after their prediction."""
    hours: tuple[datetime, ...] = ()
    """Those whose predictions it tells something about."""
    problem: str | None = None
    """Why the whole object is in quarantine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HourGain:
    """What one run learned about one hour."""

    rows: int = 0
    """Predictions first seen."""
    labels: int = 0
    """Predictions first labelled."""
    unknown: int = 0
    """Labels whose prediction is not in the log."""

    def add(self, other: "HourGain") -> "HourGain":
        """Both."""
        return HourGain(
            **{each.name: getattr(self, each.name) + getattr(other, each.name) for each in fields(self)}
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RunReading:
    """All that the run of one time read, through however many tries."""

    schema: int = 1
    model: str
    at: datetime
    sources: Mapping[str, SourceReading] = field(default_factory=dict)
    """By source name."""
    hours: Mapping[str, HourGain] = field(default_factory=dict)
    """By the hour in ISO 8601."""
    carried: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By the hour: sources that earlier runs read and had no time to sum up there."""
    left: int = 0
    """Sources left for the next run."""
    hours_left: int = 0
    """Hours that have been read about and are left to be summed up by the next run."""

    def gain(self) -> HourGain:
        """Over all hours."""
        total = HourGain()
        for each in self.hours.values():
            total = total.add(each)
        return total


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """What is left for the next run."""

    schema: int = 1
    since: datetime
    """The hour of arrival from which on sources may be left to read."""
    due: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By the hour, whose summary lags behind: sources that were read and are not in it yet."""
