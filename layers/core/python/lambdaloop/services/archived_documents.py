"""JSON documents in the capture bucket: packed, and the same bytes for the same document."""

import gzip
import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from lambdaloop.domain.documents import from_document, to_document
from lambdaloop.ports import CaptureArchive

T = TypeVar("T")

_READERS = 16
"""A request to S3 is nearly all waiting, and an hour has dozens of parts."""


def pack(document: Any) -> bytes:
    """Any JSON value."""
    text = json.dumps(document, separators=(",", ":"), allow_nan=False)
    return gzip.compress(text.encode(), compresslevel=6, mtime=0)


def unpack(content: bytes) -> Any:
    """The inverse of `pack`."""
    return json.loads(gzip.decompress(content))


def save_record(archive: CaptureArchive, key: str, record: object) -> None:
    """Write a dataclass."""
    archive.save(key, pack(to_document(record)))


def load_record(archive: CaptureArchive, key: str, kind: type[T]) -> T | None:
    """Read what `save_record` wrote; None when there is nothing."""
    content = archive.load(key)
    return None if content is None else from_document(kind, unpack(content))


def load_all(archive: CaptureArchive, keys: Sequence[str]) -> Iterator[bytes | None]:
    """The contents of many objects in the order of the keys, a few at once."""
    if len(keys) < 2:  # nobody to wait beside
        yield from map(archive.load, keys)
        return
    with ThreadPoolExecutor(max_workers=_READERS) as pool:
        yield from pool.map(archive.load, keys)
