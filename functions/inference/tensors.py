"""Between the columns of the Open Inference Protocol and rows."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from functions.inference.datatypes import misfit, without_nan
from functions.inference.messages import (
    Datatype,
    InferRequest,
    ModelMetadata,
    OutputTensor,
    Problem,
    Tensor,
    TensorMetadata,
)
from functions.inference.refusals import RefusedError, counted
from lambdaloop.domain.definition import FeatureType
from lambdaloop.domain.encoding import MOST_PROBLEMS
from lambdaloop.domain.prediction import Prediction
from lambdaloop.domain.signature import Signature

_PLATFORM = "lambdaloop_sklearn"
_DATATYPE_OF_FEATURE: Mapping[FeatureType, Datatype] = {
    "number": "FP64",
    "integer": "INT64",
    "boolean": "BOOL",
    "category": "BYTES",
    "text": "BYTES",
}


def row_count(request: InferRequest) -> int:
    """How many rows the first tensor says there are; RefusedError 422 when it says none."""
    count = request.inputs[0].shape[0]
    if count < 1:
        raise _refused([_problem(0, "shape", f"must start with 1 or more rows, got {count}")])
    return count


def rows_of(request: InferRequest, signature: Signature) -> list[dict[str, Any]]:
    """One row per position. RefusedError 422 when tensors do not fit the model or each other."""
    problems: list[Problem] = []
    count = row_count(request)
    columns: dict[str, list[Any]] = {}
    known = {*signature.features, *([signature.entity] if signature.entity else ())}
    for place, tensor in enumerate(request.inputs):
        if len(problems) >= MOST_PROBLEMS:
            break
        if tensor.name not in known:
            problems.append(_problem(place, "name", "is no feature of this model: remove the tensor"))
        elif tensor.name in columns:
            problems.append(_problem(place, "name", f"{tensor.name!r} is given twice: remove one"))
        else:
            columns[tensor.name] = _column(tensor, place, count, problems)
    if problems:
        raise _refused(problems)
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


def wanted_outputs(request: InferRequest, signature: Signature) -> list[str]:
    """The names of the outputs to answer, all when none is named; RefusedError 422 for one that this model does not have."""
    known = [column["name"] for column in output_columns(signature)]
    problems: list[Problem] = [
        {"row": None, "field": f"outputs[{place}].name", "problem": f"is no output of this model: {known}"}
        for place, output in enumerate(request.outputs or ())
        if output.name not in known
    ]
    if problems:
        raise _refused(problems)
    return [output.name for output in request.outputs or ()] or known


def outputs_of(
    predictions: Sequence[Prediction], signature: Signature, *, wanted: Sequence[str]
) -> list[OutputTensor]:
    """The outputs as tensors; those that are not wanted are left out."""
    outputs = [prediction.output for prediction in predictions]
    as_text = _value_datatype(signature) == "BYTES"
    makers: dict[str, Callable[[], list[Any]]] = {
        "value": lambda: [str(output.value) if as_text else output.value for output in outputs],
        "probabilities": lambda: [p for output in outputs for p in (output.probabilities or {}).values()],
        "prediction_id": lambda: [prediction.prediction_id for prediction in predictions],
        "variant": lambda: [prediction.variant for prediction in predictions],
        "model_version": lambda: [prediction.model_version for prediction in predictions],
    }
    tensors: list[OutputTensor] = []
    for column in output_columns(signature):
        if column["name"] not in wanted:
            continue
        shape = [len(predictions), *column["shape"][1:]]
        tensor: OutputTensor = {
            "name": column["name"],
            "datatype": column["datatype"],
            "shape": shape,
            "data": makers[column["name"]](),
        }
        if column["name"] == "probabilities":
            tensor["parameters"] = {"classes": json.dumps([str(label) for label in signature.classes])}
        tensors.append(tensor)
    return tensors


def output_columns(signature: Signature) -> list[TensorMetadata]:
    """The outputs that a model of this signature has."""
    columns: list[TensorMetadata] = [{"name": "value", "datatype": _value_datatype(signature), "shape": [-1]}]
    if signature.classes:
        columns.append({"name": "probabilities", "datatype": "FP64", "shape": [-1, len(signature.classes)]})
    columns.append({"name": "prediction_id", "datatype": "BYTES", "shape": [-1]})
    columns.append({"name": "variant", "datatype": "BYTES", "shape": [-1]})
    columns.append({"name": "model_version", "datatype": "INT64", "shape": [-1]})
    return columns


def metadata_of(signature: Signature, *, versions: Sequence[int]) -> ModelMetadata:
    """Inputs and outputs as the protocol describes them."""
    inputs: list[TensorMetadata] = [
        {"name": name, "datatype": _DATATYPE_OF_FEATURE[feature.type], "shape": [-1]}
        for name, feature in signature.features.items()
    ]
    return {
        "name": signature.model,
        "versions": [str(version) for version in versions],
        "platform": _PLATFORM,
        "inputs": inputs,
        "outputs": output_columns(signature),
    }


def _column(tensor: Tensor, place: int, count: int, problems: list[Problem]) -> list[Any]:
    """The values of one tensor, one per row; what is wrong with it is added to the problems."""
    data = tensor.data
    if tensor.shape not in ([count], [count, 1]):
        problems.append(_problem(place, "shape", f"must be [{count}] or [{count}, 1], got {tensor.shape}"))
    if len(tensor.shape) == 2 and any(isinstance(item, list) for item in data):
        data = [item[0] if isinstance(item, list) and len(item) == 1 else item for item in data]
    data = without_nan(data, tensor.datatype)
    if len(data) != count:
        problems.append(_problem(place, "data", f"must have {count} values, got {len(data)}"))
        return data  # of which there may be millions
    for row, value in enumerate(data):
        if problem := misfit(value, tensor.datatype):
            problems.append({"row": row, "field": tensor.name, "problem": problem})
    return data


def _value_datatype(signature: Signature) -> Datatype:
    if not signature.classes:
        return "FP64"
    kinds = {type(label) for label in signature.classes}
    return "BOOL" if kinds == {bool} else "INT64" if kinds == {int} else "BYTES"


def _problem(place: int, part: str, problem: str) -> Problem:
    return {"row": None, "field": f"inputs[{place}].{part}", "problem": problem}


def _refused(problems: Sequence[Problem]) -> RefusedError:
    return RefusedError(422, f"the tensors do not fit the model: {counted(problems)}", problems)
