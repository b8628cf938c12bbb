"""Which values a tensor of each datatype of the Open Inference Protocol holds, as JSON writes them."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from functions.inference.messages import Datatype


@dataclass(frozen=True, slots=True)
class _Kind:
    """Python types of a value, and the least and the greatest number."""

    types: tuple[type, ...]
    least: float = -math.inf
    greatest: float = math.inf


def _integers(bits: int, *, signed: bool) -> _Kind:
    return _Kind((int,), -(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else _Kind((int,), 0, 2**bits - 1)


def _floats(greatest: float) -> _Kind:
    return _Kind((float, int), -greatest, greatest)


_KINDS: Mapping[Datatype, _Kind] = {
    "BOOL": _Kind((bool,)),
    "UINT8": _integers(8, signed=False),
    "UINT16": _integers(16, signed=False),
    "UINT32": _integers(32, signed=False),
    "UINT64": _integers(64, signed=False),
    "INT8": _integers(8, signed=True),
    "INT16": _integers(16, signed=True),
    "INT32": _integers(32, signed=True),
    "INT64": _integers(64, signed=True),
    "FP16": _floats(65504.0),
    "FP32": _floats(3.4028234663852886e38),
    "FP64": _Kind((float, int)),  # whether a number is finite, the row's encoder says
    "BYTES": _Kind((str,)),
}
_FLOATS = ("FP16", "FP32", "FP64")


def misfit(value: Any, datatype: Datatype) -> str | None:
    """Why a value is not of the tensor's datatype; None, which stands for a missing one, is of each."""
    if value is None:
        return None
    kind = _KINDS[datatype]
    if type(value) not in kind.types:
        return f"must be {datatype}, got a {type(value).__name__}"
    if isinstance(value, str) or kind.least <= value <= kind.greatest:
        return None
    return f"does not fit into {datatype}"


def without_nan(data: list[Any], datatype: Datatype) -> list[Any]:
    """The values with None for NaN, which is how columns of floats say that one is missing."""
    if datatype not in _FLOATS or not any(value != value for value in data):  # noqa: PLR0124  (only NaN differs from itself)
        return data
    return [None if value != value else value for value in data]  # noqa: PLR0124
