"""Publishes the JSON Schema of model definitions for editors: `python -m scripts.schema` writes models/schema.json."""

import argparse
import json
import sys
from pathlib import Path

from lambdaloop.definition_schema import json_schema

SCHEMA = Path(__file__).resolve().parents[1] / "models" / "schema.json"


def main(arguments: list[str]) -> int:
    """Write the schema, or with --check say whether it is up to date."""
    parser = argparse.ArgumentParser(prog="python -m scripts.schema", description=__doc__)
    parser.add_argument(
        "--check", action="store_true", help="write nothing; fail when the file is out of date"
    )
    check: bool = parser.parse_args(arguments).check
    text = json.dumps(json_schema(), indent=2) + "\n"
    if not check:
        SCHEMA.write_text(text, encoding="utf-8")
    elif not SCHEMA.is_file() or SCHEMA.read_text(encoding="utf-8") != text:
        print("models/schema.json is out of date: run `.venv/bin/python -m scripts.schema`", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
