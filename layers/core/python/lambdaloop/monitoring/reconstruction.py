"""Whether several features drift together: rows are pressed through a principal component analysis of the training rows.

A row that keeps the relations between the features comes back nearly as it was. When relations break, the errors grow, even
if every feature on its own still looks as it did. Work and size are bounded: at most 100 encoded columns (numbers first,
then frequent categories), 20 components and 50,000 rows to fit.
"""

from collections.abc import Iterator, Mapping, Sequence
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
    encoded = -(-rows // step)
    raw = _Encoding.of(names, sample, np.zeros(len(names)), np.ones(len(names)), MAX_MAGNITUDE)
    means, scales = _moments(raw.encode(0, encoded))
    varying = np.flatnonzero(scales > 0)
    if len(varying) < _MIN_COLUMNS:
        return None
    names, means, scales = [names[place] for place in varying], means[varying], scales[varying]
    standard = _average_for_missing(_Encoding.of(names, sample, means, scales).encode(0, encoded))
    with threadpool_limits(limits=1, user_api="blas"):
        variances, vectors = np.linalg.eigh(standard @ standard.T / encoded)
    components = _principal(variances[::-1], vectors.T[::-1])
    return Reconstruction(
        columns=tuple(names),
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
    names, means, scales = (
        reconstruction.columns,
        np.array(reconstruction.means),
        np.array(reconstruction.scales),
    )
    encoding = _Encoding.of(names, columns, means, scales)
    components = np.array(reconstruction.components)
    lost = np.empty(rows)
    with threadpool_limits(limits=1, user_api="blas"):
        for start in range(0, rows, _CHUNK):
            standard = _average_for_missing(encoding.encode(start, min(start + _CHUNK, rows)))
            # Components are orthonormal: what they keep of a row's square is the square of what they make of it.
            lost[start : start + _CHUNK] = _squares(standard) - _squares(components @ standard)
    np.maximum(lost, 0.0, out=lost)
    lost /= len(names)
    return np.round(np.sqrt(lost, out=lost), _DECIMALS, out=lost)


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
    """The place of a category's value among those with an encoded column; the one after the last for all others."""

    def __missing__(self, value: Any) -> int:
        return len(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Encoding:
    """How rows become a matrix of encoded columns, standardised. Missing numbers stay NaN."""

    numbers: tuple[tuple[int, NDArray[np.float64], float, float], ...]
    """The encoded column, the values, their mean and scale."""
    categories: tuple[tuple[NDArray[np.intp], NDArray[Any], _Places, NDArray[np.float64]], ...]
    """The encoded columns, the values, the places of these, and what each place becomes: [columns, places]."""
    limit: float

    @classmethod
    def of(
        cls,
        names: Sequence[str],
        columns: Columns,
        means: NDArray[np.float64],
        scales: NDArray[np.float64],
        limit: float = _MAX_DEVIATIONS,
    ) -> "_Encoding":
        numbers = []
        values: dict[str, dict[str, int]] = {}
        for place, encoded in enumerate(names):
            feature = _feature_of(encoded, columns)
            if feature is None:
                raise KeyError(encoded)
            if feature == encoded:
                numbers.append((place, columns[feature], float(means[place]), float(scales[place])))
            else:
                values.setdefault(feature, {})[encoded.removeprefix(f"{feature}=")] = place
        categories = []
        for feature, found in values.items():
            rows = np.array(list(found.values()), dtype=np.intp)
            one_hot = np.eye(len(rows), len(rows) + 1)
            table = (one_hot - means[rows, np.newaxis]) / scales[rows, np.newaxis]
            places = _Places({value: place for place, value in enumerate(found)})
            categories.append((rows, columns[feature], places, np.clip(table, -limit, limit)))
        return cls(numbers=tuple(numbers), categories=tuple(categories), limit=limit)

    def encode(self, start: int, stop: int) -> NDArray[np.float64]:
        """[columns, rows] of the rows from start to stop."""
        width = len(self.numbers) + sum(len(rows) for rows, *_ in self.categories)
        matrix = np.empty((width, stop - start))
        with np.errstate(over="ignore"):
            for place, values, mean, scale in self.numbers:
                row = np.subtract(values[start:stop], mean, out=matrix[place])
                row /= scale
                np.clip(row, -self.limit, self.limit, out=row)
        for rows, values, places, table in self.categories:
            # A value takes a frequent one's place: at most twenty have 5 % of the rows, so a byte holds it.
            found = np.frombuffer(bytes(map(places.__getitem__, values[start:stop].tolist())), dtype=np.uint8)
            matrix[rows] = table[:, found]
        return matrix


def _average_for_missing(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """In place: of standardised columns the average is 0."""
    if np.isnan(np.add.reduce(matrix, axis=None)):
        matrix[np.isnan(matrix)] = 0.0
    return matrix


def _squares(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """The sum of squares of each column of the matrix."""
    squares: NDArray[np.float64] = np.einsum("ij,ij->j", matrix, matrix)
    return squares


def _moments(matrix: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The mean and standard deviation of each row of the matrix, NaN left out."""
    absent = np.isnan(matrix)
    known = np.maximum(1, matrix.shape[1] - absent.sum(axis=1))
    means = np.where(absent, 0.0, matrix).sum(axis=1) / known
    squares = np.square(np.where(absent, 0.0, matrix - means[:, np.newaxis])).sum(axis=1)
    return means, np.sqrt(squares / known)


def _principal(variances: NDArray[np.float64], vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    """The first components that explain enough; at least one, and one less than there are columns."""
    explained = np.cumsum(variances) / variances.sum()
    enough = int(np.searchsorted(explained, _KEPT_VARIANCE)) + 1
    return vectors[: max(1, min(enough, _MAX_COMPONENTS, len(vectors) - 1))]
