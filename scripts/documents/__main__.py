"""Writes the parts of docs/ that come from the templates: `python -m scripts.documents`.

tests/infra/test_written_documents.py fails when they are out of date.
"""

import json
import sys
import tempfile
from pathlib import Path

from infra.app import PLATFORM_STACK, build, new_app
from infra.config import Config
from scripts.documents.written import written_from_templates


def main() -> int:
    """Synthesize models/ for the machine at hand and write what it says."""
    with tempfile.TemporaryDirectory() as work:
        app = new_app(outdir=Path(work), context={"target": "host"})
        config = Config.from_context(app.node)
        build(app, config)
        app.synth()
        stacks = {
            file.name.removesuffix(".template.json"): json.loads(file.read_text(encoding="utf-8"))
            for file in Path(work).glob("*.template.json")
        }
    model = config.definitions[0].name
    documents = written_from_templates(
        model=model, own=stacks[f"{PLATFORM_STACK}-{model}"], platform=stacks[PLATFORM_STACK]
    )
    for path, text in documents.items():
        path.write_text(text, encoding="utf-8")
        sys.stderr.write(f"wrote {path}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
