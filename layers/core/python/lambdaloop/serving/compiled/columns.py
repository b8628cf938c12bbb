"""From encoded rows to the columns that an estimator takes: filled, scaled, combined and chosen as they were in training."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from lambdaloop.domain.compiled import Part
from lambdaloop.serving.compiled.links import Evaluator, Matrix
from lambdaloop.serving.compiled.text import Terms

Texts = Mapping[int, Sequence[str]]
"""The text columns of encoded rows, by their place among the features."""


class Columns:
    """All blocks side by side, then those columns that are kept."""

    def __init__(self, part: Part) -> None:
        self._blocks = [_BLOCKS[block.kind](block) for block in part.parts]
        self._kept = part.arrays["kept"].astype(np.intp) if "kept" in part.arrays else None

    def __call__(self, rows: Matrix, texts: Texts) -> Matrix:
        blocks = [block(rows, texts) for block in self._blocks]
        columns = blocks[0] if len(blocks) == 1 else np.concatenate(blocks, axis=1)
        return columns if self._kept is None else columns.take(self._kept, axis=1)


class _Numbers:
    """Numbers and truths, through one step after the other."""

    def __init__(self, part: Part) -> None:
        self._places = part.arrays["places"].astype(np.intp)
        self._steps: list[Evaluator] = [_STEPS[step.kind](step) for step in part.parts]

    def __call__(self, rows: Matrix, texts: Texts) -> Matrix:  # noqa: ARG002  (every block is asked alike)
        columns = rows.take(self._places, axis=1)
        for step in self._steps:
            columns = step(columns)
        return columns


class _OneHot:
    """One comparison of the code with every index it may have: an unseen category (-1) equals none."""

    def __init__(self, part: Part) -> None:
        self._places = part.arrays["places"].astype(np.intp)
        self._codes = part.arrays["codes"]

    def __call__(self, rows: Matrix, texts: Texts) -> Matrix:  # noqa: ARG002
        hot: Matrix = (rows.take(self._places, axis=1) == self._codes).astype(np.float64)
        return hot


class _Codes:
    """The index of a category as a number; unseen and missing ones as training gave them."""

    def __init__(self, part: Part) -> None:
        self._places = part.arrays["places"].astype(np.intp)
        self._starts = part.arrays["starts"].astype(np.intp)
        self._numbers = part.arrays["numbers"]
        """For each column: what unseen, the first category, the second and so on become."""

    def __call__(self, rows: Matrix, texts: Texts) -> Matrix:  # noqa: ARG002
        codes = rows.take(self._places, axis=1).astype(np.intp)
        numbers: Matrix = self._numbers.take(codes + self._starts)
        return numbers


class _Text:
    """Weights of terms."""

    def __init__(self, part: Part) -> None:
        self._place: int = part.values["place"]
        self._terms = Terms(part)

    def __call__(self, rows: Matrix, texts: Texts) -> Matrix:  # noqa: ARG002
        return self._terms(texts[self._place])


class _Fill:
    """Missing numbers become what training filled in, followed by one column for each that had missing values in training."""

    def __init__(self, part: Part) -> None:
        self._filling = part.arrays["filling"]
        self._marked = part.arrays["marked"].astype(np.intp)

    def __call__(self, columns: Matrix) -> Matrix:
        missing = np.isnan(columns)
        filled = np.where(missing, self._filling, columns)
        if not len(self._marked):
            return filled
        return np.concatenate((filled, missing.take(self._marked, axis=1)), axis=1)


class _Centre:
    """(x - centre) / scale."""

    def __init__(self, part: Part) -> None:
        self._centre, self._scale = part.arrays["centre"], part.arrays["scale"]

    def __call__(self, columns: Matrix) -> Matrix:
        scaled: Matrix = (columns - self._centre) / self._scale
        return scaled


class _Stretch:
    """x * factor + shift."""

    def __init__(self, part: Part) -> None:
        self._factor, self._shift = part.arrays["factor"], part.arrays["shift"]

    def __call__(self, columns: Matrix) -> Matrix:
        stretched: Matrix = columns * self._factor + self._shift
        return stretched


class _Products:
    """The columns, then the products of pairs (and triples ...) of them: each an earlier product times one more column."""

    def __init__(self, part: Part) -> None:
        self._earlier = part.arrays["earlier"].tolist()
        self._factor = part.arrays["factor"].tolist()

    def __call__(self, columns: Matrix) -> Matrix:
        known = columns.shape[1]
        result = np.empty((len(columns), known + len(self._factor)))
        result[:, :known] = columns
        for place, (earlier, factor) in enumerate(zip(self._earlier, self._factor, strict=True), start=known):
            np.multiply(result[:, earlier], columns[:, factor], out=result[:, place])
        return result


_BLOCKS: Mapping[str, Callable[[Part], Callable[[Matrix, Texts], Matrix]]] = {
    "numbers": _Numbers,
    "one_hot": _OneHot,
    "codes": _Codes,
    "text": _Text,
}
_STEPS: Mapping[str, Callable[[Part], Evaluator]] = {
    "fill": _Fill,
    "centre": _Centre,
    "stretch": _Stretch,
    "products": _Products,
}
