"""Bodies in gzip, both ways: a large batch of rows is a tenth of its size, and Lambda's limit is about what goes over the wire."""

import gzip
import zlib

from functions.inference.refusals import RefusedError

MIN_BYTES = 2048
"""A smaller answer, such as that to a few rows, gains less than compressing it costs."""
_LEVEL = 4
_GZIP_OR_ZLIB = zlib.MAX_WBITS | 32
_TAKEN = "gzip, deflate"


def unpacked(content: bytes, encoding: str | None, *, limit: int) -> bytes:
    """The body as it was before its content-encoding.

    RefusedError with 415 for an encoding that is not taken, 400 when the bytes are not of it, and 413 as soon as it is
    clear that there are more than `limit` of them: little gzip can become a lot.
    """
    if encoding is None or (coding := encoding.strip().lower()) == "identity":
        return content
    if coding not in ("gzip", "x-gzip", "deflate"):
        raise RefusedError(
            415,
            f"content-encoding must be one of {_TAKEN}, got {encoding[:100]!r}",
            headers={"accept-encoding": _TAKEN},
        )
    unpacker = zlib.decompressobj(_GZIP_OR_ZLIB)
    try:
        found = unpacker.decompress(content, limit + 1)
    except zlib.error:
        raise RefusedError(400, f"the body is not {coding}, as its content-encoding says") from None
    if len(found) > limit:
        raise RefusedError(413, f"the body unpacks to more than {limit} bytes: send fewer rows")
    if not unpacker.eof or unpacker.unused_data:
        raise RefusedError(400, f"the body is not one whole {coding} stream: send all of it, and no more")
    return found


def packed(content: bytes) -> bytes:
    """In gzip, the same for the same content."""
    return gzip.compress(content, _LEVEL, mtime=0)
