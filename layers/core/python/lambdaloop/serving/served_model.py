"""A version in memory: rows are encoded, scored by its runtime, and come back as outputs."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lambdaloop.domain.bundle import Bundle, unpack_bundle
from lambdaloop.domain.encoding import RowEncoder, RowProblem, RowsInvalidError
from lambdaloop.domain.errors import ArtifactCorruptError
from lambdaloop.domain.explained_scale import Scale
from lambdaloop.domain.prediction import Output
from lambdaloop.domain.runtime import Runtime

if TYPE_CHECKING:
    from lambdaloop.serving.compiled.evaluators import Evaluation

Row = Mapping[str, Any]
Scorer = Callable[[NDArray[np.float64], Mapping[int, Sequence[str]]], NDArray[np.float64]]
"""From encoded rows [rows, features], and their text columns by place, to scores [rows, classes] or [rows, 1]."""


class LoadedBundle:
    """Answers rows of one version. Loading is the slow part; a prediction takes microseconds."""

    def __init__(self, bundle: Bundle) -> None:
        self.signature = bundle.signature
        self.runtime: Runtime = bundle.runtime
        self._labels = [str(label) for label in bundle.signature.classes]
        self._encoder = RowEncoder(bundle.signature)
        self._texts = {
            place: name
            for place, (name, feature) in enumerate(bundle.signature.features.items())
            if feature.type == "text"
        }
        self._evaluation = _evaluation(bundle) if bundle.runtime == "compiled" else None
        self._score: Scorer = self._evaluation or _pipeline(bundle)

    @classmethod
    def from_bytes(cls, content: bytes) -> "LoadedBundle":
        """Load a bundle whose sha256 was checked; ArtifactCorruptError when it is none or its parts do not fit."""
        return cls(unpack_bundle(content))

    def predict(self, rows: Sequence[Row]) -> list[Output]:
        """One output per row.

        Raises RowsInvalidError with every problem when rows do not fit the signature, or when their values are so great
        that there is no finite answer.
        """
        matrix, texts = self._encoded(rows)
        # Values near the greatest number overflow: found below, and no reason for a line in the log.
        with np.errstate(all="ignore"):
            scores = self._score(matrix, texts)
        finite = np.isfinite(scores)
        if not finite.all():
            raise RowsInvalidError(
                [
                    RowProblem(row=int(row), field="", problem="has numbers too great for a finite answer")
                    for row in np.flatnonzero(~finite.all(axis=1))
                ]
            )
        return self._outputs(scores.tolist())

    def exact_shares(
        self, row: Row, background: Sequence[Row], *, label: str | None, scale: Scale
    ) -> list[dict[str, float]] | None:
        """Shapley values of the row's output, feature by feature, against each background row; None where they are unknown."""
        if self._evaluation is None:
            return None
        score = 0 if label is None else self._labels.index(label)
        matrix, texts = self._encoded([row, *background])
        with np.errstate(all="ignore"):
            shares = self._evaluation.tree_shares(matrix, texts, score=score, scale=scale)
        names = self.signature.features
        return None if shares is None else [dict(zip(names, one, strict=True)) for one in shares.tolist()]

    def _encoded(self, rows: Sequence[Row]) -> tuple[NDArray[np.float64], dict[int, list[str]]]:
        """The rows [rows, features], and their text columns by place."""
        matrix = np.frombuffer(self._encoder.encode(rows), dtype=np.float64)
        texts = {place: [row.get(name) or "" for row in rows] for place, name in self._texts.items()}
        return matrix.reshape(len(rows), len(self.signature.features)), texts

    def _outputs(self, scores: list[list[float]]) -> list[Output]:
        if not self._labels:
            return [Output(value=row[0]) for row in scores]
        classes, labels = self.signature.classes, self._labels
        return [
            Output(value=classes[row.index(max(row))], probabilities=dict(zip(labels, row, strict=True)))
            for row in scores
        ]


def _pipeline(bundle: Bundle) -> Scorer:
    # Imported where a version needs it: its layer carries scikit-learn.
    from lambdaloop.serving.sklearn_pipeline import load_pipeline

    return load_pipeline(bundle.model, bundle.signature)


def _evaluation(bundle: Bundle) -> "Evaluation":
    """A model that does not fit its signature is refused now, not at the first request."""
    from lambdaloop.serving.compiled.evaluators import Evaluation

    evaluation = Evaluation(bundle.model)
    found = (evaluation.features, evaluation.scores)
    wanted = (len(bundle.signature.features), max(1, len(bundle.signature.classes)))
    if found != wanted:
        raise ArtifactCorruptError(
            f"the model has {found[0]} features and {found[1]} scores, its signature says {wanted[0]} and {wanted[1]}"
        )
    return evaluation
