"""Which document holds which written part: the one list for writing them and for checking that they are up to date."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from infra.costs.idle_table import idle_table
from scripts.documents.sections import with_section

DOCS = Path(__file__).resolve().parents[2] / "docs"
Template = Mapping[str, Any]


def written_from_templates(*, model: str, own: Template, platform: Template) -> dict[Path, str]:
    """By path, the documents as they should be. own: the template of a plain model of that name."""
    operations = DOCS / "operations.md"
    return {
        operations: with_section(operations.read_text(encoding="utf-8"), "idle", idle_table(own, platform)),
    }
