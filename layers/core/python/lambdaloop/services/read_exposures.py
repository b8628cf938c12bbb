"""Reads what came in about an experiment since the last look: each object of the prediction log once.

What is read is kept by the day of the prediction; what is kept twice is kept once, so a run that died is simply done again.
What does not fit into one run is left for the next one, the oldest first.
"""

import hashlib
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import numpy as np

from lambdaloop.domain.capture_layout import DAY, day_of, feedback_prefix, raw_day_prefix, source_name
from lambdaloop.domain.captured import SKEW, CapturedLabel, CapturedPrediction
from lambdaloop.domain.dataset import DataObject
from lambdaloop.domain.definition import ModelDefinition
from lambdaloop.domain.errors import ArtifactMissingError, SourceCorruptError, SourceTooLargeError
from lambdaloop.domain.experiment import Experiment
from lambdaloop.domain.experiment_layout import exposure_key, exposure_prefix, reading_key
from lambdaloop.domain.labels import TargetReader
from lambdaloop.experimentation.exposures import (
    BEFORE,
    ExposureDay,
    Exposures,
    Findings,
    join_days,
    join_exposures,
    join_findings,
    read_day,
    write_day,
)
from lambdaloop.ports import CaptureArchive, Clock, DatasetStore
from lambdaloop.services.archived_documents import load_all, load_record, save_record
from lambdaloop.services.find_sources import LATENESS
from lambdaloop.services.read_source import Chunk, Quarantine, Rules, read_feedback, read_log

BEFORE_DAYS = 14
"""How far before its beginning an experiment looks for what its units were like."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingBounds:
    """How much one run reads."""

    seconds: float = 300.0
    object_bytes: int = 1 << 28
    batch_bytes: int = 1 << 27
    """As they lie in the bucket; after so many the days are written."""
    stopwatch: Callable[[], float] = time.perf_counter


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Which sources need not be read again."""

    since: datetime
    """Everything that arrived on earlier days was read."""
    sources: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Names by day of arrival; those of users' files are under `feedback`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExposureReader:
    """The ports and rules of one run."""

    definition: ModelDefinition
    experiment: Experiment
    archive: CaptureArchive
    datasets: DatasetStore
    clock: Clock
    control: int | None = None
    """Stateless, the release that the control answers by; otherwise predictions say themselves which arm they are of."""
    bounds: ReadingBounds = field(default_factory=ReadingBounds)

    def read(self) -> int:
        """Take in what is new; returns how many sources are left for the next run."""
        model, experiment = self.definition.name, self.experiment
        key = reading_key(model, experiment.id)
        first = day_of(_first_time(experiment))
        reading = load_record(self.archive, key, Reading) or Reading(since=first)
        until = self.bounds.stopwatch() + self.bounds.seconds
        pending = list(self._pending(reading))
        while pending and self.bounds.stopwatch() < until:
            batch = _take(pending, self.bounds.batch_bytes)
            self._take_in(batch)
            reading = _remembered(reading, batch)
            save_record(self.archive, key, reading)
        oldest = min([source.arrived for source in pending if source.arrived], default=self.clock.now())
        since = max(reading.since, day_of(min(oldest, self.clock.now() - LATENESS)))
        if since > reading.since:
            kept = {day: names for day, names in reading.sources.items() if day >= since.isoformat()}
            save_record(self.archive, key, replace(reading, since=since, sources=kept))
        return len(pending)

    def load(self, *, before: datetime) -> tuple[Exposures, Findings]:
        """All that is known about predictions that were made before that time."""
        prefix = exposure_prefix(self.definition.name, self.experiment.id)
        days = [
            read_day(content)
            for content in load_all(self.archive, self.archive.keys(prefix))
            if content is not None
        ]
        known = join_days(days)
        return known.exposures.take(known.exposures.made < before.timestamp()), known.findings

    def _pending(self, reading: Reading) -> Iterator["_Source"]:
        model, now = self.definition.name, self.clock.now()
        day = reading.since
        while day <= now + SKEW:
            done = set(reading.sources.get(day.isoformat(), ()))
            for data in self.archive.sources(raw_day_prefix(model, day)):
                if (name := source_name(data.key)) not in done:
                    yield _Source(name=name, data=data, arrived=day)
            day += DAY
        done = set(reading.sources.get(_FEEDBACK, ()))
        for data in self.datasets.objects(feedback_prefix(model)):
            if (name := source_name(data.key, data.version_id)) not in done:
                yield _Source(name=name, data=data, arrived=None)

    def _take_in(self, batch: Sequence["_Source"]) -> None:
        days: dict[datetime, list[ExposureDay]] = {}
        for source in batch:
            for day, found in self._scatter(source).items():
                days.setdefault(day, []).append(found)
        for day, parts in sorted(days.items()):
            key = exposure_key(self.definition.name, self.experiment.id, day)
            known = self.archive.load(key)
            if known is not None:
                parts.append(read_day(known))
            self.archive.save(key, write_day(join_days(parts)))

    def _scatter(self, source: "_Source") -> dict[datetime, ExposureDay]:
        rules = Rules(
            model=self.definition.name,
            target=TargetReader(self.definition.task, self.definition.classes),
            now=self.clock.now(),
            label_days=self.definition.monitoring.label_days,
        )
        rows = _Rows(self.experiment, rules.target, self.control)
        try:
            # Unreadable lines are the watch's to tell of; here they are only passed over.
            for chunk in self._chunks(source, rules):
                rows.add(chunk)
        except (SourceTooLargeError, SourceCorruptError, ArtifactMissingError):
            return {}
        return rows.by_day()

    def _chunks(self, source: "_Source", rules: Rules) -> Iterable[Chunk]:
        if source.arrived is not None:
            content = self.archive.read(source.data, limit=self.bounds.object_bytes)
            return read_log(content, rules, Quarantine())
        if source.data.size > self.bounds.object_bytes:
            return ()
        content = self.datasets.read(source.data.key, source.data.version_id)
        return read_feedback(content, rules, Quarantine())


_FEEDBACK = "feedback"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Source:
    name: str
    data: DataObject
    arrived: datetime | None
    """The day; None for a file that a user uploaded."""


class _Rows:
    """Lines of one source that matter to an experiment, by day."""

    def __init__(self, experiment: Experiment, target: TargetReader, control: int | None) -> None:
        self._experiment, self._target, self._control = experiment, target, control
        self._arms = {arm.name: place for place, arm in enumerate(experiment.arms)}
        self._first = _first_time(experiment)
        self._exposures: dict[datetime, list[Exposures]] = {}
        self._findings: dict[datetime, list[Findings]] = {}

    def add(self, chunk: Chunk) -> None:
        exposed: dict[datetime, list[tuple[bytes, bytes, int, int, float, float]]] = {}
        for row in chunk.predictions:
            if (found := self._exposure(row)) is not None:
                exposed.setdefault(day_of(row.event_time), []).append(found)
        for day, rows in exposed.items():
            self._exposures.setdefault(day, []).append(_exposures(rows))
        told: dict[datetime, list[tuple[bytes, float, float, float]]] = {}
        for label in chunk.labels:
            if label.event_time >= self._first:
                told.setdefault(day_of(label.event_time), []).append(self._finding(label))
        for day, labels in told.items():
            self._findings.setdefault(day, []).append(_findings(labels))

    def by_day(self) -> dict[datetime, ExposureDay]:
        return {
            day: ExposureDay(
                exposures=join_exposures(self._exposures.get(day, [])),
                findings=join_findings(self._findings.get(day, [])),
            )
            for day in {*self._exposures, *self._findings}
        }

    def _exposure(self, row: CapturedPrediction) -> tuple[bytes, bytes, int, int, float, float] | None:
        found = self._stateless(row) if self._experiment.is_stateless else self._sticky(row)
        value = self._target.read(row.prediction)
        if value is None or found is None:
            return None
        unit, arm = found
        return (
            row.prediction_id.encode(),
            hashlib.blake2b(unit.encode(), digest_size=16).hexdigest().encode(),
            arm,
            row.release,
            float(value),
            row.event_time.timestamp(),
        )

    def _stateless(self, row: CapturedPrediction) -> tuple[str, int] | None:
        """Unit and arm. Whoever a prediction is about was not asked: what was assigned is the request."""
        begun, control = self._experiment.started_at, self._control
        if control is None or row.release < control or begun is None or row.event_time < begun:
            return None
        # Whatever answers beside the control while the experiment runs is the treatment.
        return row.request or row.prediction_id, int(row.release > control)

    def _sticky(self, row: CapturedPrediction) -> tuple[str, int] | None:
        """Unit and arm."""
        experiment = self._experiment
        unit = row.entity or row.request
        arm = BEFORE
        if row.experiment == experiment.id and row.assignment in ("entity", "request"):
            begun = experiment.started_at
            # While its first release still took traffic from another one, entities saw now one and now the other.
            if row.variant not in self._arms or begun is None or row.event_time < begun:
                return None
            arm = self._arms[row.variant]
        elif row.entity is None or not self._first <= row.event_time < experiment.created_at:
            return None
        return None if unit is None else (unit, arm)

    def _finding(self, label: CapturedLabel) -> tuple[bytes, float, float, float]:
        actual = None if label.actual is None else self._target.read(label.actual)
        return (
            label.prediction_id.encode(),
            np.nan if actual is None else float(actual),
            np.nan if label.reward is None else label.reward,
            label.observed_at.timestamp(),
        )


def _exposures(rows: Sequence[tuple[bytes, bytes, int, int, float, float]]) -> Exposures:
    ids, units, arms, releases, values, made = zip(*rows, strict=True)
    return Exposures(
        ids=np.array(ids, dtype="S32"),
        units=np.array(units, dtype="S32"),
        arms=np.array(arms, dtype=np.int16),
        releases=np.array(releases, dtype=np.int32),
        values=np.array(values, dtype=np.float64),
        made=np.array(made, dtype=np.float64),
    )


def _findings(rows: Sequence[tuple[bytes, float, float, float]]) -> Findings:
    ids, actuals, rewards, observed = zip(*rows, strict=True)
    return Findings(
        ids=np.array(ids, dtype="S32"),
        actuals=np.array(actuals, dtype=np.float64),
        rewards=np.array(rewards, dtype=np.float64),
        observed=np.array(observed, dtype=np.float64),
    )


def _first_time(experiment: Experiment) -> datetime:
    """From when on predictions matter; a request has no past."""
    before = timedelta(0) if experiment.is_stateless else timedelta(days=BEFORE_DAYS)
    return experiment.created_at - before


def _take(pending: list[_Source], size: int) -> list[_Source]:
    """Sources off the beginning, at least one."""
    batch = [pending.pop(0)]
    while pending and sum(source.data.size for source in batch) + pending[0].data.size <= size:
        batch.append(pending.pop(0))
    return batch


def _remembered(reading: Reading, batch: Sequence[_Source]) -> Reading:
    sources = dict(reading.sources)
    for source in batch:
        day = _FEEDBACK if source.arrived is None else source.arrived.isoformat()
        sources[day] = (*sources.get(day, ()), source.name)
    return replace(reading, sources=sources)
