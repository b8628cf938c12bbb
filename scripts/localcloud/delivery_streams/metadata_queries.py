"""The JQ that dynamic partitioning needs most: an object of paths, `{model: .model, "kind": .meta.kind}`."""

import re

from scripts.localcloud import json_path

_MEMBER = re.compile(
    r"""\s*(?:"([^"]+)"|([A-Za-z_]\w*))\s*:\s*((?:\.(?:[A-Za-z_]\w*|"[^"]+"|\[[^\]]+\])|\[[^\]]+\])+)\s*(,|$)"""
)


class InvalidQueryError(ValueError):
    """A query that is no object of paths."""


def parse(query: str) -> dict[str, json_path.Path]:
    """Path of each key.

    Raises InvalidQueryError for any other JQ.
    """
    text = query.strip()
    if not (text.startswith("{") and text.endswith("}")):
        raise InvalidQueryError(f"only queries like {{model: .model}} are emulated locally, got {query!r}")
    body = text[1:-1].strip()
    found: dict[str, json_path.Path] = {}
    position = 0
    while position < len(body):
        match = _MEMBER.match(body, position)
        if match is None:
            raise InvalidQueryError(
                f"only paths like .model are emulated locally, got {body[position:]!r} in {query!r}"
            )
        quoted_members = re.sub(r'\."([^"]+)"', r'["\1"]', match[3])
        try:
            found[match[1] or match[2]] = json_path.parse("$" + quoted_members)
        except ValueError as error:
            raise InvalidQueryError(str(error)) from error
        position = match.end()
    if not found:
        raise InvalidQueryError(f"the query extracts nothing: {query!r}")
    return found
