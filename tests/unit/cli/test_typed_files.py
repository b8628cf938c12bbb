"""Parquet and JSON Lines on the command line: a draft keeps their types, and rows go out as they are."""

from pathlib import Path
from typing import Any

from scripts.cli.init import write_definition
from scripts.cli.typed_files import read_typed
from tests.unit.training.typed_samples import json_lines, parquet

COLUMNS: dict[str, list[Any]] = {
    "zip": [f"{n % 7:05d}" for n in range(60)],
    "rooms": [n % 5 for n in range(60)],
    "rent": [None if n % 9 == 0 else n * 10.5 for n in range(60)],
    "garden": [n % 3 == 0 for n in range(60)],
    "let": ["01" if n % 4 else "02" for n in range(60)],
}


def test_a_draft_keeps_text_text_even_where_it_reads_as_a_number(tmp_path: Path) -> None:
    for name, content in (("flats.parquet", parquet(COLUMNS)), ("flats.jsonl", json_lines(COLUMNS))):
        (tmp_path / name).write_bytes(content)
        drafted = write_definition(tmp_path / name, target="let", entity=None, name=None, models=tmp_path)
        kinds = {column: feature.type for column, feature in drafted.features.items()}
        assert kinds == {"zip": "category", "rooms": "integer", "rent": "number", "garden": "boolean"}
        assert drafted.features["rent"].nullable
        assert drafted.features["zip"].categories[0] == "00000"
        assert drafted.classes == ("01", "02")


def test_rows_have_the_values_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    path.write_bytes(parquet({"age": [41, None], "rent": [float("nan"), 0.5], "plan": ["007", ""]}))
    assert read_typed(path).rows() == [
        {"age": 41, "rent": None, "plan": "007"},
        {"age": None, "rent": 0.5, "plan": ""},
    ]
