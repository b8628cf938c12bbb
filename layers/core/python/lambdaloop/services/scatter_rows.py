"""Sorts the predictions and labels of one source by hour, counting each prediction once."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lambdaloop.domain.capture_layout import hour_of, part_prefix, source_of
from lambdaloop.domain.captured import CapturedLabel, CapturedPrediction
from lambdaloop.domain.summary import SliceKey, SliceSummary
from lambdaloop.monitoring.captured_rows import arrays_of, segment_codes
from lambdaloop.monitoring.columns import Columns
from lambdaloop.monitoring.expected_loss import expected_loss
from lambdaloop.monitoring.profiling import profile_rows
from lambdaloop.monitoring.score_parts import ScoredRows, read_scores, segments_of
from lambdaloop.ports import CaptureArchive
from lambdaloop.services.archived_documents import load_all
from lambdaloop.services.load_reference import Reference, References
from lambdaloop.services.read_source import Chunk, Quarantine

Ids = NDArray[np.bytes_]

_HOUR_SECONDS = 3600


class SeenIds:
    """Which predictions of an hour the log already has, by source; loaded once per hour."""

    def __init__(self, model: str, archive: CaptureArchive) -> None:
        self._model = model
        self._archive = archive
        self._hours: dict[datetime, dict[str, Ids]] = {}

    def of_others(self, hour: datetime, source: str) -> list[Ids]:
        """Sorted ids, an array for each other source."""
        if hour not in self._hours:
            self._hours[hour] = self._load(hour)
        return [ids for name, ids in self._hours[hour].items() if name != source]

    def put(self, hour: datetime, source: str, parts: Sequence[ScoredRows]) -> None:
        """What a source was written down with, in an hour that was asked for before."""
        self._hours[hour][source] = _sorted_ids(parts)

    def _load(self, hour: datetime) -> dict[str, Ids]:
        keys = self._archive.keys(part_prefix(self._model, hour, "scores"))
        contents = load_all(self._archive, keys)
        return {
            source_of(key): _sorted_ids(read_scores(content))
            for key, content in zip(keys, contents, strict=True)
            if content is not None
        }


@dataclass(slots=True)
class HourScatter:
    """What the source says about one hour."""

    rows: list[ScoredRows] = field(default_factory=list)
    slices: dict[SliceKey, SliceSummary] = field(default_factory=dict)
    labels: list[CapturedLabel] = field(default_factory=list)
    own: list[Ids] = field(default_factory=list)
    """Sorted ids of the rows so far."""
    count: int = 0
    repeated: int = 0


class Scatter:
    """Takes a source chunk by chunk."""

    def __init__(
        self,
        name: str,
        *,
        segments: Sequence[str],
        quarantine: Quarantine,
        references: References,
        seen: SeenIds,
    ) -> None:
        self._name = name
        self._segments = segments
        self._quarantine = quarantine
        self._references = references
        self._seen = seen
        self.hours: dict[datetime, HourScatter] = {}

    def add(self, chunk: Chunk) -> None:
        """Count everything in it that is new."""
        for label in chunk.labels:
            self.hours.setdefault(hour_of(label.event_time), HourScatter()).labels.append(label)
        groups: dict[tuple[int, str, bool, int], list[int]] = {}
        for place, row in enumerate(chunk.predictions):
            whose = (row.release, row.variant, row.features_dropped, row.version)
            groups.setdefault(whose, []).append(place)
        for (*_, version), places in groups.items():
            rows = [chunk.predictions[place] for place in places]
            lines = [chunk.numbers[place] for place in places]
            reference = self._references.of(version)
            if reference is None:
                for row, line in zip(rows, lines, strict=True):
                    self._put_aside(row, line, f"model_version {version} is not in the registry")
            else:
                self._add_group(rows, lines, reference)

    def _add_group(
        self, rows: Sequence[CapturedPrediction], lines: Sequence[int], reference: Reference
    ) -> None:
        arrays = arrays_of(rows, reference.signature)
        for place, reason in arrays.misfits.items():
            self._put_aside(rows[place], lines[place], reason)
        if not len(arrays.places):
            return
        fitting = [rows[place] for place in arrays.places.tolist()]
        scored = ScoredRows(
            release=fitting[0].release,
            version=fitting[0].version,
            variant=fitting[0].variant,
            ids=np.array([row.prediction_id for row in fitting], dtype="S32"),
            scores=arrays.scores,
            loss=None
            if reference.loss is None
            else expected_loss(reference.loss, arrays.columns, arrays.scores[:, 0]),
            segments={
                name: segment_codes(arrays.columns[name], name, reference.signature.features[name])
                for name in self._segments
                if name in arrays.columns
            },
        )
        seconds = np.array([row.event_time.timestamp() for row in fitting])
        hours = (seconds // _HOUR_SECONDS).astype(np.int64)
        columns = None if fitting[0].features_dropped else arrays.columns
        for hour in np.unique(hours).tolist():
            at = datetime.fromtimestamp(hour * _HOUR_SECONDS, UTC)
            self._add_hour(at, np.flatnonzero(hours == hour), scored, columns, reference)

    def _add_hour(
        self,
        at: datetime,
        places: NDArray[np.int64],
        scored: ScoredRows,
        columns: Columns | None,
        reference: Reference,
    ) -> None:
        """columns: None when nobody knows the features; such rows have no profile, for they would seem to lack values."""
        hour = self.hours.setdefault(at, HourScatter())
        ids, first = np.unique(scored.ids[places], return_index=True)
        seen = np.zeros(len(ids), dtype=bool)
        for earlier in (*self._seen.of_others(at, self._name), *hour.own):
            seen |= _contains(earlier, ids)
        fresh = np.sort(places[first[~seen]])
        hour.repeated += len(places) - len(fresh)
        if not len(fresh):
            return
        hour.count += len(fresh)
        hour.own.append(ids[~seen])
        rows = scored.take(fresh)
        hour.rows.append(rows)
        new = None if columns is None else {name: values[fresh] for name, values in columns.items()}
        for key, members in _slices(rows):
            known = None if new is None else {name: values[members] for name, values in new.items()}
            part = _summary(key, rows.take(members), known, reference)
            known_slice = hour.slices.get(key)
            hour.slices[key] = known_slice.merge(part) if known_slice else part

    def _put_aside(self, row: CapturedPrediction, line: int, reason: str) -> None:
        self._quarantine.add(reason, line=line, content=f"prediction {row.prediction_id}")


def _slices(rows: ScoredRows) -> Iterable[tuple[SliceKey, NDArray[Any]]]:
    """All rows, and those of each segment that has any."""
    for segment, members in segments_of(rows.segments, len(rows.ids)):
        key = SliceKey(release=rows.release, version=rows.version, variant=rows.variant, segment=segment)
        yield key, members


def _summary(key: SliceKey, rows: ScoredRows, columns: Columns | None, reference: Reference) -> SliceSummary:
    baseline = reference.baseline
    profile = None
    if baseline is not None and columns is not None:
        profile = profile_rows(
            columns,
            rows.scores,
            signature=reference.signature,
            like=baseline.profile,
            reconstruction=baseline.reconstruction,
        )
    return SliceSummary(key=key, rows=len(rows.ids), profile=profile)


def _contains(known: Ids, ids: Ids) -> NDArray[np.bool_]:
    """Which of the ids are among the known ones, which are sorted."""
    if not len(known):
        return np.zeros(len(ids), dtype=bool)
    places = np.minimum(np.searchsorted(known, ids), len(known) - 1)
    found: NDArray[np.bool_] = known[places] == ids
    return found


def _sorted_ids(parts: Sequence[ScoredRows]) -> Ids:
    ids: Ids = np.sort(np.concatenate([part.ids for part in parts])) if parts else np.array([], dtype="S32")
    return ids
