"""The table of everything that a compiled model can be made of, and the way from its parts to something that answers."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from lambdaloop.domain.compiled import Part, unpack_part
from lambdaloop.domain.errors import ArtifactCorruptError
from lambdaloop.domain.explained_scale import Scale
from lambdaloop.serving.compiled.column_origins import column_origins
from lambdaloop.serving.compiled.columns import Columns, Texts
from lambdaloop.serving.compiled.ensembles import Calibrated, ScaledTarget, Stack, Vote
from lambdaloop.serving.compiled.linear import Linear, NaiveBayes, Network, SupportVectors
from lambdaloop.serving.compiled.links import Evaluator, Matrix
from lambdaloop.serving.compiled.tree_attribution import TreeShares
from lambdaloop.serving.compiled.tree_sums import tree_sum
from lambdaloop.serving.compiled.trees import Boosting, Forest

_ROWS_AT_ONCE = 512
"""Larger batches go through in pieces: the widest intermediate result stays within a few megabytes."""

_MODELS: Mapping[str, Callable[[Part], Evaluator]] = {
    "linear": Linear,
    "network": Network,
    "naive_bayes": NaiveBayes,
    "support_vectors": SupportVectors,
    "forest": Forest,
    "boosting": Boosting,
}
_ENSEMBLES: Mapping[str, Callable[[Part, Sequence[Evaluator]], Evaluator]] = {
    "vote": Vote,
    "stack": Stack,
    "calibrated": Calibrated,
    "scaled_target": ScaledTarget,
}


class Evaluation:
    """A compiled pipeline in memory."""

    def __init__(self, content: bytes) -> None:
        """Raises ArtifactCorruptError when the content is no compiled model or one of a kind that is not known here."""
        part = unpack_part(content)
        try:
            columns, estimator = part.parts
            self.features: int = part.values["features"]
            self.scores: int = part.values["scores"]
            self._columns = Columns(columns)
            self._estimator = _evaluator(estimator)
            self._parts = columns, estimator
        except (KeyError, ValueError) as error:
            raise ArtifactCorruptError(
                f"the compiled model has a part that cannot be used: {error}: package the version again"
            ) from error

    def __call__(self, rows: Matrix, texts: Texts) -> Matrix:
        """Scores of encoded rows [rows, features]: [rows, classes] probabilities or [rows, 1] numbers."""
        if len(rows) <= _ROWS_AT_ONCE:
            return self._estimator(self._columns(rows, texts))
        pieces = [slice(start, start + _ROWS_AT_ONCE) for start in range(0, len(rows), _ROWS_AT_ONCE)]
        return np.concatenate(
            [self(rows[one], {place: text[one] for place, text in texts.items()}) for one in pieces]
        )

    def tree_shares(self, rows: Matrix, texts: Texts, *, score: int, scale: Scale) -> Matrix | None:
        """How features share in what sets the first of the encoded rows apart from each other one [rows - 1, features].

        None where the score is no sum over trees on that scale, or where trees compare products of features.
        """
        columns, estimator = self._parts
        if (found := tree_sum(estimator, score=score, scale=scale)) is None:
            return None
        trees = TreeShares(found, column_origins(columns))
        return trees.shares(self._columns(rows, texts), self.features) if trees.are_separable else None


def _evaluator(part: Part) -> Evaluator:
    if part.kind in _ENSEMBLES:
        # A fold of a calibrated classifier holds its model first, then the curves.
        members = [one.parts[0] if one.kind == "fold" else one for one in part.parts]
        return _ENSEMBLES[part.kind](part, [_evaluator(member) for member in members])
    return _MODELS[part.kind](part)
