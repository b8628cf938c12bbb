"""Who saw which arm, and what came of it: arrays by day of prediction, as they are kept between looks.

Stored as .npz without pickles; the same rows give the same bytes. What is added twice changes nothing.
"""

import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

_DATE = (1980, 1, 1, 0, 0, 0)  # the first one that zip knows
BEFORE = -1
"""In place of an arm: a prediction made before the experiment began."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposures:
    """Predictions."""

    ids: NDArray[np.bytes_]
    """[rows] of 32 hexadecimal digits."""
    units: NDArray[np.bytes_]
    """[rows] of 32 hexadecimal digits: the entity, or the request where there is none."""
    arms: NDArray[np.int16]
    """[rows] places among the arms, or BEFORE."""
    releases: NDArray[np.int32]
    values: NDArray[np.float64]
    """[rows] index of the predicted class, or the predicted number."""
    made: NDArray[np.float64]
    """[rows] seconds since 1970."""

    def take(self, rows: NDArray[np.bool_] | NDArray[np.int64]) -> "Exposures":
        """Some of the rows."""
        return Exposures(**{each.name: getattr(self, each.name)[rows] for each in fields(self)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """Labels and rewards of predictions, whether these are known or not; several of one prediction may contradict."""

    ids: NDArray[np.bytes_]
    actuals: NDArray[np.float64]
    """[rows] index of the actual class, or the actual number; NaN where only a reward came."""
    rewards: NDArray[np.float64]
    """[rows] NaN where only a label came."""
    observed: NDArray[np.float64]
    """[rows] seconds since 1970."""

    def take(self, rows: NDArray[np.bool_] | NDArray[np.int64]) -> "Findings":
        """Some of the rows."""
        return Findings(**{each.name: getattr(self, each.name)[rows] for each in fields(self)})


@dataclass(frozen=True, slots=True, kw_only=True)
class ExposureDay:
    """All that is known about the predictions of one day."""

    exposures: Exposures
    findings: Findings


def no_exposures() -> Exposures:
    """None."""
    return Exposures(
        ids=np.array([], dtype="S32"),
        units=np.array([], dtype="S32"),
        arms=np.array([], dtype=np.int16),
        releases=np.array([], dtype=np.int32),
        values=np.array([], dtype=np.float64),
        made=np.array([], dtype=np.float64),
    )


def no_findings() -> Findings:
    """None."""
    numbers = np.array([], dtype=np.float64)
    return Findings(ids=np.array([], dtype="S32"), actuals=numbers, rewards=numbers, observed=numbers)


def join_exposures(parts: Sequence[Exposures]) -> Exposures:
    """Each prediction once, in the order of ids."""
    if not parts:
        return no_exposures()
    names = [each.name for each in fields(Exposures)]
    whole = Exposures(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in names})
    _, first = np.unique(whole.ids, return_index=True)
    return whole.take(first)


def join_findings(parts: Sequence[Findings]) -> Findings:
    """Each finding once, in the order of ids, times and values."""
    if not parts:
        return no_findings()
    names = [each.name for each in fields(Findings)]
    whole = Findings(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in names})
    order = np.lexsort((whole.rewards, whole.actuals, whole.observed, whole.ids))
    whole = whole.take(order)
    if len(order) < 2:
        return whole
    same = whole.ids[1:] == whole.ids[:-1]
    for numbers in (whole.actuals, whole.rewards, whole.observed):
        same &= (numbers[1:] == numbers[:-1]) | (np.isnan(numbers[1:]) & np.isnan(numbers[:-1]))
    return whole.take(np.concatenate([[True], ~same]))


def join_days(parts: Sequence[ExposureDay]) -> ExposureDay:
    """All that is known about some days, or by some sources about one."""
    return ExposureDay(
        exposures=join_exposures([part.exposures for part in parts]),
        findings=join_findings([part.findings for part in parts]),
    )


def write_day(day: ExposureDay) -> bytes:
    """As it is stored."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for what, record in (("exposures", day.exposures), ("findings", day.findings)):
            for each in fields(record):
                content = io.BytesIO()
                array = np.ascontiguousarray(getattr(record, each.name))
                npy.write_array(content, array, allow_pickle=False)
                archive.writestr(_entry(f"{what}.{each.name}.npy"), content.getvalue())
    return stream.getvalue()


def read_day(content: bytes) -> ExposureDay:
    """The inverse of `write_day`."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:

        def array(what: str, name: str) -> NDArray[np.generic]:
            return npy.read_array(io.BytesIO(archive.read(f"{what}.{name}.npy")), allow_pickle=False)

        return ExposureDay(
            exposures=Exposures(**{each.name: array("exposures", each.name) for each in fields(Exposures)}),  # type: ignore[arg-type]
            findings=Findings(**{each.name: array("findings", each.name) for each in fields(Findings)}),  # type: ignore[arg-type]
        )


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _DATE)
    entry.compress_type = zipfile.ZIP_DEFLATED
    return entry
