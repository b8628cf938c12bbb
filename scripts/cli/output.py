"""How results look: tables for people, JSON for programs."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

console = Console()
progress_console = Console(stderr=True)
"""For what happens meanwhile and for remarks, so that standard output holds the result alone."""

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]


def print_json(document: Any) -> None:
    """Print a document as JSON on standard output, untouched by colours or wrapping."""
    typer.echo(json.dumps(document, indent=2, default=str))


def print_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print rows under a title; None is shown as a dash."""
    table = Table(title=title, title_justify="left", title_style="bold", header_style="bold")
    for column in columns:
        table.add_column(column)
    for row in rows:
        table.add_row(*(cell(value) for value in row))
    console.print(table)


def print_fields(title: str, fields: Mapping[str, object]) -> None:
    """Print one record, a field per line."""
    table = Table(title=title, title_justify="left", title_style="bold", show_header=False, box=None)
    table.add_column(style="dim")
    table.add_column()
    for name, value in fields.items():
        table.add_row(name, cell(value))
    console.print(table)


def cell(value: object) -> str:
    """A value as a person reads it."""
    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:.4f}"
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S UTC")
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {cell(item)}" for key, item in value.items())
    return str(value)
