import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import datasets

from lambdaloop.definition_schema import load_definition, parse_definition
from lambdaloop.domain.column_inference import guess_feature
from lambdaloop.domain.definition import RESERVED_FIELDS, Feature, Gate
from lambdaloop.domain.definition_text import render_yaml
from lambdaloop.domain.errors import DatasetEmptyError, DatasetInvalidError, DefinitionInvalidError
from lambdaloop.domain.releasing_rules import Approval, Shadow
from lambdaloop.domain.schema_inference import Inference, infer_definition

REAL_DATA = Path(__file__).parents[4] / "shared" / "data"


def infer(header: str, rows: list[str], *, target: str = "y", entity: str | None = None) -> Inference:
    content = "\n".join([header, *rows]).encode()
    return infer_definition(content, name="sample", target=target, entity=entity)


def with_target(values: list[str]) -> Inference:
    return infer("x,y", [f"{i % 7}.5,{value}" for i, value in enumerate(values)])


@pytest.mark.parametrize(
    ("texts", "feature"),
    [
        (["1", "2", "2"], Feature(type="integer", min=1, max=2)),
        (["0", "1", "1"], Feature(type="integer", min=0, max=1)),
        (["1", "2.5", "2"], Feature(type="number", min=1, max=2.5)),
        (["29.85", " ", "1e3"], Feature(type="number", nullable=True, min=29.85, max=1000)),
        (["True", "false", "TRUE"], Feature(type="boolean")),
        (["b", "a", "b", ""], Feature(type="category", nullable=True, categories=("a", "b"))),
    ],
)
def test_the_type_follows_from_the_text(texts: list[str], feature: Feature) -> None:
    assert guess_feature(texts).feature == feature


@pytest.mark.parametrize(
    ("texts", "reason"),
    [
        (["", " "], "has no value"),
        (["a", "a"], "is 'a' in every row"),
        (["u-1", "u-2", "u-3"], "is different text in every row"),
        (["7", "8", "9"], "numbers the rows"),
        (["2024-01-01", "2024-01-02", "2024-01-02"], "holds dates"),
        (["1.5", "?", "2.5", "?"], r"holds numbers but for '\?'"),
        ([f"text {i % 60}" for i in range(200)], "has 60 different texts"),
    ],
)
def test_columns_that_are_no_features_are_left_out_with_the_reason(texts: list[str], reason: str) -> None:
    guess = guess_feature(texts)
    assert guess.feature is None
    assert guess.left_out is not None
    assert re.search(reason, guess.left_out)


@pytest.mark.parametrize(
    ("values", "classes"),
    [
        (["Yes", "No", "No", "Yes"], ("No", "Yes")),
        (["0", "1", "1", "1"], (0, 1)),
        (["1.0", "0.0", "0.0"], (0, 1)),
        (["True", "false", "True"], (False, True)),
        (["good", "good", "bad"], ("good", "bad")),
        (["2", "2", "1"], (2, 1)),
    ],
)
def test_two_values_are_binary_with_the_positive_class_last(
    values: list[str], classes: tuple[object, ...]
) -> None:
    definition = with_target(values * 20).definition
    assert definition.task == "binary"
    assert definition.classes == classes
    assert [type(label) for label in definition.classes] == [type(label) for label in classes]


def test_few_texts_or_whole_numbers_are_classes_and_other_numbers_a_regression() -> None:
    assert with_target(["c", "a", "b"] * 20).definition.classes == ("a", "b", "c")
    assert with_target(["10", "9", "2"] * 20).definition.classes == (2, 9, 10)
    assert with_target([str(i) for i in range(60)]).definition.task == "regression"
    regression = with_target([f"{i % 5}.5" for i in range(60)]).definition
    assert regression.task == "regression"
    assert regression.training.metric == "rmse"
    assert regression.gate == Gate(max_drop=0.014)
    assert regression.monitoring.max_performance_drop == 0.071, "a twentieth of the target's spread"


def test_what_is_drafted_is_watched_out_of_the_box_and_says_what_is_kept() -> None:
    inference = infer("id,x,z,y", [f"c{i % 9},{i % 5}.5,{i % 4},{i % 2}" for i in range(60)], entity="id")
    assert inference.definition.serving.capture == ("x", "z")
    text = render_yaml(inference)
    assert "Strike what must not be kept.\n  capture:\n    - x\n    - z\n" in text
    struck = parse_definition(text.replace("    - z\n", ""), source="sample.yaml")
    assert struck.serving.capture == ("x",)
    for section in ("\nmonitoring:\n  every_hours: 1\n", "\nretraining:\n  on: [drift, performance]"):
        assert section in text


def test_everything_in_the_comments_of_the_draft_can_be_switched_on() -> None:
    inference = infer("x,plan,y", [f"{i % 5}.5,{'ab'[i % 3 == 0]},{i % 2}" for i in range(60)])
    text = render_yaml(inference)
    options = "max_label|features|segments|window_days|half_life|behaviour|shadow|approval"
    text = re.sub(rf"^  # ((?:{options})\w*:)", r"  \1", text, flags=re.MULTILINE)
    definition = parse_definition(text.replace("NAME", "plan"), source="sample.yaml")
    assert definition.monitoring.features["plan"].alarm
    assert definition.monitoring.segments == ("plan",)
    assert definition.monitoring.max_label_delay_hours == 48
    assert (definition.retraining.window_days, definition.retraining.half_life_days) == (90, 30)
    assert definition.release.behaviour.require == "better"
    assert definition.release.shadow == Shadow(share=0.5)
    assert definition.release.approval == Approval()
    assert "`lambdaloop experiment start sample`" in text


def test_folds_are_five_three_for_large_files_and_fewer_for_rare_classes() -> None:
    assert with_target(["a", "b"] * 100).definition.training.folds == 5
    assert with_target(["a", "b"] * 10_001).definition.training.folds == 3
    assert with_target(["a"] * 100 + ["b"] * 9).definition.training.folds == 3


def test_target_and_entity_are_never_features() -> None:
    inference = infer("id,x,y", [f"c{i % 9},{i % 5}.5,{i % 2}" for i in range(60)], entity="id")
    assert list(inference.definition.features) == ["x"]
    assert inference.definition.entity == "id"


@pytest.mark.parametrize(
    ("header", "rows", "entity", "problem"),
    [
        ("x,z", ["1,2"], None, "target 'y' is no column of the file: use one of 'x', 'z'"),
        ("x,y", ["1,a", "2,b"], "id", "entity 'id' is no column of the file"),
        ("x,y", ["1,a", "2,a"], None, "target 'y' needs at least two different values"),
        ("x,y", ["1,a", "1,b"], None, "no column is left to predict from: 'x' is '1' in every row"),
        ("x,y", [f"{i % 3},t{i}" for i in range(30)], None, "target 'y' has 30 different texts"),
    ],
)
def test_a_file_that_does_not_fit_is_refused_with_the_fix(
    header: str, rows: list[str], entity: str | None, problem: str
) -> None:
    with pytest.raises(DefinitionInvalidError, match=problem):
        infer(header, rows, entity=entity)


@pytest.mark.parametrize(("separator", "name"), [(";", "semicolons"), ("\t", "tabs"), ("|", "vertical bars")])
def test_a_file_with_another_separator_is_told_to_use_commas(separator: str, name: str) -> None:
    with pytest.raises(DatasetInvalidError, match=f"one column with {name}, .*: separate columns by commas"):
        infer(f"x{separator}y", [f"1,5{separator}a"])


@pytest.mark.parametrize(
    ("header", "wanted", "meant"),
    [("x,churn", " churn ", "churn"), ("x, churn", "churn", " churn"), ("x,Churned", "churnd", "Churned")],
)
def test_a_name_that_is_almost_a_column_is_answered_with_that_column(
    header: str, wanted: str, meant: str
) -> None:
    with pytest.raises(DefinitionInvalidError, match=f"did you mean '{meant}'"):
        infer(header, ["1,a"], target=wanted)


def test_a_file_without_rows_is_refused() -> None:
    with pytest.raises(DatasetEmptyError):
        infer("x,y", [])


def test_a_bad_model_name_is_refused() -> None:
    with pytest.raises(DefinitionInvalidError, match="name must be"):
        infer_definition(b"x,y\n1,a\n2,b\n", name="Bad Name", target="y")


TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), min_size=1, max_size=12).filter(
    lambda text: text not in RESERVED_FIELDS
)


@settings(max_examples=40)
@given(
    names=st.lists(TEXT, min_size=3, max_size=5, unique=True),
    words=st.lists(TEXT, min_size=2, max_size=4, unique=True),
)
def test_any_names_and_categories_survive_the_written_text(names: list[str], words: list[str]) -> None:
    features = {name: Feature(type="category", categories=tuple(words)) for name in names[1:]}
    drafted = infer("x,y", ["1,a", "2,b", "2,a"]).definition
    definition = type(drafted)(
        name="sample",
        task="binary",
        target=names[0],
        classes=(words[0], words[1]),
        features=features,
        data=drafted.data,
        training=drafted.training,
    )
    text = render_yaml(Inference(definition=definition, left_out={"a\nb": "has\nlines"}, rows=3))
    assert parse_definition(text, source="sample.yaml") == definition


def test_editors_find_the_schema_from_the_first_line_of_the_written_text() -> None:
    text = render_yaml(infer("x,y", ["1,a", "2,b", "2,a"]))
    assert text.splitlines()[0] == "# yaml-language-server: $schema=schema.json"


@pytest.mark.parametrize("value", [1e-05, 1e16, -2.5, 3.0, 0.1, 1e300, 123456789.123])
def test_numbers_survive_the_written_text(value: float) -> None:
    drafted = infer("x,y", [f"{value!r},a", "2.25,b", f"{value!r},b"])
    read = parse_definition(render_yaml(drafted), source="sample.yaml")
    assert read == drafted.definition
    assert value in (read.features["x"].min, read.features["x"].max)


def test_whole_numbers_that_hardly_ever_come_again_are_measured_and_no_classes() -> None:
    weights = infer("x,y", [f"{i / 2},{138 + 7 * (i % 14)}" for i in range(20)])
    assert weights.definition.task == "regression"
    grades = infer("x,y", [f"{i / 2},{i % 5}" for i in range(20)])
    assert grades.definition.task == "multiclass"


@pytest.mark.parametrize(
    ("load", "task", "classes"),
    [
        (datasets.load_breast_cancer, "binary", (0, 1)),
        (datasets.load_diabetes, "regression", ()),
        (datasets.load_iris, "multiclass", (0, 1, 2)),
        (datasets.load_wine, "multiclass", (0, 1, 2)),
    ],
)
def test_bundled_data_give_a_definition_that_loads(
    load: object, task: str, classes: tuple[int, ...], tmp_path: Path
) -> None:
    frame = load(as_frame=True).frame  # type: ignore[operator]
    inference = infer_definition(frame.to_csv(index=False).encode(), name="bundled", target="target")
    path = tmp_path / "bundled.yaml"
    path.write_text(render_yaml(inference), encoding="utf-8")
    assert load_definition(path) == inference.definition
    assert (inference.definition.task, inference.definition.classes) == (task, classes)
    assert list(inference.definition.features) == [name for name in frame.columns if name != "target"]


@pytest.mark.skipif(not REAL_DATA.exists(), reason="the real data sets lie beside the checkout only")
def test_real_data_need_no_hand_edits() -> None:
    telco = infer_definition(
        (REAL_DATA / "telco_churn.csv").read_bytes(), name="churn", target="Churn", entity="customerID"
    ).definition
    assert telco.classes == ("No", "Yes")
    assert telco.features["TotalCharges"] == Feature(type="number", nullable=True, min=18.8, max=8684.8)
    assert len(telco.features) == 19
    electricity = infer_definition(
        (REAL_DATA / "electricity.csv").read_bytes(), name="electricity", target="class"
    ).definition
    assert electricity.classes == (0, 1)
    assert electricity.training.folds == 3
