"""Rows as people write them down, turned into the arrays that monitoring works on."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lambdaloop.domain.definition import Feature


def columns_of(rows: Sequence[Mapping[str, Any]], features: Mapping[str, Feature]) -> dict[str, NDArray[Any]]:
    """By feature; what a row lacks is missing."""
    return {name: _column([row.get(name) for row in rows], feature) for name, feature in features.items()}


def _column(values: list[Any], feature: Feature) -> NDArray[Any]:
    if feature.type != "category":
        return np.array([np.nan if value is None else value for value in values], dtype=np.float64)
    column = np.empty(len(values), dtype=object)
    column[:] = values
    return column
