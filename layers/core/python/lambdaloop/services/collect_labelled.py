"""Gathers the captured predictions whose truth is known by now, for a retraining to learn from.

The prediction log is read from its newest object to its oldest, each object once. What is held is bounded whatever lies
there: the newest rows win. What cannot be read, or what the present definition would refuse, is left out and counted: one
odd line must not stop a retraining. To tell people about such lines is the watch's business.
"""

import io
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from lambdaloop.domain.artifact import Artifact
from lambdaloop.domain.capture_layout import HOUR, arrival_hour, feedback_prefix, raw_folder
from lambdaloop.domain.captured import (
    SKEW,
    CapturedLabel,
    CapturedPrediction,
    LineUnreadableError,
    read_line,
)
from lambdaloop.domain.dataset import DataObject
from lambdaloop.domain.definition import ModelDefinition
from lambdaloop.domain.errors import ArtifactMissingError, SourceCorruptError, SourceTooLargeError
from lambdaloop.domain.labelled_rows import (
    CAPTURED,
    LabelledRowWriter,
    captured_columns,
    uncaptured_features,
    write_rows,
)
from lambdaloop.domain.labels import TargetReader
from lambdaloop.domain.prediction_id import time_of
from lambdaloop.domain.recent_holdout import least_rows
from lambdaloop.ports import ArtifactStore, CaptureArchive, DatasetStore
from lambdaloop.services.label_join import JoinLimits, LabelJoin
from lambdaloop.services.read_ahead import read_ahead
from lambdaloop.services.read_source import Quarantine, Rules, read_feedback

_ID = re.compile(rb'"prediction_id":\s*"([0-9a-f]{32})"')
_LABEL = b'"label"'


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectLimits:
    """How much one run reads and holds."""

    join: JoinLimits = field(default_factory=JoinLimits)
    log_bytes: int = 512 << 20
    """Of the log as it is stored, packed; older objects are left out."""
    object_bytes: int = 256 << 20
    """Of one object, unpacked; a larger one is left out."""
    feedback_bytes: int = 256 << 20
    """Of users' files of labels; the last ones by name are read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Collected:
    """Which captured rows a run may learn from."""

    rows: int = 0
    file: Artifact | None = None
    """The rows, oldest first; None where there are none to use."""
    until: datetime | None = None
    """What was known at this time counts, and nothing later."""
    reason: str
    """How many there are, or why there are none."""
    left_out: Mapping[str, int] = field(default_factory=dict)
    """Rows, lines and objects that could not be used, by what was wrong with them."""


def collect_labelled(
    definition: ModelDefinition,
    *,
    until: datetime | None,
    capture: CaptureArchive,
    datasets: DatasetStore,
    artifacts: ArtifactStore,
    limits: CollectLimits | None = None,
) -> Collected:
    """Write the labelled rows of the last `retraining.window_days` before `until` as one artifact.

    No row is used, and the answer says why, when `until` is None, when a feature is not captured, and when there are
    fewer rows than learning from some and comparing on others takes.
    """
    if until is None:
        return Collected(reason="the run was not asked to use captured rows")
    if lacking := uncaptured_features(definition):
        return Collected(
            until=until,
            reason=f"captured rows lack {', '.join(map(repr, lacking))}, so only uploaded data are trained on: "
            "name every feature in serving.capture to use them",
        )
    collection = _Collection(definition, until, limits or CollectLimits())
    collection.read_feedback(datasets)
    collection.read_log(capture)
    rows = list(collection.rows())
    left_out = {name: count for name, count in sorted(collection.left_out.items()) if count}
    needed = least_rows(definition)
    if len(rows) < needed:
        return Collected(
            until=until,
            reason=f"{len(rows)} captured rows with labels are too few, so only uploaded data are trained on: {needed} "
            f"are needed to learn from some and to compare on {definition.monitoring.min_labels} (monitoring.min_labels)",
            left_out=left_out,
        )
    content = write_rows(captured_columns(definition), rows)
    return Collected(
        rows=len(rows),
        file=artifacts.put(definition.name, CAPTURED, content),
        until=until,
        reason=f"{len(rows)} captured rows with labels",
        left_out=left_out,
    )


class _Collection:
    """The rows of one run as they come together."""

    def __init__(self, definition: ModelDefinition, until: datetime, limits: CollectLimits) -> None:
        self.left_out: Counter[str] = Counter()
        self._definition = definition
        self._until = until
        days = definition.retraining.window_days
        self._since = None if days is None else until - timedelta(days=days)
        self._limits = limits
        self._join = LabelJoin(limits=limits.join)
        self._rules = Rules(
            model=definition.name,
            target=TargetReader(definition.task, definition.classes),
            now=until,
            label_days=definition.monitoring.label_days,
        )

    def read_feedback(self, datasets: DatasetStore) -> None:
        """The files of labels that users uploaded."""
        newest_first = [*reversed(datasets.objects(feedback_prefix(self._definition.name)))]
        files = self._affordable(newest_first, self._limits.feedback_bytes, "other files of labels")
        for file in files:
            quarantine = Quarantine()
            content = datasets.read(file.key, file.version_id)
            for chunk in read_feedback(content, self._rules, quarantine):
                for label in chunk.labels:
                    self._add_label(label)
            self.left_out["unreadable labels"] += quarantine.count

    def read_log(self, capture: CaptureArchive) -> None:
        """What Firehose delivered, until older objects cannot hold a row that would be kept."""
        newest_first = [
            source
            for source in reversed(capture.sources(raw_folder(self._definition.name)))
            if self._may_matter(source)
        ]
        sources = self._affordable(newest_first, self._limits.log_bytes, "older objects")
        for source, content in read_ahead(
            lambda each: capture.read(each, limit=self._limits.object_bytes), sources
        ):
            arrived = arrival_hour(source.key)
            if arrived is not None and self._join.is_full_since(arrived + HOUR + SKEW):
                return
            try:
                self._read_object(content.result())
            except (SourceTooLargeError, SourceCorruptError, ArtifactMissingError):
                self.left_out["unreadable objects"] += 1

    def rows(self) -> Iterator[list[str]]:
        """The fields of each row that the definition takes, oldest first."""
        writer = LabelledRowWriter(self._definition)
        for prediction_id, line, label in self._join.joined():
            if label is None:
                self.left_out["rows with conflicting labels"] += 1
                continue
            try:
                record = read_line(line, model=self._definition.name, now=self._until)
                row = writer.row(record, label.actual) if isinstance(record, CapturedPrediction) else []
            except LineUnreadableError:
                row = []
            if row[-1:] == [prediction_id]:  # which the line only seemed to be about, before it was read
                yield row
            else:
                self.left_out["rows that do not fit"] += 1

    def _read_object(self, content: bytes) -> None:
        for line in io.BytesIO(content):
            if _LABEL in line and self._is_label(line):
                continue
            found = _ID.search(line)
            if found is not None and self._counts(time_of(prediction_id := found[1].decode())):
                self._join.add_line(prediction_id, line.strip())

    def _is_label(self, line: bytes) -> bool:
        """Whether the line is no prediction; a label that counts is taken."""
        try:
            record = read_line(line, model=self._definition.name, now=self._until)
        except LineUnreadableError:
            return False
        if not isinstance(record, CapturedLabel):
            return False
        if record.actual is not None and self._rules.target.read(record.actual) is None:
            self.left_out["unreadable labels"] += 1
        elif record.received_at <= self._until and record.received_at - record.event_time <= timedelta(
            days=self._rules.label_days
        ):
            self._add_label(record)
        return True

    def _add_label(self, label: CapturedLabel) -> None:
        if label.actual is not None and self._counts(label.event_time):  # a reward alone teaches nothing
            self._join.add_label(label)

    def _counts(self, at: datetime | None) -> bool:
        return at is not None and at <= self._until and (self._since is None or at >= self._since)

    def _may_matter(self, source: DataObject) -> bool:
        """A line arrives after it happened."""
        hour = arrival_hour(source.key)
        return (
            hour is not None
            and hour <= self._until
            and (self._since is None or hour + HOUR + SKEW > self._since)
        )

    def _affordable(self, sources: Sequence[DataObject], limit: int, others: str) -> Sequence[DataObject]:
        """As many of the first ones as the limit allows."""
        total = 0
        for place, source in enumerate(sources):
            total += source.size
            if total > limit:
                self.left_out[others] += len(sources) - place
                return sources[:place]
        return sources
