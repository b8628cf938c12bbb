"""One codec between frozen dataclasses and JSON documents, for everything that is stored or sent.

Readers ignore fields they do not know, so an older reader survives a newer writer (and a rollback survives both).
"""

import dataclasses
import types
import typing
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any, Literal, TypeVar

Document = dict[str, Any]
"""A JSON object: str keys; values are None, bool, int, float, str, list or another document."""

T = TypeVar("T")


def to_document(record: object) -> Document:
    """Turn a dataclass into a JSON object; fields that are None are left out."""
    if not dataclasses.is_dataclass(record) or isinstance(record, type):
        raise TypeError(f"expected a dataclass instance, got {type(record).__name__}")
    fields = dataclasses.fields(record)
    return {f.name: _plain(v) for f in fields if (v := getattr(record, f.name)) is not None}


def from_document(cls: type[T], document: Mapping[str, Any]) -> T:
    """Build `cls` from a JSON object; the inverse of `to_document`.

    Raises ValueError that names the field when one is missing or has another type.
    """
    try:
        record: T = _build(cls, document, "it")
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError(f"not a {cls.__name__} document: {error}") from error
    return record


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return to_document(value)
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return value


@cache
def _field_types(cls: type) -> dict[str, Any]:
    return typing.get_type_hints(cls)


@cache
def _left_out(cls: type) -> dict[str, None]:
    """Fields that must be given, but may be None: the writer leaves these out."""
    return {
        f.name: None
        for f in dataclasses.fields(cls)
        if f.default is f.default_factory is dataclasses.MISSING
        and type(None) in typing.get_args(_field_types(cls)[f.name])
    }


def _build(cls: Any, document: Any, where: str) -> Any:
    _checked(isinstance(document, Mapping), document, Mapping, where)
    kinds = _field_types(cls)
    known = {f.name for f in dataclasses.fields(cls)}
    given = {name: _typed(kinds[name], value, name) for name, value in document.items() if name in known}
    return cls(**(_left_out(cls) | given))


def _typed(kind: Any, value: Any, where: str) -> Any:
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if kind is Any:
        return value
    if origin is Literal:
        return _checked(value in arguments, value, kind, where)
    if origin in (typing.Union, types.UnionType):
        return _one_of(arguments, value, where)
    if origin is tuple:
        _checked(isinstance(value, list | tuple), value, list, where)
        if arguments[0] is float and set(map(type, value)) <= {int, float}:  # histograms: thousands of them
            return tuple(map(float, value))
        if arguments[0] in (int, str) and set(map(type, value)) <= {arguments[0]}:
            return tuple(value)
        return tuple(_typed(arguments[0], item, f"{where}[{i}]") for i, item in enumerate(value))
    if origin is not None and issubclass(origin, Mapping):
        _checked(isinstance(value, Mapping), value, Mapping, where)
        return {key: _typed(arguments[1], item, f"{where}.{key}") for key, item in value.items()}
    if dataclasses.is_dataclass(kind):
        return _build(kind, value, where)
    if kind is datetime:
        return datetime.fromisoformat(value)
    if kind is float:
        return float(
            _checked(isinstance(value, int | float) and not isinstance(value, bool), value, kind, where)
        )
    return _checked(type(value) is kind, value, kind, where)


def _one_of(kinds: tuple[Any, ...], value: Any, where: str) -> Any:
    if value is None and type(None) in kinds:
        return None
    for kind in sorted(kinds, key=lambda k: k is not type(value)):  # the exact type first: 1 stays an int
        try:
            return _typed(kind, value, where)
        except (TypeError, ValueError, OverflowError):
            continue
    return _checked(False, value, kinds, where)


def _checked(fits: bool, value: Any, kind: Any, where: str) -> Any:
    if not fits:
        raise ValueError(f"{where} must be {getattr(kind, '__name__', kind)}, got {value!r}")
    return value
