"""From predictions and what came of them to the figures of each arm, unit by unit.

A unit counts for the arm that it saw first, with its mean outcome there, in the period in which it saw it: where shares
change on the way (Thompson sampling), arms are compared within periods of constant shares only. Without that, an arm that got
its traffic in a good week would look good. For the same reason nobody's outcome goes on past the last day of the shares that
assigned it: some move to another arm with the new ones, and those who stay would have a good week more than those who moved.

What units were like before is known from labels that came before the experiment began. A label that came later, of however
early a prediction, may be the doing of an arm.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from lambdaloop.domain.experiment import Arm, ArmFigures, Outcome
from lambdaloop.experimentation.exposures import BEFORE, Exposures, Findings
from lambdaloop.experimentation.periods import Period

Numbers = NDArray[np.float64]
_LARGEST = 1e30
"""A number beyond that is a mistake; its square's square would have no place in the registry, and no meaning in a mean."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmUnits:
    """The units of an experiment, one row each."""

    arms: NDArray[np.int64]
    strata: NDArray[np.int64]
    """The release in which a unit was seen first."""
    outcomes: Numbers
    """NaN where none is known yet."""
    covariates: Numbers
    """The mean outcome before the experiment; the mean of all where a unit has none."""
    requests: Mapping[tuple[int, int], int]
    """Predictions by release and arm, of whichever unit."""


def gather_units(
    exposures: Exposures,
    findings: Findings,
    *,
    outcome: Outcome,
    served: Mapping[int, Sequence[Arm]],
    begun: datetime,
) -> ArmUnits:
    """One row for each unit that saw an arm; `served` has the arms by release, and at `begun` the first one of them was asked for."""
    results = _outcomes(exposures, findings, outcome)
    before = exposures.arms == BEFORE
    early = _outcomes(exposures, findings.take(findings.observed < begun.timestamp()), outcome)
    during = np.flatnonzero(~before)
    during = during[np.lexsort((exposures.ids[during], exposures.made[during]))]
    units, first, codes = np.unique(exposures.units[during], return_index=True, return_inverse=True)
    own_arms = exposures.arms[during][first].astype(np.int64)
    stretches = _stretches(exposures.releases[during], served)
    counted = (exposures.arms[during] == own_arms[codes]) & (stretches == stretches[first][codes])
    return ArmUnits(
        arms=own_arms,
        strata=exposures.releases[during][first].astype(np.int64),
        outcomes=_means(codes[counted], results[during][counted], len(units)),
        covariates=_covariates(units, exposures.units[before], early[before]),
        requests=_requests(exposures.releases[during], exposures.arms[during]),
    )


def periods_of(units: ArmUnits, served: Mapping[int, Sequence[Arm]]) -> list[Period]:
    """The figures of each release in their order; `served` has the arms by release.

    Failures are for the caller to add: what failed is not in the prediction log.
    """
    return [
        Period(
            shares={arm.name: arm.share for arm in arms},
            figures={arm.name: _figures(units, release, place) for place, arm in enumerate(arms)},
        )
        for release, arms in sorted(served.items())
    ]


def _figures(units: ArmUnits, release: int, place: int) -> ArmFigures:
    members = (units.strata == release) & (units.arms == place)
    measured = members & ~np.isnan(units.outcomes)
    y, x = units.outcomes[measured], units.covariates[measured]
    return ArmFigures(
        units=int(members.sum()),
        measured=int(measured.sum()),
        total=float(y.sum()),
        squares=float(y @ y),
        covariate_total=float(x.sum()),
        covariate_squares=float(x @ x),
        products=float(x @ y),
        requests=units.requests.get((release, place), 0),
    )


def _stretches(releases: NDArray[np.int32], served: Mapping[int, Sequence[Arm]]) -> NDArray[np.int64]:
    """[rows] the first release in a row that has the same shares: with those, nobody moves from one arm to another."""
    first: dict[int, int] = {}
    shares, begin = None, 0
    for release, arms in sorted(served.items()):
        if (present := [(arm.name, arm.share) for arm in arms]) != shares:
            shares, begin = present, release
        first[release] = begin
    known, codes = np.unique(releases, return_inverse=True)
    return np.array([first.get(release, release) for release in known.tolist()], dtype=np.int64)[codes]


def _requests(releases: NDArray[np.int32], arms: NDArray[np.int16]) -> dict[tuple[int, int], int]:
    pairs, counts = np.unique(np.stack([releases, arms]), axis=1, return_counts=True)
    return {
        (release, arm): count for (release, arm), count in zip(pairs.T.tolist(), counts.tolist(), strict=True)
    }


def _outcomes(exposures: Exposures, findings: Findings, outcome: Outcome) -> Numbers:
    """[rows] of the exposures; NaN where nothing, or nothing certain, is known."""
    values = findings.rewards if outcome == "reward" else findings.actuals
    told = np.abs(values) <= _LARGEST  # not for NaN
    ids, latest = _latest(findings.ids[told], values[told], findings.observed[told])
    found = np.full(len(exposures.ids), np.nan)
    if len(ids):
        places = np.minimum(np.searchsorted(ids, exposures.ids), len(ids) - 1)
        hit = ids[places] == exposures.ids
        found[hit] = latest[places[hit]]
    if outcome == "reward":
        return found
    if outcome == "squared_error":
        predicted = np.where(np.abs(exposures.values) <= _LARGEST, exposures.values, np.nan)
        errors: Numbers = np.square(predicted - found)
        return errors
    correct: Numbers = np.where(np.isnan(found), np.nan, (exposures.values == found).astype(np.float64))
    return correct


def _latest(
    ids: NDArray[np.bytes_], values: Numbers, observed: Numbers
) -> tuple[NDArray[np.bytes_], Numbers]:
    """Of each prediction the value that was observed last; none where such values contradict each other."""
    order = np.lexsort((observed, ids))
    ids, values, observed = ids[order], values[order], observed[order]
    unique, first, counts = np.unique(ids, return_index=True, return_counts=True)
    last = first + counts - 1
    final = observed == np.repeat(observed[last], counts)
    low = np.minimum.reduceat(np.where(final, values, np.inf), first) if len(first) else values
    high = np.maximum.reduceat(np.where(final, values, -np.inf), first) if len(first) else values
    certain = low == high
    return unique[certain], values[last][certain]


def _means(codes: NDArray[np.int64], values: Numbers, groups: int) -> Numbers:
    """By group; NaN for a group without any."""
    known = ~np.isnan(values)
    counts = np.bincount(codes[known], minlength=groups)
    sums = np.bincount(codes[known], weights=values[known], minlength=groups)
    means: Numbers = np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)
    return means


def _covariates(units: NDArray[np.bytes_], earlier: NDArray[np.bytes_], values: Numbers) -> Numbers:
    """The same for every unit where nothing is known of any: then there is nothing to adjust for."""
    if not len(units) or not len(earlier):
        return np.zeros(len(units))
    places = np.minimum(np.searchsorted(units, earlier), len(units) - 1)
    known = units[places] == earlier
    means = _means(places[known], values[known], len(units))
    if np.isnan(means).all():
        return np.zeros(len(units))
    return np.where(np.isnan(means), np.nanmean(means), means)
