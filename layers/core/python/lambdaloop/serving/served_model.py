"""A version in memory: rows are encoded, scored by its runtime, and come back as outputs."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lambdaloop.domain.bundle import Bundle, unpack_bundle
from lambdaloop.domain.encoding import RowEncoder, RowProblem, RowsInvalidError
from lambdaloop.domain.errors import ArtifactCorruptError
from lambdaloop.domain.prediction import Output
from lambdaloop.domain.runtime import Runtime

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
        self._score = _scorer(bundle)

    @classmethod
    def from_bytes(cls, content: bytes) -> "LoadedBundle":
        """Load a bundle whose sha256 was checked; ArtifactCorruptError when it is none or its parts do not fit."""
        return cls(unpack_bundle(content))

    def predict(self, rows: Sequence[Mapping[str, Any]]) -> list[Output]:
        """One output per row.

        Raises RowsInvalidError with every problem when rows do not fit the signature, or when their values are so great
        that there is no finite answer.
        """
        matrix = np.frombuffer(self._encoder.encode(rows), dtype=np.float64)
        matrix = matrix.reshape(len(rows), len(self.signature.features))
        texts = {place: [row.get(name) or "" for row in rows] for place, name in self._texts.items()}
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

    def _outputs(self, scores: list[list[float]]) -> list[Output]:
        if not self._labels:
            return [Output(value=row[0]) for row in scores]
        classes, labels = self.signature.classes, self._labels
        return [
            Output(value=classes[row.index(max(row))], probabilities=dict(zip(labels, row, strict=True)))
            for row in scores
        ]


def _scorer(bundle: Bundle) -> Scorer:
    """A model that does not fit its signature is refused now, not at the first request."""
    if bundle.runtime == "sklearn":
        # Imported where a version needs it: its layer carries scikit-learn.
        from lambdaloop.serving.sklearn_pipeline import load_pipeline

        return load_pipeline(bundle.model, bundle.signature)
    from lambdaloop.serving.compiled.evaluators import Evaluation

    evaluation = Evaluation(bundle.model)
    found = (evaluation.features, evaluation.scores)
    wanted = (len(bundle.signature.features), max(1, len(bundle.signature.classes)))
    if found != wanted:
        raise ArtifactCorruptError(
            f"the model has {found[0]} features and {found[1]} scores, its signature says {wanted[0]} and {wanted[1]}"
        )
    return evaluation
