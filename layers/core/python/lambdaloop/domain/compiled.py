"""The compiled form of a fitted pipeline: a tree of parts, each a kind with its numbers, in bytes that load without parsing.

Nothing in it is code: `serving.compiled` knows what each kind computes. Arrays lie in the file as they lie in memory, so that
loading a forest of a hundred trees is reading a file.
"""

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lambdaloop.domain.documents import Document
from lambdaloop.domain.errors import ArtifactCorruptError

_MAGIC = b"LLOOP001"
_ALIGNMENT = 64
_KINDS = frozenset({"<f8", "<f4", "<i8", "<i4", "<i2", "|b1", "|u1"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One step of a compiled model."""

    kind: str
    """What it computes; `serving.compiled.evaluators` has them all."""
    values: Mapping[str, Any] = field(default_factory=dict)
    """Small settings: plain JSON values."""
    arrays: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    """Fitted parameters."""
    parts: tuple["Part", ...] = ()
    """What it is made of."""


def pack_part(part: Part) -> bytes:
    """The bytes of a part; the same part gives the same bytes."""
    arrays: list[NDArray[Any]] = []
    header = json.dumps(_described(part, arrays), separators=(",", ":"), allow_nan=False).encode()
    start = len(_MAGIC) + 8
    chunks = [_MAGIC, len(header).to_bytes(8, "little"), header]
    place = start + len(header)
    for array in arrays:
        gap = -place % _ALIGNMENT
        chunks += [bytes(gap), array.tobytes()]
        place += gap + array.nbytes
    return b"".join(chunks)


def unpack_part(content: bytes) -> Part:
    """Read what `pack_part` wrote; arrays are views into the content. ArtifactCorruptError when it is something else."""
    try:
        header, end = _header(content)
        return _read(header, _Arrays(content, end))
    except (ValueError, KeyError, TypeError) as error:
        raise ArtifactCorruptError(
            f"the compiled model of {len(content)} bytes cannot be read: {error}: package the version again"
        ) from error


def walk_parts(part: Part) -> Iterator[Part]:
    """The part and all that it is made of."""
    yield part
    for one in part.parts:
        yield from walk_parts(one)


class _Arrays:
    """Hands out the arrays of a file in the order in which they were written."""

    def __init__(self, content: bytes, place: int) -> None:
        self._content = content
        self._place = place

    def next(self, kind: str, shape: list[int]) -> NDArray[Any]:
        if kind not in _KINDS:
            raise ValueError(f"an array has the type {kind!r}")
        count = math.prod(shape)
        place = self._place + -self._place % _ALIGNMENT
        array = np.frombuffer(self._content, dtype=kind, count=count, offset=place).reshape(shape)
        self._place = place + array.nbytes
        return array


def _header(content: bytes) -> tuple[Document, int]:
    """The header and where it ends."""
    if content[: len(_MAGIC)] != _MAGIC:
        raise ValueError("it does not start as a compiled model does")
    start = len(_MAGIC) + 8
    end = start + int.from_bytes(content[len(_MAGIC) : start], "little")
    return json.loads(content[start:end]), end


def _described(part: Part, arrays: list[NDArray[Any]]) -> Document:
    shapes: dict[str, list[Any]] = {}
    for name, array in part.arrays.items():
        whole = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
        if whole.dtype.str not in _KINDS:
            raise ValueError(f"array {name!r} of part {part.kind!r} has the type {whole.dtype.str}")
        shapes[name] = [whole.dtype.str, list(array.shape)]
        arrays.append(whole)
    document: Document = {"kind": part.kind}
    if part.values:
        document["values"] = dict(part.values)
    if shapes:
        document["arrays"] = shapes
    if part.parts:
        document["parts"] = [_described(one, arrays) for one in part.parts]
    return document


def _read(document: Document, arrays: _Arrays) -> Part:
    # Arrays first, then those of the parts: the order in which they were written.
    own = {name: arrays.next(kind, shape) for name, (kind, shape) in document.get("arrays", {}).items()}
    return Part(
        kind=document["kind"],
        values=document.get("values", {}),
        arrays=own,
        parts=tuple(_read(one, arrays) for one in document.get("parts", [])),
    )
