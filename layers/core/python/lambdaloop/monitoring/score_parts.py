"""Scores of predictions as they are kept for their labels: arrays by prediction id, which arrive days later.

Stored as .npz without pickles; the same rows give the same bytes.
"""

import io
import json
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from lambdaloop.monitoring.columns import Scores

_DATE = (1980, 1, 1, 0, 0, 0)  # the first one that zip knows
_HEADER = "groups.json"
NO_SEGMENT = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentCodes:
    """Which segment of one feature each row is in."""

    names: tuple[str, ...]
    """feature=value."""
    codes: NDArray[np.int16]
    """[rows] places in names."""

    def take(self, rows: NDArray[Any]) -> "SegmentCodes":
        """Some of the rows."""
        return SegmentCodes(names=self.names, codes=self.codes[rows])


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoredRows:
    """Predictions of one variant of one release."""

    release: int
    version: int
    variant: str
    ids: NDArray[np.bytes_]
    """[rows] of 32 hexadecimal digits."""
    scores: Scores
    """[rows, classes] probabilities in the order of the version's classes, or [rows, 1] numbers."""
    loss: NDArray[np.float64] | None = None
    """[rows, 2] expected |error| and error², for regression."""
    segments: Mapping[str, SegmentCodes] = field(default_factory=dict)
    """By feature."""

    def take(self, rows: NDArray[Any]) -> "ScoredRows":
        """Some of the rows: a mask or places."""
        return ScoredRows(
            release=self.release,
            version=self.version,
            variant=self.variant,
            ids=self.ids[rows],
            scores=self.scores[rows],
            loss=None if self.loss is None else self.loss[rows],
            segments={name: each.take(rows) for name, each in self.segments.items()},
        )

    @property
    def whose(self) -> tuple[int, int, str]:
        """Release, version, variant."""
        return (self.release, self.version, self.variant)


def join_rows(parts: Sequence[ScoredRows]) -> list[ScoredRows]:
    """One for each variant of each release, sorted; parts of one variant follow each other as given."""
    groups: dict[tuple[int, int, str], list[ScoredRows]] = {}
    for part in parts:
        groups.setdefault(part.whose, []).append(part)
    return [_joined(groups[whose]) for whose in sorted(groups)]


def find_ids(ids: NDArray[np.bytes_], wanted: NDArray[np.bytes_]) -> NDArray[np.int64]:
    """The place in `ids` of each wanted id, -1 where it is not there."""
    if not len(ids):
        return np.full(len(wanted), -1, dtype=np.int64)
    order = np.argsort(ids)
    places = np.minimum(np.searchsorted(ids, wanted, sorter=order), len(ids) - 1)
    found: NDArray[np.int64] = np.where(ids[order[places]] == wanted, order[places], -1)
    return found


def write_scores(parts: Sequence[ScoredRows]) -> bytes:
    """As they are stored."""
    header = []
    arrays: dict[str, NDArray[Any]] = {}
    for place, rows in enumerate(parts):
        header.append(
            {
                "release": rows.release,
                "version": rows.version,
                "variant": rows.variant,
                "segments": {name: each.names for name, each in rows.segments.items()},
            }
        )
        arrays[f"{place}.ids"], arrays[f"{place}.scores"] = rows.ids, rows.scores
        if rows.loss is not None:
            arrays[f"{place}.loss"] = rows.loss
        for name, each in rows.segments.items():
            arrays[f"{place}.segment.{name}"] = each.codes
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr(_entry(_HEADER), json.dumps(header, separators=(",", ":")))
        for name, array in arrays.items():
            content = io.BytesIO()
            npy.write_array(content, np.ascontiguousarray(array), allow_pickle=False)
            archive.writestr(_entry(f"{name}.npy"), content.getvalue())
    return stream.getvalue()


def read_scores(content: bytes) -> list[ScoredRows]:
    """The inverse of `write_scores`."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        header = json.loads(archive.read(_HEADER))
        arrays = {
            name.removesuffix(".npy"): npy.read_array(io.BytesIO(archive.read(name)), allow_pickle=False)
            for name in archive.namelist()
            if name != _HEADER
        }
    return [
        ScoredRows(
            release=each["release"],
            version=each["version"],
            variant=each["variant"],
            ids=arrays[f"{place}.ids"],
            scores=arrays[f"{place}.scores"],
            loss=arrays.get(f"{place}.loss"),
            segments={
                name: SegmentCodes(names=tuple(names), codes=arrays[f"{place}.segment.{name}"])
                for name, names in each["segments"].items()
            },
        )
        for place, each in enumerate(header)
    ]


def segments_of(segments: Mapping[str, SegmentCodes], rows: int) -> Iterable[tuple[str, NDArray[Any]]]:
    """The empty segment with all rows, then each that has any."""
    yield "", np.ones(rows, dtype=bool)
    for each in segments.values():
        for code in np.unique(each.codes[each.codes >= 0]).tolist():
            yield each.names[code], each.codes == code


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _DATE)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.create_system = 3  # Unix, whatever packs it
    return entry


def _joined(parts: Sequence[ScoredRows]) -> ScoredRows:
    first = parts[0]
    if len(parts) == 1:
        return first
    losses = [part.loss for part in parts if part.loss is not None]
    return ScoredRows(
        release=first.release,
        version=first.version,
        variant=first.variant,
        ids=np.concatenate([part.ids for part in parts]),
        scores=np.concatenate([part.scores for part in parts]),
        loss=np.concatenate(losses) if len(losses) == len(parts) else None,
        segments=_joined_segments(parts),
    )


def _joined_segments(parts: Sequence[ScoredRows]) -> dict[str, SegmentCodes]:
    """A feature that became a segment later has rows without one."""
    features = sorted({name for part in parts for name in part.segments})
    joined = {}
    for feature in features:
        names: list[str] = []
        codes = []
        for part in parts:
            each = part.segments.get(feature)
            if each is None:
                codes.append(np.full(len(part.ids), NO_SEGMENT, dtype=np.int16))
                continue
            names += [name for name in each.names if name not in names]
            places = np.array([names.index(name) for name in each.names] + [NO_SEGMENT], dtype=np.int16)
            codes.append(places[each.codes])  # NO_SEGMENT, -1, stays at the end
        joined[feature] = SegmentCodes(names=tuple(names), codes=np.concatenate(codes))
    return joined
