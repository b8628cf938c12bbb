"""Where everything lies in the capture bucket.

Firehose writes `raw/` by the hour in which lines arrived. The watch reads each raw object once and scatters what it holds
by the hour of the *prediction* into `hours/`; days are sums of hours, and pentads those of five days, so that a month is
read by nine objects beside the hours at its ends. What is derived is named by its source, so doing it again writes the same
objects again, and the marker in `sources/`, written last, says that a source is done. Markers lie by the day of arrival, as
raw objects do, so that finding what is new costs the same after a year as on the first day.
"""

import hashlib
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Literal

Part = Literal["scores", "labels", "profile"]

_ARRIVAL = re.compile(r"raw/model=[^/]+/day=(\d{4}-[01]\d-[0-3]\d)/hour=([01]\d|2[0-3])/")

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
PENTAD = 5 * DAY

KEPT_DAYS = 400
"""How long single predictions and labels are kept: a year's seasons can be trained on, and nobody's data stay for ever. Sums
over days, reports and the list of what was read stay: they know no single prediction."""


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


def raw_day_prefix(model: str, day: datetime) -> str:
    """What Firehose delivered on that day."""
    return f"{raw_folder(model)}{day_folder(day)}/"


def raw_folder(model: str) -> str:
    """All that Firehose ever delivered; keys in their order are hours of arrival in theirs."""
    return f"raw/model={model}/"


def arrival_hour(key: str) -> datetime | None:
    """When Firehose delivered a raw object; None for a key of another form.

    >>> arrival_hour("raw/model=churn/day=2026-03-02/hour=09/part.gz")
    datetime.datetime(2026, 3, 2, 9, 0, tzinfo=datetime.timezone.utc)
    """
    found = _ARRIVAL.match(key)
    return datetime.strptime(f"{found[1]} {found[2]} +0000", "%Y-%m-%d %H %z") if found else None


def day_folder(day: datetime) -> str:
    """The name of a day's folder.

    >>> day_folder(datetime(2026, 3, 2, 9, 30, tzinfo=UTC))
    'day=2026-03-02'
    """
    return f"day={day.astimezone(UTC):%Y-%m-%d}"


def feedback_prefix(model: str) -> str:
    """In the data bucket: the CSV files of labels that users upload."""
    return f"feedback/{model}/"


def source_name(key: str, version_id: str = "") -> str:
    """The name of a source object in everything that is derived from it."""
    return hashlib.sha256(f"{key}\n{version_id}".encode()).hexdigest()[:32]


FEEDBACK = "feedback"
"""The folder of the markers of users' files; those of raw objects lie in the `day_folder` of their arrival."""


def marker_prefix(model: str, folder: str) -> str:
    """The markers of one folder's sources."""
    return f"sources/model={model}/{folder}/"


def marker_key(model: str, folder: str, source: str) -> str:
    """Says that a source is done."""
    return f"{marker_prefix(model, folder)}{source}.json.gz"


def run_key(model: str, at: datetime) -> str:
    """What the run of the watch at that time read, so that doing it again tells the same."""
    return f"sources/model={model}/runs/{at.astimezone(UTC):%Y-%m-%dT%H:%M}Z.json.gz"


def progress_key(model: str) -> str:
    """From which hour of arrival on sources may be left to read."""
    return f"sources/model={model}/progress.json.gz"


def hour_prefix(model: str, hour: datetime) -> str:
    """All that is known about the predictions of one hour: parts and summary."""
    return f"hours/{partition(model, hour)}"


def part_prefix(model: str, hour: datetime, part: Part) -> str:
    """All parts of one kind about the predictions of one hour."""
    return f"{hour_prefix(model, hour)}{part}/"


def part_key(model: str, hour: datetime, part: Part, source: str) -> str:
    """What one source says about the predictions of one hour: scores as .npz, the others as .json.gz."""
    return f"{part_prefix(model, hour, part)}{source}.{'npz' if part == 'scores' else 'json.gz'}"


def source_of(key: str) -> str:
    """The source that a part, a marker or a quarantine is named by."""
    return key.rpartition("/")[2].partition(".")[0]


def hour_key(model: str, hour: datetime) -> str:
    """The summary of one hour."""
    return f"{hour_prefix(model, hour)}summary.json.gz"


def day_key(model: str, day: datetime) -> str:
    """The summary of one day."""
    return f"days/model={model}/{day.astimezone(UTC):%Y-%m-%d}/summary.json.gz"


def pentad_key(model: str, first: datetime) -> str:
    """The summary of the five days from that one on."""
    return f"days/model={model}/{first.astimezone(UTC):%Y-%m-%d}/pentad.json.gz"


def quarantine_key(model: str, source: str) -> str:
    """The lines of a source that could not be read, each with its reason."""
    return f"quarantine/model={model}/{source}.jsonl.gz"


def report_key(model: str, end: datetime) -> str:
    """The whole report of the window that ended then."""
    return f"reports/model={model}/{end.astimezone(UTC):%Y-%m-%dT%H:%M}Z.json.gz"


def hour_of(at: datetime) -> datetime:
    """The start of the hour that holds the time, UTC."""
    return at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def day_of(at: datetime) -> datetime:
    """The start of the day that holds the time, UTC."""
    return hour_of(at).replace(hour=0)


def pentad_of(at: datetime) -> datetime:
    """The start of the five days that hold the time, UTC: the same five for every model, whenever it began.

    >>> pentad_of(datetime(2026, 3, 2, 9, 30, tzinfo=UTC))
    datetime.datetime(2026, 2, 28, 0, 0, tzinfo=datetime.timezone.utc)
    """
    day = day_of(at)
    return day - day.toordinal() % PENTAD.days * DAY


def hours_between(start: datetime, end: datetime) -> Iterator[datetime]:
    """The whole hours that touch [start, end)."""
    hour = hour_of(start)
    while hour < end:
        yield hour
        hour += HOUR
