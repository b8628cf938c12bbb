"""Looks at a screenshot without an image library: how many colours it has."""

import struct
import zlib


def colors(png: bytes, *, enough: int) -> set[bytes]:
    """Different colours in every seventh row, no more than are asked for; for PNGs of eight bits without interlacing, as Chromium writes them."""
    width, height, depth, kind, _, _, interlaced = struct.unpack(">IIBBBBB", png[16:29])
    if depth != 8 or kind not in (2, 6) or interlaced:
        raise ValueError(f"a PNG of depth {depth}, type {kind} and interlacing {interlaced} is not read here")
    size = 3 if kind == 2 else 4
    data, place = b"", 8
    while place < len(png):
        (length,) = struct.unpack(">I", png[place : place + 4])
        if png[place + 4 : place + 8] == b"IDAT":
            data += png[place + 8 : place + 8 + length]
        place += 12 + length
    lines = zlib.decompress(data)
    stride = width * size + 1
    found: set[bytes] = set()
    for row in range(0, height, 7):
        line = lines[row * stride : (row + 1) * stride]
        # A filtered row tells differences, not colours; whether it has any is what a blank page lacks.
        found.update(line[1 + i : 1 + i + size] for i in range(0, width * size, size * 5))
        if len(found) > enough:
            break
    return found
