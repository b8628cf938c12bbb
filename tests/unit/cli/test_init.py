"""Names of models that are made from names of files."""

from pathlib import Path

import pytest

from lambdaloop.domain.definition import _NAME
from scripts.cli.init import model_name


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("telco_churn.csv", "telco-churn"),
        ("Fraud Scores (2024).csv", "fraud-scores-2024"),
        ("2024.csv", "model-2024"),
        ("x.csv", "model-x"),
        ("___.csv", "model"),
        ("größe.csv", "gr-e"),
        ("a" * 60 + ".csv", "a" * 40),
        ("2023-" + "sales-" * 9 + ".csv", "model-2023-sales-sales-sales-sales-sales"),
    ],
)
def test_a_file_name_becomes_a_model_name(file: str, name: str) -> None:
    assert model_name(Path(file)) == name
    assert _NAME.fullmatch(name)
