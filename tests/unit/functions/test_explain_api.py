import math
from dataclasses import replace
from typing import Any

import pytest

from lambdaloop.domain.errors import ModelNotReleasedError
from lambdaloop.domain.golden import GoldenRows
from lambdaloop.domain.serving_rules import Serving
from lambdaloop.services.load_model import LoadedModel
from lambdaloop.serving.served_model import LoadedBundle
from tests.fakes.tiny_model import DEFINITION, ROW, classifier, regressor
from tests.unit.functions.gateway import PIN, Gateway


def test_the_contributions_of_a_row_add_up_to_its_prediction() -> None:
    gateway = Gateway()
    answer = gateway.explain(ROW, {**ROW, "plan": "never seen", "age": None})
    assert answer.status == 200
    predicted = gateway.predict(ROW).body["predictions"][0]
    first, second = answer.body["explanations"]
    assert (first["value"], first["probabilities"]) == (predicted["value"], predicted["probabilities"])
    for one in (first, second):
        assert one["contributions"].keys() == ROW.keys()
        assert one["base"] + math.fsum(one["contributions"].values()) == pytest.approx(one["output"])
    assert answer.body["model_version"] == 7


def test_a_linear_model_is_explained_by_its_weights() -> None:
    [one] = Gateway().explain(ROW).body["explanations"]
    assert (one["scale"], one["method"], one["errors"]) == ("margin", "exact", None)
    assert one["output"] == pytest.approx(3.2)
    # Against rows whose age is 20, missing (which weighs nothing) and 60.
    assert one["contributions"]["age"] == pytest.approx(0.05 * (40 - 80 / 3))


def test_the_entity_of_a_row_moves_nothing() -> None:
    [one] = Gateway().explain({**ROW, "customer": "7"}).body["explanations"]
    assert "customer" not in one["contributions"]


def test_a_regression_is_explained_on_the_scale_of_its_value() -> None:
    model = LoadedBundle.from_bytes(regressor("churn"))
    [one] = Gateway(model).explain(ROW).body["explanations"]
    assert (one["scale"], one["label"], one["output"]) == ("value", None, pytest.approx(3.2))


@pytest.mark.parametrize(
    ("serving", "status"),
    [
        (Serving(), 200),
        (Serving(explain=False), 403),
        (Serving(authorization="open"), 403),
        (Serving(authorization="open", explain=True), 200),
    ],
)
def test_strangers_get_explanations_only_where_the_definition_says_so(serving: Serving, status: int) -> None:
    answer = Gateway(definition=replace(DEFINITION, serving=serving)).explain(ROW)
    assert answer.status == status
    assert status == 200 or "serving.explain" in answer.body["error"]


def test_explanations_are_no_predictions() -> None:
    gateway = Gateway()
    gateway.explain(ROW)
    gateway.explain({})
    assert gateway.captured == []
    assert gateway.measured == []


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"label": "maybe"}, "label"),
        ({"label": 1}, "label"),
        ({"scale": "value"}, "scale"),
        ({"scale": "odds"}, "scale"),
        ({"model_version": "7"}, "model_version"),
        ({"entity_id": "7"}, "entity_id"),
    ],
)
def test_what_the_model_does_not_have_is_422(more: dict[str, Any], field: str) -> None:
    answer = Gateway().explain(ROW, **more)
    assert answer.status == 422
    assert [one["field"] for one in answer.body["details"]] == [field]


def test_a_bad_row_is_422_as_for_a_prediction() -> None:
    answer = Gateway().explain(ROW, {**ROW, "visits": 5000})
    assert [(one["row"], one["field"]) for one in answer.body["details"]] == [(1, "visits")]


def test_labels_are_found_by_their_type() -> None:
    gateway = Gateway(LoadedBundle.from_bytes(classifier(classes=(False, True))))
    assert gateway.explain(ROW, label=True).body["explanations"][0]["label"] == "True"
    assert gateway.explain(ROW, label=1).status == 422


def test_a_version_that_is_not_live_is_404() -> None:
    assert Gateway().explain(ROW, model_version=7).status == 200
    assert Gateway().explain(ROW, model_version=8).status == 404


def test_too_many_rows_are_413() -> None:
    gateway = Gateway()
    assert gateway.explain(*[ROW] * 50).status == 200
    answers = [gateway.explain(*[ROW] * count) for count in (51, 101)]
    assert [answer.status for answer in answers] == [413, 413]
    for answer, most in zip(answers, ("at most 50", "at most 100"), strict=True):
        assert most in answer.body["error"]


def test_without_a_model_or_its_golden_rows_there_is_nothing_to_explain() -> None:
    model = LoadedBundle.from_bytes(classifier())
    nothing = GoldenRows(rows=(), outputs=()).to_json()
    for content in (
        ModelNotReleasedError("not released yet"),
        LoadedModel(pin=PIN, model=model, golden_json=nothing),
        LoadedModel(pin=PIN, model=model, golden_json=b"?"),
    ):
        gateway = Gateway(content)
        assert gateway.explain(ROW).status == 503
