"""What the documents say about the templates is what the templates say."""

from pathlib import Path

from lambdaloop.definition_schema import load_definition
from scripts.documents.written import DESCRIBED, written_from_templates
from tests.infra.synthesis import synthesize


def test_the_written_parts_of_the_documents_are_up_to_date(checkout: Path, tmp_path: Path) -> None:
    stacks = synthesize(checkout, tmp_path, definitions=[load_definition(DESCRIBED)])
    written = written_from_templates({name: template.document for name, template in stacks.items()})
    stale = [path.name for path, text in written.items() if path.read_text(encoding="utf-8") != text]
    assert stale == [], "run `python -m scripts.documents`"
