"""Which documents are written from the templates: the one list for writing them and for checking that they are up to date."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from infra.costs.idle_table import idle_table
from lambdaloop.domain.stage import Stage
from scripts.documents.diagrams import diagrams
from scripts.documents.grants import grants_table
from scripts.documents.sections import with_section

DOCS = Path(__file__).resolve().parents[2] / "docs"
DESCRIBED, DESCRIBED_MODEL = Path(__file__).with_name("described.yaml"), "churn"
"""The definition whose templates the documents describe: a deployment's own must not change them."""
Template = Mapping[str, Any]


def written_from_templates(stacks: Mapping[str, Template]) -> dict[Path, str]:
    """By path, the documents as they should be. stacks: those of the described model, by their names."""
    model = DESCRIBED_MODEL
    own, platform = stacks[Stage().model_stack(model)], stacks[Stage().platform_stack]
    operations, security = DOCS / "operations.md", DOCS / "security.md"
    return {
        operations: with_section(operations.read_text(encoding="utf-8"), "idle", idle_table(own, platform)),
        security: with_section(
            security.read_text(encoding="utf-8"), "grants", grants_table([own, platform], model=model)
        ),
        DOCS / "diagrams.md": diagrams(own=own, platform=platform),
    }
