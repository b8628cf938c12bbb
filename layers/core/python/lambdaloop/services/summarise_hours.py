"""Computes the summary of an hour from its parts, and those of days and pentads from it, as often as something comes in.

A summary is a function of the set of parts that lie there: their order of arrival does not show.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from datetime import UTC, datetime
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from lambdaloop.domain.capture_layout import (
    DAY,
    HOUR,
    PENTAD,
    Part,
    day_key,
    day_of,
    hour_key,
    hour_prefix,
    hours_between,
    part_prefix,
    pentad_key,
    pentad_of,
    source_of,
)
from lambdaloop.domain.captured import CapturedLabel
from lambdaloop.domain.documents import from_document
from lambdaloop.domain.outcomes import Outcomes
from lambdaloop.domain.reading import HourGain
from lambdaloop.domain.summary import LogCounts, SliceKey, SliceSummary, Summary
from lambdaloop.monitoring.observing import expect, observe
from lambdaloop.monitoring.score_parts import ScoredRows, join_rows, read_scores, segments_of
from lambdaloop.ports import CaptureArchive
from lambdaloop.services.archived_documents import load_all, load_record, save_record, unpack
from lambdaloop.services.ingest_source import read_labels, read_profiles
from lambdaloop.services.join_labels import Joined, Labelling
from lambdaloop.services.load_reference import Reference, References

T = TypeVar("T")


def summarise_hour(
    hour: datetime,
    *,
    model: str,
    fresh: AbstractSet[str],
    references: References,
    archive: CaptureArchive,
) -> HourGain:
    """Write the summary of the hour; returns what the `fresh` sources among its parts added to it."""
    keys = archive.keys(hour_prefix(model, hour))
    scores = _parts("scores", hour, model, keys, archive, read_scores)
    labels = _parts("labels", hour, model, keys, archive, lambda content: read_labels(content, model))
    rows = join_rows([each for source in sorted(scores) for each in scores[source]])
    labelling = Labelling(rows, [label for each in labels.values() for label in each], references)
    former = load_record(archive, hour_key(model, hour), Summary)
    if former is None or set(former.profiled) != scores.keys() or fresh & scores.keys():
        former = _profiled(hour, model, scores.keys(), keys, archive)
    slices = [
        one for each in rows for one in _measured(each, labelling.of(each), references, former.by_key())
    ]
    summary = Summary(
        model=model,
        start=hour,
        end=hour + HOUR,
        counts=replace(labelling.counts(), repeated=former.counts.repeated),
        slices=tuple(sorted(slices, key=lambda each: each.key)),
        profiled=tuple(sorted(scores)),
    )
    save_record(archive, hour_key(model, hour), summary)
    return _gain(scores, labels, fresh, labelling, references)


def summarise_days(hours: Iterable[datetime], *, model: str, archive: CaptureArchive) -> None:
    """Write the summaries of all days and pentads that hold one of the hours: the sums of theirs."""
    days = {day_of(hour) for hour in hours}
    for day in sorted(days):
        keys = [hour_key(model, hour) for hour in hours_between(day, day + DAY)]
        _add_up(keys, day_key(model, day), day, day + DAY, model, archive)
    for first in sorted({pentad_of(day) for day in days}):
        keys = [day_key(model, first + number * DAY) for number in range(PENTAD.days)]
        _add_up(keys, pentad_key(model, first), first, first + PENTAD, model, archive)


def _add_up(
    keys: Sequence[str], key: str, start: datetime, end: datetime, model: str, archive: CaptureArchive
) -> None:
    total = Summary(model=model, start=start, end=end)
    for content in load_all(archive, keys):
        if content is not None:
            total = total.merge(from_document(Summary, unpack(content)))
    save_record(archive, key, total)


def _parts(
    part: Part,
    hour: datetime,
    model: str,
    keys: Sequence[str],
    archive: CaptureArchive,
    read: Callable[[bytes], T],
) -> dict[str, T]:
    """By source."""
    prefix = part_prefix(model, hour, part)
    wanted = [key for key in keys if key.startswith(prefix)]
    contents = load_all(archive, wanted)
    return {
        source_of(key): read(content)
        for key, content in zip(wanted, contents, strict=True)
        if content is not None
    }


def _profiled(
    hour: datetime, model: str, sources: AbstractSet[str], keys: Sequence[str], archive: CaptureArchive
) -> Summary:
    """The profiles of the sources whose scores are there: of another one, a dead run wrote nothing but the profile."""
    total = empty = Summary(model=model, start=hour, end=hour + HOUR)
    wanted = [key for key in keys if source_of(key) in sources]
    parts = _parts("profile", hour, model, wanted, archive, read_profiles)
    for source in sorted(parts):
        part = parts[source]
        counts = LogCounts(repeated=part.repeated)
        total = total.merge(replace(empty, counts=counts, slices=part.slices))
    return total


def _measured(
    rows: ScoredRows,
    joined: Joined,
    references: References,
    former: Mapping[SliceKey, SliceSummary],
) -> Iterable[SliceSummary]:
    """The slices of one variant; profiles and expectations come from `former`, as far as it has them."""
    reference = references.of(rows.version)
    for segment, members in segments_of(rows.segments, len(rows.ids)):
        key = SliceKey(release=rows.release, version=rows.version, variant=rows.variant, segment=segment)
        known = former.get(key)
        found = joined.within(members)
        yield SliceSummary(
            key=key,
            rows=int(members.sum()),
            profile=known.profile if known else None,
            outcomes=_observed(rows, found, reference),
            expected=(known.expected if known else None)
            or _expected(rows, np.flatnonzero(members), reference),
            expected_labelled=_expected(rows, found.places, reference),
            label_delay_seconds=round(float(found.delays.sum()), 3),
            newest_labelled=datetime.fromtimestamp(found.made.max(), UTC) if len(found.made) else None,
        )


def _observed(rows: ScoredRows, found: Joined, reference: Reference | None) -> Outcomes | None:
    if reference is None or not len(found.places):
        return None
    signature = reference.signature
    actual = found.values if signature.task == "regression" else found.values.astype(np.int64)
    return observe(signature.task, signature.classes, actual, rows.scores[found.places])


def _expected(rows: ScoredRows, places: NDArray[np.int64], reference: Reference | None) -> Outcomes | None:
    if reference is None or reference.baseline is None or not reference.can_expect or not len(places):
        return None
    if (
        reference.loss is not None and rows.loss is None
    ):  # written down while the model of errors could not be read
        return None
    return expect(
        reference.signature.task,
        reference.signature.classes,
        rows.scores[places],
        reference.baseline.calibration,
        None if rows.loss is None else rows.loss[places],
    )


def _gain(
    scores: Mapping[str, Sequence[ScoredRows]],
    labels: Mapping[str, Sequence[CapturedLabel]],
    fresh: AbstractSet[str],
    labelling: Labelling,
    references: References,
) -> HourGain:
    before = Labelling(
        join_rows([each for source in sorted(scores) if source not in fresh for each in scores[source]]),
        [label for source, each in labels.items() if source not in fresh for label in each],
        references,
    )
    return HourGain(
        rows=sum(len(each.ids) for source in scores.keys() & fresh for each in scores[source]),
        labels=len(labelling.labelled() - before.labelled()),
        unknown=labelling.unknown(label for source in labels.keys() & fresh for label in labels[source]),
    )
