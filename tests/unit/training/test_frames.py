from typing import Any

import numpy as np
import pytest

from lambdaloop.domain.definition import Feature, ModelDefinition
from lambdaloop.training.frames import Findings, missing_columns, target_values, typed_frame
from tests.unit.training.sample_data import definition, table


def column(feature: Feature, *texts: str) -> tuple[list[Any], list[str], list[str]]:
    """Values, problems and accepted surprises of one column."""
    raw = table("\n".join(["a,b", *(f'"{text}",x' for text in texts)]).encode(), key="data/a.csv")
    problems, unexpected = Findings(), Findings()
    frame = typed_frame(raw, {"a": feature}, problems=problems, unexpected=unexpected)
    return frame["a"].tolist(), problems.lines(raw), unexpected.lines(raw)


@pytest.mark.parametrize(
    ("feature", "texts", "values"),
    [
        (Feature(type="number"), ["1.5", " -2e3 ", "0.1"], [1.5, -2000.0, 0.1]),
        (Feature(type="integer"), ["3", "4.0"], [3.0, 4.0]),
        (Feature(type="boolean"), ["true", "FALSE", "1", "0"], [1.0, 0.0, 1.0, 0.0]),
        (Feature(type="category", categories=("NA", "x ")), ["NA", "x "], ["NA", "x "]),
        (Feature(type="category", categories=("", "x")), ["", "x"], ["", "x"]),
    ],
)
def test_text_becomes_values(feature: Feature, texts: list[str], values: list[Any]) -> None:
    assert column(feature, *texts) == (values, [], [])


@pytest.mark.parametrize(
    "feature",
    [Feature(type="number", nullable=True), Feature(type="category", categories=("x",), nullable=True)],
)
def test_blank_text_is_a_missing_value(feature: Feature) -> None:
    values, problems, _ = column(feature, "", "  ")
    assert problems == []
    assert all(value != value for value in values)  # noqa: PLR0124


@pytest.mark.parametrize(
    ("feature", "text", "problem"),
    [
        (Feature(type="number"), "abc", "not a finite number, first 'abc'"),
        (Feature(type="number"), "nan", "not a finite number, first 'nan'"),
        (Feature(type="number"), "1_000", "not a finite number, first '1_000'"),
        (Feature(type="integer"), "1.5", "not a whole number, first '1.5'"),
        (Feature(type="boolean"), "maybe", "not true or false, first 'maybe'"),
        (Feature(type="number"), "", "missing, but not nullable, first ''"),
        (Feature(type="number", max=5, unexpected="reject"), "6", "outside the range, first '6'"),
        (
            Feature(type="category", categories=("x",), unexpected="reject"),
            "y",
            "not among the categories, first 'y'",
        ),
    ],
)
def test_what_does_not_fit_is_counted_with_its_first_place(feature: Feature, text: str, problem: str) -> None:
    good = {"category": "x", "boolean": "true"}.get(feature.type, "1")
    _, problems, _ = column(feature, good, text, good, text)
    assert problems == [f"column 'a': 2 × {problem} in data/a.csv row 2"]


def test_accepted_surprises_are_reported_but_no_problem() -> None:
    _, problems, unexpected = column(Feature(type="number", min=0, max=5), "-1", "3", "7")
    assert problems == []
    assert unexpected == ["column 'a': 2 × outside the range, first '-1' in data/a.csv row 1"]
    values, problems, unexpected = column(Feature(type="category", categories=("x",)), "y")
    assert (values, problems) == (["y"], [])
    assert unexpected == ["column 'a': 1 × not among the categories, first 'y' in data/a.csv row 1"]


def target(model: ModelDefinition, *texts: str) -> tuple[list[Any], list[str]]:
    raw = table("\n".join(["outcome,b", *(f"{text},x" for text in texts)]).encode(), key="data/a.csv")
    problems = Findings()
    return target_values(raw, model, problems).tolist(), problems.lines(raw)


def test_labels_become_indices_in_the_order_of_the_definition() -> None:
    assert target(definition("binary"), "yes", "no") == ([1, 0], [])
    assert target(definition("multiclass"), "0", "1", "2", "2.0") == ([1, 2, 0, 0], [])
    assert target(definition(classes=(True, False)), "false", "True") == ([1, 0], [])
    assert target(definition("regression"), "1.25") == ([1.25], [])


def test_unknown_and_missing_labels_are_problems() -> None:
    _, problems = target(definition("binary"), "yes", "maybe", "", "Yes")
    assert problems == [
        "column 'outcome': 2 × not one of the classes 'no', 'yes' (found 'maybe', 'Yes'), first 'maybe' in data/a.csv row 2",
        "column 'outcome': 1 × missing, first '' in data/a.csv row 3",
    ]
    assert target(definition("regression"), "1", "")[1] == [
        "column 'outcome': 1 × missing, but not nullable, first '' in data/a.csv row 2"
    ]


def test_missing_columns_are_named_beside_those_that_are_there() -> None:
    raw = table(b"a,b\n1,2\n")
    assert missing_columns(raw, ["a", "c", "d"]) == ["columns 'c', 'd' are missing, the files have 'a', 'b'"]
    assert missing_columns(raw, ["a"]) == []


def test_numbers_read_as_python_reads_them() -> None:
    texts = [repr(float(x)) for x in np.random.default_rng(0).lognormal(0, 30, 200)]
    assert column(Feature(type="number"), *texts)[0] == [float(text) for text in texts]
