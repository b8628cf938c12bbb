"""Streams of rows that stay as they are, for counting false alarms: 25 features, related to each other and of many shapes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lambdaloop.domain.baseline import Reconstruction
from lambdaloop.domain.definition import Feature
from lambdaloop.domain.profile import Profile
from lambdaloop.domain.signature import Signature
from lambdaloop.monitoring.profiling import profile_baseline, profile_rows
from lambdaloop.monitoring.reconstruction import fit_reconstruction

Table = dict[str, NDArray[Any]]

_HIDDEN = 4
_TRAINING_ROWS = 10_000
_HOLDOUT_ROWS = 2_500
CONTINUOUS = (
    *(f"normal_{i}" for i in range(8)),
    *(f"skewed_{i}" for i in range(5)),
    *(f"uniform_{i}" for i in range(4)),
)
_COUNTS = tuple(f"count_{i}" for i in range(3))
_CATEGORIES = {f"category_{i}": kinds for i, kinds in enumerate((2, 3, 5, 8, 12))}
_FEATURES: Mapping[str, Feature] = {
    **{name: Feature(type="number", nullable=True) for name in CONTINUOUS},
    **{name: Feature(type="integer") for name in _COUNTS},
    **{
        name: Feature(type="category", categories=tuple(f"v{i}" for i in range(kinds)))
        for name, kinds in _CATEGORIES.items()
    },
}
_MISSING = {"normal_7": 0.05, "skewed_4": 0.2}
SIGNATURE = Signature(model="stream", task="binary", features=_FEATURES, classes=("no", "yes"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """One seeded stream with the baseline of its training rows."""

    random: np.random.Generator
    loadings: NDArray[np.float64]
    """[normal and skewed features, hidden numbers]."""
    shares: Mapping[str, NDArray[np.float64]]
    """Cumulative, by category feature."""
    scales: Mapping[str, float]
    """Standard deviations in the training rows."""
    baseline: Profile
    reconstruction: Reconstruction | None

    @classmethod
    def seeded(cls, seed: int) -> "Stream":
        """A stream of its own, and the baseline that a training on it leaves."""
        random = np.random.default_rng(seed)
        loadings = random.normal(0, 0.6, (13, _HIDDEN))
        shares = {
            name: np.cumsum(random.dirichlet(np.full(kinds, 2.0))) for name, kinds in _CATEGORIES.items()
        }
        training = _draw(random, loadings, shares, _TRAINING_ROWS)
        holdout = _draw(random, loadings, shares, _HOLDOUT_ROWS)
        reconstruction = fit_reconstruction(training, SIGNATURE)
        return cls(
            random=random,
            loadings=loadings,
            shares=shares,
            scales={name: float(np.nanstd(training[name])) for name in CONTINUOUS},
            baseline=profile_baseline(
                training,
                _scores(holdout),
                holdout=holdout,
                signature=SIGNATURE,
                reconstruction=reconstruction,
            ),
            reconstruction=reconstruction,
        )

    def window(self, rows: int, *, shifted: tuple[str, ...] = (), by: float = 0.0) -> Profile:
        """The profile of the next rows; features may be shifted by so many standard deviations."""
        columns = _draw(self.random, self.loadings, self.shares, rows)
        for name in shifted:
            columns[name] += by * self.scales[name]
        return profile_rows(
            columns,
            _scores(columns),
            signature=SIGNATURE,
            like=self.baseline,
            reconstruction=self.reconstruction,
        )


def _draw(
    random: np.random.Generator,
    loadings: NDArray[np.float64],
    shares: Mapping[str, NDArray[np.float64]],
    rows: int,
) -> Table:
    hidden = random.standard_normal((_HIDDEN, rows))
    related = np.einsum("fh,hr->fr", loadings, hidden)
    related += random.standard_normal(related.shape)
    columns: Table = {name: related[i] * (1 + i) + 10 * i for i, name in enumerate(CONTINUOUS[:8])}
    columns |= {name: np.exp(related[8 + i] / 2) for i, name in enumerate(CONTINUOUS[8:13])}
    columns |= {name: random.random(rows) for name in CONTINUOUS[13:]}
    columns |= {name: random.poisson(2.0 + 3 * i, rows).astype(np.float64) for i, name in enumerate(_COUNTS)}
    for name, share in _MISSING.items():
        columns[name][random.random(rows) < share] = np.nan
    for name, cumulative in shares.items():
        values = np.array(_FEATURES[name].categories, dtype=object)
        places = np.minimum(np.searchsorted(cumulative, random.random(rows)), len(values) - 1)
        columns[name] = values[places]
    return columns


def _scores(columns: Table) -> NDArray[np.float64]:
    positive = 1 / (1 + np.exp(-(columns["normal_0"] - columns["uniform_0"])))
    return np.stack([1 - positive, positive], axis=1)
