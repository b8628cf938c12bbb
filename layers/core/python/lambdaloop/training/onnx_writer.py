"""Collects the nodes and constants of a graph, so that the code that writes one reads like the formula it stands for."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto, TensorProto, helper, numpy_helper

ROWS = "rows"
SCORES = "scores"
_MAIN_OPSET = 21
_ML_OPSET = 5  # the first one with TreeEnsemble, whose results are double
_IR_VERSION = 10
_ML = "ai.onnx.ml"


class GraphWriter:
    """One graph under construction. Values are known by generated names, the same in every run."""

    def __init__(self) -> None:
        self._nodes: list[Any] = []
        self._constants: list[Any] = []

    def add(self, operator: str, *inputs: str, output: str | None = None, **attributes: Any) -> str:
        """Append a node and return the name of its one output."""
        name = output or f"{operator.lower()}_{len(self._nodes)}"
        domain = _ML if operator == "TreeEnsemble" else None
        self._nodes.append(
            helper.make_node(operator, list(inputs), [name], name=name, domain=domain, **attributes)
        )
        return name

    def constant(self, value: Any, kind: Any = np.float64) -> str:
        """Store an array and return its name."""
        name = f"constant_{len(self._constants)}"
        self._constants.append(tensor(value, kind, name))
        return name

    def to_double(self, value: str) -> str:
        """Cast to double."""
        return self.add("Cast", value, to=TensorProto.DOUBLE)

    def model(self, *, features: int, outputs: int) -> bytes:
        """The finished model: `rows` double [N, features] to `scores` double [N, outputs]; the same bytes every time."""
        graph = helper.make_graph(
            self._nodes,
            "model",
            [helper.make_tensor_value_info(ROWS, TensorProto.DOUBLE, ["N", features])],
            [helper.make_tensor_value_info(SCORES, TensorProto.DOUBLE, ["N", outputs])],
            initializer=self._constants,
        )
        model: ModelProto = helper.make_model(
            graph,
            ir_version=_IR_VERSION,
            opset_imports=[helper.make_opsetid("", _MAIN_OPSET), helper.make_opsetid(_ML, _ML_OPSET)],
        )
        model.producer_name = "lambdaloop"
        content: bytes = model.SerializeToString(deterministic=True)
        return content


def tensor(value: Any, kind: Any = np.float64, name: str = "") -> Any:
    """A constant tensor, also for attributes."""
    array: NDArray[Any] = np.ascontiguousarray(np.asarray(value, dtype=kind))
    return numpy_helper.from_array(array, name)
