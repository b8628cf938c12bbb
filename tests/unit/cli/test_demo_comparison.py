"""The live answers beside those of the first model."""

from collections.abc import Sequence
from typing import Any

import pytest

from lambdaloop.domain.candidate import Candidate
from lambdaloop.domain.definition import Data, Feature, ModelDefinition, Training
from lambdaloop.domain.prediction import Output
from scripts.cli.demo_comparison import Answer, compare, sparklines


def definition(task: str) -> ModelDefinition:
    regression = task == "regression"
    return ModelDefinition(
        name="model",
        task=task,  # type: ignore[arg-type]
        target="y",
        classes=() if regression else ("no", "yes"),
        features={"x": Feature(type="number")},
        data=Data(location="model/"),
        training=Training(
            metric="rmse" if regression else "accuracy",
            candidates=(Candidate(name="forest", estimator="random_forest"),),
        ),
    )


def label(value: str, certainty: float = 0.8) -> Output:
    yes = certainty if value == "yes" else 1 - certainty
    return Output(value=value, probabilities={"no": 1 - yes, "yes": yes})


def answers(rows: Sequence[tuple[int, Any, Output, Output]]) -> list[Answer]:
    return [Answer(day=day, actual=actual, live=live, static=static) for day, actual, live, static in rows]


def test_accuracy_and_roc_auc_are_those_of_each_side() -> None:
    found = compare(
        answers(
            [
                (0, "yes", label("yes", 0.9), label("no")),
                (0, "no", label("no"), label("no")),
                (1, "yes", label("yes"), label("yes")),
                (1, "no", label("yes", 0.6), label("no")),
            ]
        ),
        definition("binary"),
    )
    assert (found.metric, found.static, found.live) == ("accuracy", 0.75, 0.75)
    assert found.more["roc_auc"] == (0.75, 1.0)
    assert found.gain == 0


def test_the_timeline_has_one_value_per_period_and_no_more_than_fit_a_line() -> None:
    found = compare(
        answers([(day, "yes", label("yes"), label("yes" if day < 40 else "no")) for day in range(80)]),
        definition("binary"),
    )
    assert found.period_days == 4
    assert found.static_by_period == [1.0] * 10 + [0.0] * 10
    assert found.live_by_period == [1.0] * 20


def test_less_is_better_for_a_regression() -> None:
    found = compare(
        answers(
            [(0, 3.0, Output(value=4.0), Output(value=6.0)), (0, 1.0, Output(value=0.0), Output(value=4.0))]
        ),
        definition("regression"),
    )
    assert (found.metric, found.live, found.static) == ("rmse", 1.0, 3.0)
    assert found.gain == pytest.approx(2.0)
    assert found.more == {}


def test_sparklines_share_one_scale() -> None:
    assert sparklines([0.5, 0.75, 1.0], [0.0, 0.5, 1.0]) == ["▅▆█", "▁▅█"]
    assert sparklines([0.7, 0.7]) == ["▁▁"]
