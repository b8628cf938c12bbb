"""Whether several features drift together: rows are pressed through a principal component analysis of the training rows.

A row that keeps the relations between the features comes back nearly as it was. When relations break, the errors grow, even
if every feature on its own still looks as it did. Work and size are bounded: at most 100 encoded columns (numbers first,
then frequent categories), 20 components and 50,000 rows to fit.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from lambdaloop.domain.baseline import Reconstruction
from lambdaloop.domain.definition import Feature
from lambdaloop.domain.profile import MAX_MAGNITUDE
from lambdaloop.domain.signature import Signature
from lambdaloop.monitoring.columns import Columns

_MAX_COLUMNS = 100
_MAX_COMPONENTS = 20
_MAX_FITTED_ROWS = 50_000
_MIN_FITTED_ROWS = 50
_MIN_COLUMNS = 3
_FREQUENT = 0.05
"""The share of rows from which a category gets a column of its own."""
_KEPT_VARIANCE = 0.65
"""What the components must explain: enough for the relations, and what is left over is sensitive to them."""
_MAX_DEVIATIONS = 10.0
"""Values farther than this many standard deviations count as this far: one absurd value is no broken relation."""
_DECIMALS = 6
"""Below is the rounding noise of perfectly restored rows, which differs between processors."""
_CHUNK = 4096


def fit_reconstruction(columns: Columns, signature: Signature) -> Reconstruction | None:
    """Fit on training rows; give it the captured features only, for what is not captured cannot be restored later.

    None when there are fewer than 50 rows or fewer than three encoded columns that vary: then there are no relations.
    """
    rows = min((len(values) for values in columns.values()), default=0)
    if rows < _MIN_FITTED_ROWS:
        return None
    step = -(-rows // _MAX_FITTED_ROWS)
    sample = {name: values[::step] for name, values in columns.items()}
    names = [*chain(_numbers(sample, signature.features), _frequent_categories(sample, signature.features))]
    names = names[:_MAX_COLUMNS]
    matrix = _Encoding.of(names, sample).encode(0, -(-rows // step))
    means, scales = _moments(matrix)
    varying = np.flatnonzero(scales > 0)
    if len(varying) < _MIN_COLUMNS:
        return None
    means, scales = means[varying], scales[varying]
    with threadpool_limits(limits=1, user_api="blas"):
        standard = _standardise(matrix[varying], means, scales)
        variances, vectors = np.linalg.eigh(standard @ standard.T / standard.shape[1])
    components = _principal(variances[::-1], vectors.T[::-1])
    return Reconstruction(
        columns=tuple(names[place] for place in varying),
        means=tuple(means.tolist()),
        scales=tuple(scales.tolist()),
        components=tuple(tuple(component) for component in components.tolist()),
    )


def can_restore(columns: Columns, reconstruction: Reconstruction) -> bool:
    """Whether the rows have every feature that was fitted."""
    return all(_feature_of(name, columns) is not None for name in reconstruction.columns)


def reconstruction_errors(columns: Columns, reconstruction: Reconstruction) -> NDArray[np.float64]:
    """[rows] root mean squares of what was lost, in standard deviations; missing values count as average.

    KeyError when the rows lack a feature: ask `can_restore` first.
    """
    rows = min((len(values) for values in columns.values()), default=0)
    encoding = _Encoding.of(reconstruction.columns, columns)
    means, scales = np.array(reconstruction.means), np.array(reconstruction.scales)
    components = np.array(reconstruction.components)
    errors = np.empty(rows)
    with threadpool_limits(limits=1, user_api="blas"):
        for start in range(0, rows, _CHUNK):
            stop = min(start + _CHUNK, rows)
            standard = _standardise(encoding.encode(start, stop), means, scales)
            standard -= components.T @ (components @ standard)
            errors[start:stop] = np.sqrt(np.square(standard).mean(axis=0))
    return np.round(errors, _DECIMALS)


def _numbers(columns: Columns, features: Mapping[str, Feature]) -> Iterator[str]:
    return (name for name in columns if features[name].type != "category")


def _frequent_categories(columns: Columns, features: Mapping[str, Feature]) -> Iterator[str]:
    for name, values in columns.items():
        if features[name].type == "category":
            for category in features[name].categories:
                if np.count_nonzero(values == category) >= _FREQUENT * len(values):
                    yield f"{name}={category}"


def _feature_of(encoded: str, columns: Columns) -> str | None:
    """The feature of an encoded column; the longest, should one feature be called like another one's value."""
    if encoded in columns:
        return encoded
    return max((name for name in columns if encoded.startswith(f"{name}=")), key=len, default=None)


class _Places(dict[Any, int]):
    """The encoded column of a category's value; -1 for values without one."""

    def __missing__(self, value: Any) -> int:
        return -1


@dataclass(frozen=True, slots=True, kw_only=True)
class _Encoding:
    """Where each feature goes in the matrix of encoded columns."""

    width: int
    numbers: Mapping[int, NDArray[np.float64]]
    categories: tuple[tuple[NDArray[Any], _Places], ...]

    @classmethod
    def of(cls, names: tuple[str, ...] | list[str], columns: Columns) -> "_Encoding":
        numbers: dict[int, NDArray[np.float64]] = {}
        places: dict[str, _Places] = {}
        for place, encoded in enumerate(names):
            feature = _feature_of(encoded, columns)
            if feature is None:
                raise KeyError(encoded)
            if feature == encoded:
                numbers[place] = columns[feature]
            else:
                places.setdefault(feature, _Places())[encoded.removeprefix(f"{feature}=")] = place
        return cls(
            width=len(names),
            numbers=numbers,
            categories=tuple((columns[feature], found) for feature, found in places.items()),
        )

    def encode(self, start: int, stop: int) -> NDArray[np.float64]:
        """[columns, rows] of the rows from start to stop."""
        matrix = np.zeros((self.width, stop - start))
        for place, values in self.numbers.items():
            np.clip(values[start:stop], -MAX_MAGNITUDE, MAX_MAGNITUDE, out=matrix[place])
        for values, places in self.categories:
            found = np.fromiter(
                map(places.__getitem__, values[start:stop].tolist()), dtype=np.intp, count=stop - start
            )
            known = np.flatnonzero(found >= 0)
            matrix[found[known], known] = 1.0
        return matrix


def _moments(matrix: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The mean and standard deviation of each row of the matrix, NaN left out."""
    absent = np.isnan(matrix)
    known = np.maximum(1, matrix.shape[1] - absent.sum(axis=1))
    means = np.where(absent, 0.0, matrix).sum(axis=1) / known
    squares = np.square(np.where(absent, 0.0, matrix - means[:, np.newaxis])).sum(axis=1)
    return means, np.sqrt(squares / known)


def _standardise(
    matrix: NDArray[np.float64], means: NDArray[np.float64], scales: NDArray[np.float64]
) -> NDArray[np.float64]:
    """In place."""
    with np.errstate(over="ignore"):
        matrix -= means[:, np.newaxis]
        matrix /= scales[:, np.newaxis]
    matrix[np.isnan(matrix)] = 0.0
    return np.clip(matrix, -_MAX_DEVIATIONS, _MAX_DEVIATIONS, out=matrix)


def _principal(variances: NDArray[np.float64], vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    """The first components that explain enough; at least one, and one less than there are columns."""
    explained = np.cumsum(variances) / variances.sum()
    enough = int(np.searchsorted(explained, _KEPT_VARIANCE)) + 1
    return vectors[: max(1, min(enough, _MAX_COMPONENTS, len(vectors) - 1))]
