import re
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from lambdaloop.domain.definition import Feature
from lambdaloop.domain.errors import DatasetInvalidError
from lambdaloop.training.preparation import check_folds, folds, prepare
from tests.unit.training.sample_data import definition, prepared, sample_csv, table


def test_training_and_holdout_share_no_entity() -> None:
    raw = table(sample_csv())
    data = prepare(raw, definition())
    customers = np.array(raw.column("customer"))
    assert len(data.training_frame) + len(data.holdout_frame) == 400
    assert not set(customers[data.holdout]) & set(customers[~data.holdout])
    assert 0.1 < data.holdout.mean() < 0.3


def test_without_an_entity_equal_rows_share_a_side_whatever_other_columns_say() -> None:
    model = definition(entity=None)
    content = sample_csv()
    once = prepare(table(content), model)
    header, body = content.decode().split("\n", 1)
    renamed = body.replace("then left", "then stayed").replace("c-", "d-")
    again = prepare(table(f"{header}\n{body}{renamed}".encode()), model)
    assert again.holdout.tolist() == once.holdout.tolist() * 2


def test_more_data_leave_every_row_on_its_side() -> None:
    small, large = (
        sample_csv(rows=400),
        sample_csv(rows=400) + b"\n".join(sample_csv(rows=400, seed=1).split(b"\n", 1)[1:]),
    )
    one, both = prepare(table(small), definition()), prepare(table(large), definition())
    assert both.holdout[:400].tolist() == one.holdout.tolist()


def test_by_time_the_last_rows_are_the_holdout() -> None:
    data = prepare(table(sample_csv()), definition(training={"split": "time", "holdout": 0.25}))
    assert data.holdout.tolist() == [False] * 300 + [True] * 100


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_folds_keep_an_entity_together_and_are_the_same_every_time(task: str) -> None:
    data, model = prepared(task), definition(task)  # type: ignore[arg-type]
    assert data.groups is not None
    groups = data.groups[~data.holdout]
    found = list(folds(data, model))
    assert len(found) == 3
    for fitted, held in found:
        assert not set(groups[fitted]) & set(groups[held])
    assert [held.tolist() for _, held in found] == [held.tolist() for _, held in folds(data, model)]
    other = definition(task, training={"seed": 8})  # type: ignore[arg-type]
    assert [held.tolist() for _, held in found] != [held.tolist() for _, held in folds(data, other)]


def test_folds_of_single_rows_keep_the_share_of_every_class() -> None:
    model = definition(entity=None)
    data = prepare(table(sample_csv()), model)
    assert data.groups is None
    share = data.training_target.mean()
    assert all(abs(data.training_target[held].mean() - share) < 0.02 for _, held in folds(data, model))


def problems(content: bytes, **changes: object) -> str:
    with pytest.raises(DatasetInvalidError) as caught:
        prepare(table(content), definition(**changes))  # type: ignore[arg-type]
    return str(caught.value)


def test_all_problems_are_told_at_once() -> None:
    content = sample_csv().decode()
    content = (
        content.replace(",basic,", ",basic,x", 5).replace("c-7,", ",", 1).replace(",yes\r", ",perhaps\r", 2)
    )
    lines = problems(content.encode()).split("\n")
    assert len(lines) == 3
    assert lines[0].startswith("column 'amount': 5 × not a finite number, first 'x")
    assert lines[1].startswith(
        "column 'outcome': 2 × not one of the classes 'no', 'yes' (found 'perhaps'), first 'perhaps'"
    )
    assert lines[2].startswith("column 'customer': 1 × missing, but it is the entity, first ''")


def test_missing_columns_are_told_before_anything_else() -> None:
    assert problems(b"customer,plan\nc-1,basic\n").startswith("columns 'amount', 'since'")


def test_too_few_rows_and_classes_without_enough_rows_are_told() -> None:
    found = problems(sample_csv(rows=30), training={"folds": 20})
    assert "rows for training are too few: 20 folds need 200" in found
    assert "class 'yes' has" in found
    assert "20 folds need 40: add data or lower folds" in found
    only_no = sample_csv().replace(b",yes\r", b",no\r")
    assert "class 'yes' has no row in the holdout: add data or raise holdout" in problems(only_no)


def test_a_column_without_values_is_told() -> None:
    lines = sample_csv().decode().split("\r\n")
    blank = [
        ",".join([*line.split(",")[:-3], "", *line.split(",")[-2:]]) if line.count(",") > 4 else line
        for line in lines[1:]
    ]
    found = problems("\r\n".join([lines[0], *blank]).encode())
    assert (
        found
        == "column 'score' has 0 values for training, at least 6 make a feature: remove it from features"
    )


def test_a_flood_of_problems_is_cut() -> None:
    header = ",".join(["customer", *(f"f{i}" for i in range(80)), "outcome"])
    row = ",".join(["c-1", *["x"] * 80, "yes"])
    features = {f"f{i}": Feature(type="number") for i in range(80)}
    lines = problems(f"{header}\n{row}\n".encode(), features=features).split("\n")
    assert len(lines) == 51
    assert lines[-1] == "and 30 more"


def owned_by(owner: Callable[[int, bool], str], *, rows: int = 300) -> bytes:
    """Every third row says yes; who it belongs to follows from its number and its outcome."""
    lines = [f"{owner(row, row % 3 == 0)},{row}.5,{'yes' if row % 3 == 0 else 'no'}" for row in range(rows)]
    return "\n".join(["customer,score,outcome", *lines]).encode()


FEW = {"score": Feature(type="number")}


def test_a_class_that_belongs_to_too_few_entities_is_told_with_numbers_and_the_fix() -> None:
    content = owned_by(lambda row, yes: f"big-{row % 4}" if yes else f"c-{row}")
    found = problems(content, features=FEW, training={"folds": 5, "holdout": 0.3})
    assert re.search(
        r"class 'yes' has \d+ rows for training but of [1-4] different 'customer' only: 5 folds need 5: add data",
        found,
    )


def test_entities_that_leave_a_fold_without_a_class_are_told() -> None:
    data, model = prepared(), definition()
    check_folds(data, model)
    assert data.groups is not None
    one_owner = np.where(data.target == 1, "whale", data.groups)
    with pytest.raises(
        DatasetInvalidError, match="of 3 would be trained without class 'yes', whose rows belong"
    ):
        check_folds(replace(data, groups=one_owner), model)
