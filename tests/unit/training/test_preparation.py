import re
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from lambdaloop.domain.definition import Feature
from lambdaloop.domain.errors import DatasetInvalidError
from lambdaloop.domain.monitoring_rules import Retraining
from lambdaloop.domain.splitting import Split
from lambdaloop.training.preparation import prepare
from lambdaloop.training.tables import RawTable
from tests.unit.training.sample_data import captured_table, definition, sample_csv, table


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


def test_with_captured_rows_the_newest_of_them_are_held_out_and_all_others_train() -> None:
    old, new = table(sample_csv()), captured_table(sample_csv(seed=1), held_out=90)
    model = definition(entity=None, training={"split": "time"})
    data = prepare(replace(old, captured=new), model)
    assert data.holdout.tolist() == [False] * 710 + [True] * 90
    assert (data.ordered_from, data.captured) == (400, 400)
    assert data.split == Split(
        kind="recent", fraction=0.2, key_columns=(), since=new.times[310], until=new.times[-1]
    )
    assert data.frame["amount"].tolist() == [
        float(text) for text in old.column("amount") + new.table.column("amount")
    ]
    assert data.baseline_frame["amount"].tolist() == [float(text) for text in new.table.column("amount")]


def test_uploaded_rows_that_the_hash_holds_out_are_not_trained_on_either() -> None:
    model, old = definition(), table(sample_csv())
    kept = ~prepare(old, model).holdout
    data = prepare(replace(old, captured=captured_table(sample_csv(seed=1), held_out=90)), model)
    assert data.ordered_from == kept.sum() < 400
    amounts = np.array([float(text) for text in old.column("amount")])
    assert data.frame["amount"].tolist()[: data.ordered_from] == amounts[kept].tolist()
    assert data.split.uploaded == Split.of(model)


def test_captured_rows_need_no_uploaded_ones() -> None:
    nothing = RawTable(columns=(), rows=[], files=(), captured=captured_table(sample_csv(), held_out=90))
    data = prepare(nothing, definition())
    assert (len(data.training_frame), len(data.holdout_frame), data.ordered_from) == (310, 90, 0)
    assert data.split.uploaded is None


def test_rows_weigh_what_the_definition_says() -> None:
    old = replace(table(sample_csv()), captured=captured_table(sample_csv(seed=1), held_out=90))
    assert prepare(old, definition()).weights is None
    rules = Retraining(original_weight=0.25, half_life_days=2)
    data = prepare(old, definition(retraining=rules))
    assert data.weights is not None
    assert set(data.weights[: data.ordered_from].tolist()) == {0.25}
    # The newest row was captured a day before, the one before it an hour earlier.
    assert data.weights[-2:].tolist() == pytest.approx([0.5 ** (25 / 48), 0.5**0.5])
    assert data.training_weights is not None
    assert len(data.training_weights) == len(data.training_frame)


def test_problems_of_captured_rows_name_their_file() -> None:
    new = captured_table(sample_csv(seed=1), held_out=90)
    new.table.rows[7][1] = "much"
    with pytest.raises(
        DatasetInvalidError, match=r"'amount': 1 × not a finite number, .* captured\.csv row 8"
    ):
        prepare(replace(table(sample_csv()), captured=new), definition())


def test_a_class_that_is_not_among_the_newest_rows_is_told_with_the_fix() -> None:
    new = captured_table(sample_csv(seed=1), held_out=40)
    for row in new.table.rows[-40:]:
        row[-2] = "no"
    with pytest.raises(DatasetInvalidError, match="'yes' has no row among the newest 40 captured ones"):
        prepare(replace(table(sample_csv()), captured=new), definition())


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
