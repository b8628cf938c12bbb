"""One column of a window against the same column of the baseline: how far, and whether chance explains it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from lambdaloop.domain.monitoring_rules import DriftMethod
from lambdaloop.domain.profile import CategoryProfile, ColumnProfile, NumericProfile
from lambdaloop.monitoring.distances import (
    Cells,
    cramers_v,
    jensen_shannon,
    kolmogorov_smirnov,
    psi,
    wasserstein,
)
from lambdaloop.monitoring.significance import chi_square_p_value, ordered_p_value

DEFAULT_METHOD: DriftMethod = "psi"
DEFAULT_THRESHOLDS: Mapping[DriftMethod, float] = {
    "psi": 0.1,  # Siddiqi 2006: from here on a population has changed somewhat; half a standard deviation is 0.25
    "jensen_shannon": 0.1,  # Evidently's default
    "wasserstein": 0.1,  # Evidently's default: a tenth of a standard deviation
    "kolmogorov_smirnov": 0.1,  # a tenth of the rows is on another side of some value; a shift of 0.25 deviations
    "chi_square": 0.1,  # Cohen 1988: a small effect
}
"""The smallest distance that counts as drift."""

_OF_CELLS: Mapping[DriftMethod, Callable[[Cells, Cells], float]] = {
    "psi": psi,
    "jensen_shannon": jensen_shannon,
    "chi_square": cramers_v,
    "kolmogorov_smirnov": kolmogorov_smirnov,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """How far a column went, and the probability of such counts by chance."""

    distance: float
    p_value: float


def measure(
    current: ColumnProfile, baseline: ColumnProfile, *, method: DriftMethod, min_rows: int
) -> Measurement | None:
    """None when there are too few rows; ValueError when the columns were profiled differently.

    Missing values are a cell of their own, for numbers the lowest one. Only the Wasserstein distance leaves them out: they
    have no place on a scale. Numbers are tested by Kolmogorov-Smirnov, unless their method is chi-square; categories by
    chi-square.
    """
    if isinstance(current, NumericProfile) and isinstance(baseline, NumericProfile):
        return _measure_numbers(current, baseline, method=method, min_rows=min_rows)
    if isinstance(current, CategoryProfile) and isinstance(baseline, CategoryProfile):
        return _measure_categories(current, baseline, method=method, min_rows=min_rows)
    raise ValueError(f"cannot compare a {type(current).__name__} with a {type(baseline).__name__}")


def _measure_numbers(
    current: NumericProfile, baseline: NumericProfile, *, method: DriftMethod, min_rows: int
) -> Measurement | None:
    if current.edges != baseline.edges:
        raise ValueError(f"cannot compare different bins: {current.edges}, {baseline.edges}")
    scaled = method == "wasserstein"
    known = current.count if scaled else current.rows
    if known < min_rows or not (baseline.count if scaled else baseline.rows):
        return None
    cells, reference = (
        np.array([] if scaled else [profile.missing], dtype=np.float64) for profile in (current, baseline)
    )
    cells = np.append(cells, current.counts)
    reference = np.append(reference, baseline.counts)
    test = chi_square_p_value if method == "chi_square" else ordered_p_value
    return Measurement(
        distance=wasserstein(current, baseline) if scaled else _OF_CELLS[method](cells, reference),
        p_value=test(cells, reference),
    )


def _measure_categories(
    current: CategoryProfile, baseline: CategoryProfile, *, method: DriftMethod, min_rows: int
) -> Measurement | None:
    if current.categories != baseline.categories:
        raise ValueError(f"cannot compare different categories: {current.categories}, {baseline.categories}")
    if method in ("wasserstein", "kolmogorov_smirnov"):
        raise ValueError(f"{method} needs an order, which categories lack: use psi")
    if current.rows < min_rows or not baseline.rows:
        return None
    cells, reference = (
        np.array([*profile.counts, profile.unseen, profile.missing], dtype=np.float64)
        for profile in (current, baseline)
    )
    return Measurement(
        distance=_OF_CELLS[method](cells, reference), p_value=chi_square_p_value(cells, reference)
    )
