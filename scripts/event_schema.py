"""Publishes the JSON Schema of events for those who build on them: `python -m scripts.event_schema` writes docs/events.json."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from lambdaloop.domain.happening import SOURCE, detail_type
from scripts.event_kinds import EVENT_KINDS, EventKind

DOCS = Path(__file__).resolve().parents[1] / "docs"
SCHEMA = DOCS / "events.json"
PAGE = DOCS / "events.md"
BEGIN, END = "<!-- kinds: python -m scripts.event_schema -->", "<!-- end of kinds -->"


def schema() -> dict[str, Any]:
    """Of a whole event, as a rule's target gets it."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "An event on the bus lambdaloop",
        "type": "object",
        "required": ["source", "detail-type", "detail"],
        "properties": {
            "source": {"const": SOURCE},
            "detail-type": {"enum": [detail_type(each.kind) for each in EVENT_KINDS]},
            "detail": {"oneOf": [{"$ref": f"#/$defs/{each.kind}"} for each in EVENT_KINDS]},
        },
        "$defs": {each.kind: _detail(each) for each in EVENT_KINDS},
    }


def _detail(kind: EventKind) -> dict[str, Any]:
    data = {
        "type": "object",
        "required": sorted(kind.data),
        "properties": {**kind.data, **kind.optional},
    }
    truncated = {"type": "object", "required": ["truncated"], "properties": {"truncated": {"const": True}}}
    return {
        "title": detail_type(kind.kind),
        "description": kind.says,
        "type": "object",
        "required": ["schema", "id", "kind", "model", "at", "actor", "data"],
        "properties": {
            "schema": {"const": 1},
            "id": {"type": "string", "description": "the same for every delivery of the event"},
            "kind": {"const": kind.kind},
            "model": {"type": "string"},
            "at": {"type": "string", "format": "date-time"},
            "actor": {"type": "string"},
            "data": {"anyOf": [data, truncated]},
        },
    }


def page(text: str) -> str:
    """The page with its table of kinds made anew."""
    rows = [
        f"| `{detail_type(each.kind)}` | `{each.kind}` | {each.says} | {_names(each)} |"
        for each in EVENT_KINDS
    ]
    table = "\n".join(["| detail-type | kind | tells that | data |", "|---|---|---|---|", *rows])
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{table}\n\n{END}{after}"


def _names(kind: EventKind) -> str:
    return ", ".join([*(f"`{name}`" for name in kind.data), *(f"`{name}`?" for name in kind.optional)])


def main(arguments: list[str]) -> int:
    """Write schema and page, or with --check say whether they are up to date."""
    parser = argparse.ArgumentParser(prog="python -m scripts.event_schema", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail when a file is out of date")
    check: bool = parser.parse_args(arguments).check
    texts = {
        SCHEMA: json.dumps(schema(), indent=2) + "\n",
        PAGE: page(PAGE.read_text(encoding="utf-8")),
    }
    stale = [path for path, text in texts.items() if not path.is_file() or path.read_text("utf-8") != text]
    if check and stale:
        names = ", ".join(f"docs/{path.name}" for path in stale)
        print(f"{names}: out of date: run `.venv/bin/python -m scripts.event_schema`", file=sys.stderr)
        return 1
    for path in stale:
        path.write_text(texts[path], encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
