from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdaloop.domain.captured import CapturedPrediction, LineUnreadableError
from lambdaloop.domain.csv_rows import read_csv
from lambdaloop.domain.definition import Feature
from lambdaloop.domain.errors import DatasetInvalidError
from lambdaloop.domain.labelled_rows import (
    LabelledRowWriter,
    captured_columns,
    row_times,
    times_of,
    uncaptured_features,
    write_rows,
)
from lambdaloop.domain.prediction_id import new_prediction_id
from lambdaloop.domain.serving_rules import Serving
from lambdaloop.training.frames import Findings, target_values, typed_frame
from tests.unit.training.sample_data import FEATURES, definition, table

AT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
ROW = {
    "plan": "basic",
    "amount": 1e7,
    "since": 1_600_000_000,
    "region (code)": None,
    "age": 44.0,
    "score": -0.5,
    "active": True,
}


def captured(features: dict[str, Any]) -> CapturedPrediction:
    return CapturedPrediction(
        prediction_id=new_prediction_id(AT),
        model="sample",
        version=1,
        release=1,
        variant="champion",
        entity="hash",
        event_time=AT,
        features=features,
        features_dropped=not features,
        prediction="no",
        probabilities={"no": 1.0, "yes": 0.0},
    )


def refusal(values: dict[str, Any], actual: Any = "yes", **changes: Any) -> str:
    with pytest.raises(LineUnreadableError) as caught:
        LabelledRowWriter(definition(**changes)).row(captured(values), actual)
    return caught.value.reason


def test_a_row_is_spelled_as_in_the_file_of_a_user() -> None:
    prediction = captured(ROW)
    fields = LabelledRowWriter(definition()).row(prediction, "yes")
    assert fields == [
        "basic",
        "10000000.0",
        "1600000000",
        "",
        "44.0",
        "-0.5",
        "true",
        "yes",
        prediction.prediction_id,
    ]
    assert captured_columns(definition()) == (*FEATURES, "outcome", "prediction_id")


def test_features_that_the_definition_has_no_more_are_left_aside() -> None:
    assert len(LabelledRowWriter(definition()).row(captured({**ROW, "gone": 1}), "no")) == 9


def test_a_row_without_one_of_the_features_is_refused() -> None:
    assert refusal({}).startswith("features 'plan', 'amount', 'since'")
    without = {name: value for name, value in ROW.items() if name != "age"}
    assert refusal(without) == "features 'age' were not captured"


def test_a_row_that_the_definition_of_today_would_refuse_is_refused() -> None:
    assert "'amount' is missing" in refusal({**ROW, "amount": None})
    assert "'plan' must be text" in refusal({**ROW, "plan": 7})
    strict = FEATURES | {"plan": replace(FEATURES["plan"], unexpected="reject")}
    assert "must be one of basic, plus, pro" in refusal({**ROW, "plan": "gold"}, features=strict)


def test_half_a_character_is_refused() -> None:
    assert refusal({**ROW, "plan": "\ud800"}).startswith("not Unicode")


def test_a_truth_that_is_no_value_of_the_target_is_refused() -> None:
    assert refusal(ROW, actual="maybe").startswith("actual is no value of the target")


@pytest.mark.parametrize(
    ("task", "actual", "text"),
    [
        ("multiclass", "2", "2"),
        ("multiclass", 1.0, "1"),
        ("regression", 3, "3.0"),
        ("regression", "2.5", "2.5"),
    ],
)
def test_a_truth_is_written_as_the_definition_spells_it(task: Any, actual: Any, text: str) -> None:
    assert LabelledRowWriter(definition(task)).row(captured(ROW), actual)[-2] == text


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
VALUES = st.fixed_dictionaries(
    {
        "plan": TEXTS.filter(str.strip),
        "amount": st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(10**300), 10**300),
        "since": st.integers(-(2**53), 2**53),
        "region (code)": st.none() | TEXTS,
        "age": st.none() | st.integers(0, 120),
        "score": st.none() | st.floats(allow_nan=False, allow_infinity=False),
        "active": st.none() | st.booleans() | st.sampled_from([0, 1]),
    }
)


@given(rows=st.lists(st.tuples(VALUES, st.sampled_from(["yes", "no"])), min_size=1, max_size=5))
def test_training_reads_what_was_predicted_on_bit_for_bit(rows: list[tuple[dict[str, Any], str]]) -> None:
    model = definition()
    writer = LabelledRowWriter(model)
    content = write_rows(
        captured_columns(model), [writer.row(captured(values), actual) for values, actual in rows]
    )
    problems = Findings()
    read = table(content, key="captured.csv")
    frame = typed_frame(read, model.features, problems=problems, unexpected=Findings())
    target = target_values(read, model, problems)
    assert not problems
    assert target.tolist() == [["no", "yes"].index(actual) for _, actual in rows]
    for name, feature in FEATURES.items():
        for (values, _), found in zip(rows, frame[name].tolist(), strict=True):
            given_value = values[name]
            blank = feature.type == "category" and isinstance(given_value, str) and not given_value.strip()
            if given_value is None or blank:
                assert found != found, name  # noqa: PLR0124  (NaN)
            else:
                assert found == (given_value if feature.type == "category" else float(given_value)), name


def test_rows_carry_their_times() -> None:
    model = definition()
    row = LabelledRowWriter(model).row(captured(ROW), "no")
    content = write_rows(captured_columns(model), [row])
    assert row_times(content) == (AT,)
    assert list(read_csv(content, source="captured.csv")[1]) == [row]
    with pytest.raises(DatasetInvalidError, match="'order-7' is no prediction id"):
        times_of(["order-7"])


def test_features_that_are_not_captured_are_told() -> None:
    assert uncaptured_features(definition(serving=Serving(capture=tuple(FEATURES)))) == ()
    some = Serving(capture=tuple(name for name in FEATURES if name != "age"))
    assert uncaptured_features(definition(serving=some)) == ("age",)


def test_every_spelling_of_a_class_is_written_the_same() -> None:
    writer = LabelledRowWriter(definition(classes=(False, True), features={"score": Feature(type="number")}))
    rows = [writer.row(captured({"score": 1}), actual) for actual in (True, "TRUE", "true")]
    assert {row[1] for row in rows} == {"True"}
