"""What the documents say about the templates is what the templates say."""

from scripts.documents.written import written_from_templates
from tests.infra.synthesis import Template


def test_the_written_parts_of_the_documents_are_up_to_date(churn: Template, platform: Template) -> None:
    written = written_from_templates(model="churn", own=churn.document, platform=platform.document)
    stale = [path.name for path, text in written.items() if path.read_text(encoding="utf-8") != text]
    assert stale == [], "run `python -m scripts.documents`"
