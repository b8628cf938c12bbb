"""Reads what came in since the last run, in batches: parts, then summaries, then markers.

A batch that dies anywhere is read again as a whole and gives the same, because all that is derived is named by its source.
What does not fit into one run is left for the next one: objects, and hours to be summed up, for a single file of labels may
be about thousands of them.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from lambdaloop.domain.capture_layout import progress_key, quarantine_key, run_key
from lambdaloop.domain.captured import SKEW
from lambdaloop.domain.definition import ModelDefinition
from lambdaloop.domain.errors import ArtifactMissingError, SourceCorruptError, SourceTooLargeError
from lambdaloop.domain.labels import TargetReader
from lambdaloop.domain.reading import Progress, RunReading, SourceReading
from lambdaloop.ports import CaptureArchive, Clock, DatasetStore
from lambdaloop.services.archived_documents import load_record, save_record
from lambdaloop.services.find_sources import LATENESS, Source, find_sources
from lambdaloop.services.ingest_source import ingest_source
from lambdaloop.services.load_reference import References
from lambdaloop.services.read_source import Quarantine, Rules, read_feedback, read_log
from lambdaloop.services.scatter_rows import SeenIds
from lambdaloop.services.summarise_hours import summarise_days, summarise_hour


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """How much one run does."""

    seconds: float = 360.0
    """After which nothing more is read; the summaries of the last batch and the judgement need time, too."""
    object_bytes: int = 1 << 28
    """The largest unpacked object: Firehose makes none of more than 128 MB."""
    batch_bytes: int = 1 << 28
    """As they lie in the bucket."""
    batch_objects: int = 100
    batch_hours: int = 100
    """At this many hours whose summaries are touched, a batch ends."""
    summing_seconds: float = 600.0
    """After which no further hour is summed up."""
    stopwatch: Callable[[], float] = time.perf_counter
    """Not the time of day: that may jump, and run at another speed where time is simulated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ingest:
    """The ports and rules of one run."""

    definition: ModelDefinition
    references: References
    archive: CaptureArchive
    datasets: DatasetStore
    clock: Clock
    bounds: Bounds = field(default_factory=Bounds)


def ingest_capture(at: datetime, *, using: Ingest) -> RunReading:
    """Read everything that is there, as far as the bounds allow; `at` names the run.

    A run that is done again under the same name tells of all that its tries read.
    """
    model, archive, bounds = using.definition.name, using.archive, using.bounds
    started = bounds.stopwatch()
    now = using.clock.now()
    run = load_record(archive, run_key(model, at), RunReading) or RunReading(model=model, at=at)
    progress = load_record(archive, progress_key(model), Progress) or Progress(
        since=now - timedelta(days=using.definition.monitoring.label_days)
    )
    pending = list(
        find_sources(model, since=progress.since, until=now + SKEW, archive=archive, datasets=using.datasets)
    )
    pending.reverse()  # the next one is the last
    run = replace(run, carried=_united(run.carried, progress.due))
    in_time = True
    while (pending or progress.due) and in_time:
        run, progress = _read_batch(pending, run, progress, using, started=started)
        in_time = bounds.stopwatch() - started < bounds.seconds
    run = replace(run, left=len(pending), hours_left=len(progress.due))
    save_record(archive, run_key(model, at), run)
    days = [source.arrived for source in pending if source.arrived is not None]
    since = min([min(at, now) - LATENESS, *days])
    save_record(archive, progress_key(model), replace(progress, since=since))
    return run


def _read_batch(
    pending: list[Source], run: RunReading, progress: Progress, using: Ingest, *, started: float
) -> tuple[RunReading, Progress]:
    """Take sources off the end of `pending`, at least one if there is any, and do what is to be done about them."""
    model, archive, bounds = using.definition.name, using.archive, using.bounds
    seen = SeenIds(model, archive)
    batch: list[tuple[Source, SourceReading]] = []
    hours: set[datetime] = set()
    size = 0
    while pending:
        source = pending.pop()
        reading = _read_source(source, using, seen)
        batch.append((source, reading))
        hours.update(reading.hours)
        size += source.data.size
        if (
            len(batch) >= bounds.batch_objects
            or len(hours) >= bounds.batch_hours
            or size >= bounds.batch_bytes
            or bounds.stopwatch() - started >= bounds.seconds
        ):
            break
    run = replace(run, sources={**run.sources, **{source.name: reading for source, reading in batch}})
    fresh = {
        hour.isoformat(): tuple(source.name for source, reading in batch if hour in reading.hours)
        for hour in hours
    }
    run, left = _sum_up(_united(progress.due, fresh), run, using, until=started + bounds.summing_seconds)
    save_record(archive, run_key(model, run.at), run)
    if left or progress.due:  # known before the markers say that nothing is left to do
        progress = replace(progress, due=left)
        save_record(archive, progress_key(model), progress)
    for source, reading in batch:
        save_record(archive, source.marker, reading)
    return run, progress


def _sum_up(
    due: Mapping[str, tuple[str, ...]], run: RunReading, using: Ingest, *, until: float
) -> tuple[RunReading, Mapping[str, tuple[str, ...]]]:
    """Write the summaries of hours, the newest first, and of their days; returns the hours that it had no time for."""
    model, archive = using.definition.name, using.archive
    gains, left = dict(run.hours), dict(due)
    done: list[datetime] = []
    for hour in sorted(due, reverse=True):
        done.append(datetime.fromisoformat(hour))
        gains[hour] = summarise_hour(
            done[-1],
            model=model,
            fresh=run.sources.keys() | run.carried.get(hour, ()),
            references=using.references,
            archive=archive,
        )
        del left[hour]
        if using.bounds.stopwatch() >= until:
            break
    summarise_days(done, model=model, archive=archive)
    return replace(run, hours=gains), left


def _united(
    one: Mapping[str, tuple[str, ...]], other: Mapping[str, tuple[str, ...]]
) -> dict[str, tuple[str, ...]]:
    """The sources of both, by the hour."""
    return {
        hour: tuple(sorted({*one.get(hour, ()), *other.get(hour, ())}))
        for hour in sorted(one.keys() | other.keys())
    }


def _read_source(source: Source, using: Ingest, seen: SeenIds) -> SourceReading:
    definition, archive = using.definition, using.archive
    quarantine = Quarantine()
    rules = Rules(
        model=definition.name,
        target=TargetReader(definition.task, definition.classes),
        now=using.clock.now(),
        label_days=definition.monitoring.label_days,
    )
    try:
        content = _content(source, using)
    except (SourceTooLargeError, SourceCorruptError, ArtifactMissingError) as error:
        quarantine.add(str(error), line=0)
        reading = SourceReading(key="", version_id="", lines=1, quarantined=1, problem=str(error))
    else:
        read = read_log if source.kind == "log" else read_feedback
        reading = ingest_source(
            source.name,
            read(content, rules, quarantine),
            model=definition.name,
            segments=definition.monitoring.segments,
            quarantine=quarantine,
            references=using.references,
            archive=archive,
            seen=seen,
        )
    if quarantine.count:
        archive.save(quarantine_key(definition.name, source.name), quarantine.to_bytes())
    return replace(reading, key=source.data.key, version_id=source.data.version_id)


def _content(source: Source, using: Ingest) -> bytes:
    if source.kind == "log":
        return using.archive.read(source.data, limit=using.bounds.object_bytes)
    if source.data.size > using.bounds.object_bytes:
        raise SourceTooLargeError(
            f"{source.data.key} has {source.data.size} bytes, one file may have {using.bounds.object_bytes}: split it"
        )
    return using.datasets.read(source.data.key, source.data.version_id)
