"""What `lambdaloop init` writes trains as it is: on every data set that comes with scikit-learn, but for one of twenty rows."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sklearn import datasets

from lambdaloop.definition_schema import load_definition
from scripts.cli.init import write_definition
from tests.unit.services.training_run import Workshop


def _frame(load: Callable[..., Any]) -> Any:
    frame = load(as_frame=True).frame
    # Four hundred and fifty of the digits are enough for sixty-four pixels, and train in seconds.
    return frame.iloc[::4] if load is datasets.load_digits else frame


@pytest.mark.parametrize(
    "load",
    [
        datasets.load_breast_cancer,
        datasets.load_diabetes,
        datasets.load_digits,
        datasets.load_iris,
        datasets.load_wine,
    ],
)
def test_a_written_definition_trains_without_an_edit(load: Callable[..., Any], tmp_path: Path) -> None:
    file = tmp_path / f"{load.__name__.removeprefix('load_').replace('_', '-')}.csv"
    _frame(load).to_csv(file, index=False)
    drafted = write_definition(file, target="target", entity=None, name=None, models=tmp_path / "models")
    workshop = Workshop(load_definition(tmp_path / "models" / f"{drafted.name}.yaml"), file.read_bytes())
    state = workshop.until_gate()
    assert {one["name"] for one in state["candidates"]} == {each.name for each in drafted.training.candidates}
    assert state["evaluation"]["winner"]
