"""The small JSON path language that EventBridge, metric filters and Firehose share: `$.a.b[0]["c d"].*`."""

import re
from collections.abc import Iterator
from typing import Any

_STEP = re.compile(r"""\.(\*|[A-Za-z0-9_\-@]+)|\[(\d+|\*)\]|\.?\[(?:"([^"]*)"|'([^']*)')\]""")

Path = tuple[str | int, ...]
"""Steps from the root: a member name, an index, or "*" for every member or element."""

MISSING = object()
"""Stands for a value that is not there: null is a value."""


def parse(text: str) -> Path:
    """Steps of a path that starts with `$`.

    >>> parse('$.a[0]["b c"]')
    ('a', 0, 'b c')

    Raises ValueError for anything else.
    """
    if not text.startswith("$"):
        raise ValueError(f"a path starts with $, got {text!r}")
    steps: list[str | int] = []
    position = 1
    while position < len(text):
        match = _STEP.match(text, position)
        if match is None:
            raise ValueError(f"cannot read {text!r} from {text[position:]!r} on")
        name, index, quoted, single = match.groups()
        steps.append(int(index) if index and index != "*" else name or index or quoted or single)
        position = match.end()
    return tuple(steps)


def find(document: Any, path: Path) -> Any:
    """The value at `path`, the first one where the path has a wildcard, or MISSING."""
    return next(find_all(document, path), MISSING)


def find_all(document: Any, path: Path) -> Iterator[Any]:
    """Every value at `path`."""
    if not path:
        yield document
        return
    for value in _step(document, path[0]):
        yield from find_all(value, path[1:])


def _step(document: Any, step: str | int) -> Iterator[Any]:
    if isinstance(document, dict):
        if step == "*":
            yield from document.values()
        elif step in document:
            yield document[step]
    elif isinstance(document, list):
        if step == "*":
            yield from document
        elif isinstance(step, int) and step < len(document):
            yield document[step]
