"""Writes down what one source says, by the hour of the predictions that it is about.

Each part is named by its source and written whole, so doing it again changes nothing. Of the parts of one hour `scores` is
written last: the summary takes a source's profile only with its scores.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from lambdaloop.domain.capture_layout import part_key
from lambdaloop.domain.captured import CapturedLabel
from lambdaloop.domain.documents import from_document, to_document
from lambdaloop.domain.labels import latest_labels
from lambdaloop.domain.reading import SourceReading
from lambdaloop.domain.summary import SliceSummary
from lambdaloop.monitoring.score_parts import join_rows, write_scores
from lambdaloop.ports import CaptureArchive
from lambdaloop.services.archived_documents import pack, unpack
from lambdaloop.services.load_reference import References
from lambdaloop.services.read_source import Chunk, Quarantine
from lambdaloop.services.scatter_rows import Scatter, SeenIds


def ingest_source(
    name: str,
    chunks: Iterable[Chunk],
    *,
    model: str,
    segments: Sequence[str],
    quarantine: Quarantine,
    references: References,
    archive: CaptureArchive,
    seen: SeenIds,
) -> SourceReading:
    """Write the parts of one source; its key and version are for the caller to add."""
    scatter = Scatter(name, segments=segments, quarantine=quarantine, references=references, seen=seen)
    reading = SourceReading(key="", version_id="")
    for chunk in chunks:
        scatter.add(chunk)
        reading = replace(reading, lines=reading.lines + chunk.lines, expired=reading.expired + chunk.expired)
    for hour, found in sorted(scatter.hours.items()):
        if found.labels:
            archive.save(part_key(model, hour, "labels", name), write_labels(found.labels))
        if found.rows or found.repeated:
            scored = join_rows(found.rows)
            archive.save(
                part_key(model, hour, "profile", name), write_profiles(found.repeated, found.slices.values())
            )
            archive.save(part_key(model, hour, "scores", name), write_scores(scored))
            seen.put(hour, name, scored)
    return replace(
        reading,
        quarantined=quarantine.count,
        predictions=sum(found.count for found in scatter.hours.values()),
        labels=sum(len(found.labels) for found in scatter.hours.values()),
        repeated=sum(found.repeated for found in scatter.hours.values()),
        hours=tuple(sorted(scatter.hours)),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfilePart:
    """What a source's new predictions of one hour look like."""

    repeated: int
    """Lines about predictions that other sources, or earlier lines, held already."""
    slices: tuple[SliceSummary, ...] = ()


def write_profiles(repeated: int, slices: Iterable[SliceSummary]) -> bytes:
    """The part `profile`."""
    part = ProfilePart(repeated=repeated, slices=tuple(sorted(slices, key=lambda each: each.key)))
    return pack(to_document(part))


def read_profiles(content: bytes) -> ProfilePart:
    """The inverse of `write_profiles`."""
    return from_document(ProfilePart, unpack(content))


def write_labels(labels: Iterable[CapturedLabel]) -> bytes:
    """The part `labels`: those that can still matter, short, for they come in numbers."""
    return pack(
        [
            [
                label.prediction_id,
                label.actual,
                label.observed_at.isoformat(),
                label.received_at.isoformat(),
                *([] if label.reward is None else [label.reward]),
            ]
            for label in latest_labels(labels)
        ]
    )


def read_labels(content: bytes, model: str) -> list[CapturedLabel]:
    """The inverse of `write_labels`."""
    rows: Any = unpack(content)
    return [
        CapturedLabel(
            prediction_id=prediction_id,
            model=model,
            actual=actual,
            reward=reward[0] if reward else None,
            observed_at=datetime.fromisoformat(observed_at),
            received_at=datetime.fromisoformat(received_at),
        )
        for prediction_id, actual, observed_at, received_at, *reward in rows
    ]
