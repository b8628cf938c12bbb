"""Where everything lies in the capture bucket.

Firehose writes `raw/` by the hour in which lines arrived. The watch reads each raw object once and scatters what it holds
by the hour of the *prediction* into `hours/`; days are sums of hours. What is derived is named by its source, so doing it
again writes the same objects again, and the marker in `sources/`, written last, says that a source is done.
"""

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Literal

Part = Literal["scores", "labels", "profile"]

HOUR = timedelta(hours=1)


def partition(model: str, hour: datetime) -> str:
    """The folders of one hour, in Hive's spelling.

    >>> partition("churn", datetime(2026, 3, 2, 9, 30, tzinfo=UTC))
    'model=churn/day=2026-03-02/hour=09/'
    """
    at = hour.astimezone(UTC)
    return f"model={model}/day={at:%Y-%m-%d}/hour={at:%H}/"


def raw_prefix(model: str, hour: datetime) -> str:
    """What Firehose delivered in that hour."""
    return f"raw/{partition(model, hour)}"


def feedback_prefix(model: str) -> str:
    """In the data bucket: the CSV files of labels that users upload."""
    return f"feedback/{model}/"


def source_name(key: str, version_id: str = "") -> str:
    """The name of a source object in everything that is derived from it."""
    return hashlib.sha256(f"{key}\n{version_id}".encode()).hexdigest()[:32]


def marker_key(model: str, source: str) -> str:
    """Says that a source is done."""
    return f"sources/model={model}/{source}.json"


def part_prefix(model: str, hour: datetime, part: Part) -> str:
    """All parts of one kind about the predictions of one hour."""
    return f"hours/{partition(model, hour)}{part}/"


def part_key(model: str, hour: datetime, part: Part, source: str) -> str:
    """What one source says about the predictions of one hour: scores as .npz, the others as .json.gz."""
    return f"{part_prefix(model, hour, part)}{source}.{'npz' if part == 'scores' else 'json.gz'}"


def hour_key(model: str, hour: datetime) -> str:
    """The summary of one hour."""
    return f"hours/{partition(model, hour)}summary.json.gz"


def day_key(model: str, day: datetime) -> str:
    """The summary of one day."""
    return f"days/model={model}/{day.astimezone(UTC):%Y-%m-%d}/summary.json.gz"


def quarantine_key(model: str, source: str) -> str:
    """The lines of a source that could not be read, each with its reason."""
    return f"quarantine/model={model}/{source}.jsonl.gz"


def report_key(model: str, end: datetime) -> str:
    """The whole report of the window that ended then."""
    return f"reports/model={model}/{end.astimezone(UTC):%Y-%m-%dT%H:%M}Z.json.gz"


def hours_between(start: datetime, end: datetime) -> Iterator[datetime]:
    """The whole hours that touch [start, end)."""
    hour = start.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    while hour < end:
        yield hour
        hour += HOUR
