"""The document that benchmarks write: one section each, so that measuring one again leaves the others alone."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from scripts.benchmarks.machine import describe_machine

PATH = Path(__file__).parents[2] / "docs" / "benchmarks.md"
_HEAD = """# Benchmarks

Written by `scripts/bench`. Both sides of a ratio are measured in one run, in turns, each in processes of its own that see only
their own packages; figures are medians of the repeats. Ratios travel between machines, seconds do not.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows of text under a head; the first column is text, the others are figures."""

    head: Sequence[str]
    rows: Sequence[Sequence[str]]

    def markdown(self) -> str:
        """The table in Markdown."""
        lines = [self.head, ["---", *["---:"] * (len(self.head) - 1)], *self.rows]
        return "\n".join(f"| {' | '.join(line)} |" for line in lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """What one benchmark has to say."""

    title: str
    text: str
    """What was done, and what it must reach."""
    table: Table


def write_section(name: str, section: Section, *, path: Path = PATH) -> None:
    """Put the section of that name into the document, in place of an older one."""
    document = path.read_text(encoding="utf-8") if path.exists() else _HEAD
    day = datetime.now(UTC).date().isoformat()
    content = f"## {section.title}\n\n{section.text}\n\n{section.table.markdown()}\n\nMeasured {day} on {describe_machine()}."
    block = f"<!-- {name} -->\n{content}\n<!-- /{name} -->\n"
    old = re.compile(rf"<!-- {name} -->\n.*?<!-- /{name} -->\n", re.DOTALL)
    document = old.sub(lambda _: block, document) if old.search(document) else f"{document}\n{block}"
    path.write_text(document, encoding="utf-8")
