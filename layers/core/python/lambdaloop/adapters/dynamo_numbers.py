"""Plain Python values to DynamoDB attribute values and back.

DynamoDB's numbers are decimals of 38 digits from 1e-130 to 1e126. Every float of that range survives the round trip bit for
bit; NaN, infinity and larger ones have no value there and become None, smaller ones become 0.
"""

import math
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

_SMALLEST, _LARGEST = 1e-130, 9.9e125
_SAFE_INTEGER = 2**53


def to_attributes(document: Mapping[str, Any]) -> dict[str, Any]:
    """A JSON object in DynamoDB's wire format."""
    return {name: to_attribute(value) for name, value in document.items()}


def to_attribute(value: Any) -> dict[str, Any]:
    """One JSON value in DynamoDB's wire format."""
    match value:
        case bool():
            return {"BOOL": value}
        case str():
            return {"S": value}
        case int() | float():
            number = _decimal(value)
            return {"NULL": True} if number is None else {"N": str(number)}
        case None:
            return {"NULL": True}
        case Mapping():
            return {"M": to_attributes(value)}
        case list() | tuple():
            return {"L": [to_attribute(item) for item in value]}
    raise TypeError(f"the registry stores JSON values only, got {type(value).__name__}")


def from_attributes(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """The inverse of `to_attributes`."""
    return {name: from_attribute(attribute) for name, attribute in attributes.items()}


def from_attribute(attribute: Mapping[str, Any]) -> Any:
    """The inverse of `to_attribute`; a whole number comes back as int up to 2**53, beyond that as float."""
    (kind, value), *_ = attribute.items()
    match kind:
        case "N":
            return _number(Decimal(value))
        case "NULL":
            return None
        case "M":
            return from_attributes(value)
        case "L":
            return [from_attribute(item) for item in value]
        case "S" | "BOOL":
            return value
    raise TypeError(f"unknown attribute type {kind}: a newer writer, or somebody edited the table by hand")


def _decimal(value: float) -> Decimal | None:
    if not math.isfinite(value) or abs(value) > _LARGEST:
        return None
    return Decimal(repr(value)) if value == 0 or abs(value) >= _SMALLEST else Decimal(0)


def _number(value: Decimal) -> int | float:
    if value == value.to_integral_value() and abs(value) < _SAFE_INTEGER:
        return int(value)
    return float(value)
