"""The served runtime: one ONNX graph behind the row encoder, on one core, exactly as the training side wrote it."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnxruntime

from lambdaloop.domain.bundle import unpack_bundle
from lambdaloop.domain.encoding import RowEncoder, RowProblem, RowsInvalidError
from lambdaloop.domain.errors import ArtifactCorruptError
from lambdaloop.domain.prediction import Output
from lambdaloop.domain.signature import Signature

_ROWS, _SCORES = "rows", "scores"


class OnnxModel:
    """Answers rows of one version. Loading is the slow part; a prediction takes microseconds."""

    def __init__(self, signature: Signature, graph: bytes) -> None:
        self.signature = signature
        self._labels = [str(label) for label in signature.classes]
        self._encoder = RowEncoder(signature)
        self._session = _session(graph)
        self._check_shapes()

    @classmethod
    def from_bundle(cls, content: bytes) -> "OnnxModel":
        """Load a bundle whose sha256 was checked; ArtifactCorruptError when it is none or its parts do not fit."""
        bundle = unpack_bundle(content)
        return cls(bundle.signature, bundle.model)

    def predict(self, rows: Sequence[Mapping[str, Any]]) -> list[Output]:
        """One output per row.

        Raises RowsInvalidError with every problem when rows do not fit the signature, or when their values are so great
        that there is no finite answer.
        """
        matrix = np.frombuffer(self._encoder.encode(rows), dtype=np.float64)
        matrix = matrix.reshape(len(rows), len(self.signature.features))
        scores = self._session.run([_SCORES], {_ROWS: matrix})[0]
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

    def _check_shapes(self) -> None:
        """A graph that does not fit its signature is refused now, not at the first request."""
        found = {
            value.name: value.shape[1:] for value in self._session.get_inputs() + self._session.get_outputs()
        }
        wanted = {_ROWS: [len(self.signature.features)], _SCORES: [max(1, len(self._labels))]}
        if found != wanted:
            raise ArtifactCorruptError(f"the graph has columns {found}, its signature says {wanted}")


def _session(graph: bytes) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    # Lambda gives a request one core or a part of one: more threads would only wait for each other.
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    # Rewriting the graph saved no time in any measurement, and parity was proven for the graph as it was written.
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    # Without the arena the memory of one large batch is given back.
    options.enable_cpu_mem_arena = False
    options.log_severity_level = 3  # errors
    try:
        return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's errors share no other base
        raise ArtifactCorruptError(f"the graph of {len(graph)} bytes cannot be loaded: {error}") from error
