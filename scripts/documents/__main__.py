"""Writes the parts of docs/ that come from the templates: `python -m scripts.documents`.

tests/infra/test_written_documents.py fails when they are out of date.
"""

import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from infra.app import build, new_app
from infra.config import Config
from lambdaloop.definition_schema import load_definition
from scripts.cli.synthesis import read_templates
from scripts.documents.written import DESCRIBED, written_from_templates


def main() -> int:
    """Synthesize the described model for the machine at hand, and write what its templates say."""
    with tempfile.TemporaryDirectory() as work:
        app = new_app(outdir=Path(work), context={"target": "host"})
        config = Config.from_context(app.node)
        build(app, replace(config, definitions=[load_definition(DESCRIBED)], deployers=()))
        app.synth()
        for path, text in written_from_templates(read_templates(Path(work))).items():
            path.write_text(text, encoding="utf-8")
            sys.stderr.write(f"wrote {path}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
