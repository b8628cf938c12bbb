"""Which feature each column of an estimator was made from, so that what columns contribute can be said of features."""

import numpy as np
from numpy.typing import NDArray

from lambdaloop.domain.compiled import Part

SEVERAL = -1
"""Instead of a feature: the column is a product of columns of different ones."""


def column_origins(part: Part) -> NDArray[np.intp]:
    """The place of the feature, or SEVERAL, for each column [columns] that the part makes."""
    origins = np.concatenate([_of_block(block) for block in part.parts])
    return origins.take(part.arrays["kept"]) if "kept" in part.arrays else origins


def _of_block(block: Part) -> NDArray[np.intp]:
    if block.kind == "text":
        return np.full(len(block.arrays["weights"]), block.values["place"], dtype=np.intp)
    origins = block.arrays["places"].astype(np.intp)
    for step in block.parts:
        if step.kind == "fill":
            origins = np.concatenate((origins, origins.take(step.arrays["marked"])))
        elif step.kind == "products":
            origins = _of_products(origins, step)
    return origins


def _of_products(origins: NDArray[np.intp], step: Part) -> NDArray[np.intp]:
    found: list[int] = origins.tolist()
    factors = zip(step.arrays["earlier"].tolist(), step.arrays["factor"].tolist(), strict=True)
    for earlier, factor in factors:
        found.append(found[earlier] if found[earlier] == found[factor] else SEVERAL)
    return np.array(found, dtype=np.intp)
