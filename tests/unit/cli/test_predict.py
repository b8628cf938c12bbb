"""Rows from CSV files, typed as the model wants them."""

from pathlib import Path

from scripts.cli.predict import read_csv

TYPES = {"age": "INT64", "income": "FP64", "member": "BOOL", "plan": "BYTES"}


def test_cells_become_what_the_model_takes_and_other_columns_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("plan,age,income,member,target\n007,41,1e3,True,yes\n,41.0,,FALSE,no\n")
    assert read_csv(path, TYPES) == [
        {"age": 41, "income": 1000.0, "member": True, "plan": "007"},
        {"age": 41, "income": None, "member": False, "plan": None},
    ]


def test_a_cell_of_another_type_stays_text_so_that_the_endpoint_can_name_it(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("age,income\nforty,much\n4.5,1\n")
    rows = read_csv(path, TYPES)
    assert rows == [{"age": "forty", "income": "much"}, {"age": 4.5, "income": 1.0}]
