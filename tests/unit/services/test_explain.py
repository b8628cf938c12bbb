"""Explanations against Shapley values by their definition, for models that are functions of a row."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import permutations
from typing import Any

import pytest

from lambdaloop.domain.definition import Feature
from lambdaloop.domain.encoding import RowProblem, RowsInvalidError
from lambdaloop.domain.explained_scale import Scale
from lambdaloop.domain.golden import GoldenOutput, GoldenRows
from lambdaloop.domain.prediction import Output
from lambdaloop.domain.signature import Signature
from lambdaloop.services.explain import EVALUATIONS, background_of, explain, max_rows

Row = Mapping[str, Any]


class FunctionModel:
    """Predicts the probability of "yes" (or a number, without classes) by a function of the row; counts what it is asked."""

    def __init__(
        self, function: Callable[[Row], float], names: Sequence[str], classes: tuple[str, ...] = ("no", "yes")
    ) -> None:
        features = {name: Feature(type="number", nullable=True, min=-100, max=100) for name in names}
        task = "binary" if classes else "regression"
        self.signature = Signature(model="churn", task=task, features=features, classes=classes)  # type: ignore[arg-type]
        self._function = function
        self.asked = 0

    def predict(self, rows: Sequence[Row]) -> list[Output]:
        self.asked += len(rows)
        numbers = [self._function(row) for row in rows]
        if wrong := [place for place, number in enumerate(numbers) if not math.isfinite(number)]:
            raise RowsInvalidError([RowProblem(row=place, field="", problem="too great") for place in wrong])
        if not self.signature.classes:
            return [Output(value=number) for number in numbers]
        return [
            Output(value="yes" if p > 0.5 else "no", probabilities={"no": 1 - p, "yes": p}) for p in numbers
        ]

    def exact_shares(
        self,
        row: Row,  # noqa: ARG002  (it knows nothing but its answers)
        background: Sequence[Row],  # noqa: ARG002
        *,
        label: str | None,  # noqa: ARG002
        scale: Scale,  # noqa: ARG002
    ) -> Sequence[Mapping[str, float]] | None:
        return None


def _sigmoid(score: float) -> float:
    return 1 / (1 + math.exp(-score))


def _names(count: int) -> list[str]:
    return [f"f{place}" for place in range(count)]


def _rows(count: int, features: int) -> list[dict[str, float]]:
    return [
        {name: math.sin(17 * number + 3 * place) for place, name in enumerate(_names(features))}
        for number in range(count)
    ]


def _by_definition(function: Callable[[Row], float], row: Row, background: Sequence[Row]) -> dict[str, float]:
    """The mean over all orders and all background rows."""
    shares = dict.fromkeys(row, 0.0)
    orders = list(permutations(row))
    for start in background:
        for order in orders:
            mixed = dict(start)
            for name in order:
                before = function(mixed)
                mixed[name] = row[name]
                shares[name] += function(mixed) - before
    return {name: total / len(orders) / len(background) for name, total in shares.items()}


def _entangled(row: Row) -> float:
    return _sigmoid(2 * row["f0"] * row["f1"] + row["f2"] * max(row["f0"], row["f3"]) - row["f1"])


def test_few_features_are_explained_by_all_of_their_mixes() -> None:
    [row, *background] = _rows(4, 4)
    model = FunctionModel(_entangled, _names(4))
    [found] = explain([row], model=model, background=background)
    assert (found.method, found.scale, found.errors) == ("exact", "probability", None)
    assert found.contributions == pytest.approx(_by_definition(_entangled, row, background), abs=1e-12)


def test_a_logistic_regression_of_any_size_is_explained_exactly_by_its_weights() -> None:
    weights = dict(zip(_names(40), [math.cos(place) for place in range(40)], strict=True))
    model = FunctionModel(
        lambda row: _sigmoid(sum(weight * row[name] for name, weight in weights.items()) / 4), [*weights]
    )
    [row, *background] = _rows(21, 40)
    [found] = explain([row], model=model, background=background)
    assert (found.method, found.scale, found.label) == ("exact", "margin", "yes")
    for name, weight in weights.items():
        usual = math.fsum(one[name] for one in background) / len(background)
        assert found.contributions[name] == pytest.approx(weight / 4 * (row[name] - usual), abs=1e-9)


def test_a_linear_regression_is_explained_exactly_on_the_scale_of_its_value() -> None:
    model = FunctionModel(lambda row: 3 * row["f0"] - row["f7"], _names(30), classes=())
    [row, *background] = _rows(21, 30)
    [found] = explain([row], model=model, background=background)
    assert (found.method, found.scale, found.label) == ("exact", "value", None)
    assert found.contributions["f3"] == pytest.approx(0, abs=1e-12)
    assert math.fsum(found.contributions.values()) == pytest.approx(found.output - found.base, abs=1e-9)


def test_what_is_sampled_adds_up_and_is_as_near_as_its_errors_say() -> None:
    names = _names(16)
    model = FunctionModel(_entangled, names)
    [row, *background] = _rows(11, 16)
    [found] = explain([row], model=model, background=background)
    assert found.method == "sampled"
    assert found.errors is not None
    assert found.base + math.fsum(found.contributions.values()) == pytest.approx(found.output, abs=1e-12)
    wanted = _by_definition(
        _entangled,
        {name: row[name] for name in names[:4]},
        [{n: one[n] for n in names[:4]} for one in background],
    )
    for name in names:
        assert abs(found.contributions[name] - wanted.get(name, 0.0)) <= 4 * found.errors[name] + 1e-12
    assert 0 < max(found.errors.values()) < 0.01


def test_the_same_row_is_explained_the_same_way_wherever_it_stands() -> None:
    [one, other, *background] = _rows(12, 16)
    model = FunctionModel(_entangled, _names(16))
    first, second = (
        explain(rows, model=model, background=background) for rows in ([one, other], [other, one])
    )
    assert first == second[::-1]


def test_a_scale_can_be_asked_for() -> None:
    [row, *background] = _rows(4, 4)
    model = FunctionModel(lambda row: _sigmoid(row["f0"] + row["f1"]), _names(4))
    [margin] = explain([row], model=model, background=background, scale="margin")
    [probability] = explain([row], model=model, background=background, scale="probability")
    assert margin.output == pytest.approx(row["f0"] + row["f1"])
    assert probability.output == pytest.approx(_sigmoid(row["f0"] + row["f1"]))
    [of_the_other_class] = explain([row], model=model, background=background, label="no")
    assert of_the_other_class.output == pytest.approx(-margin.output)


def test_of_several_classes_the_predicted_one_is_explained_and_a_softmax_is_additive() -> None:
    classes = ("a", "b", "c")

    class Softmax(FunctionModel):
        def predict(self, rows: Sequence[Row]) -> list[Output]:
            found = []
            for row in rows:
                powers = [math.exp(row["f0"]), math.exp(2 * row["f1"]), math.exp(row["f2"] - row["f3"])]
                shares = {name: one / sum(powers) for name, one in zip(classes, powers, strict=True)}
                found.append(Output(value=max(shares, key=lambda name: shares[name]), probabilities=shares))
            return found

    [row, *background] = _rows(4, 4)
    [found] = explain([row], model=Softmax(lambda _: 0.0, _names(4), classes), background=background)
    assert found.label == found.prediction.value
    assert (found.method, found.scale) == ("exact", "margin")


def test_a_probability_of_zero_or_one_is_explained() -> None:
    [row, *background] = _rows(4, 4)
    model = FunctionModel(lambda row: float(row["f0"] * row["f1"] > 0), _names(4))
    scales: tuple[Scale | None, ...] = (None, "margin", "probability")
    for scale in scales:
        [found] = explain([row], model=model, background=background, scale=scale)
        assert all(map(math.isfinite, found.contributions.values()))


@pytest.mark.parametrize(("rows", "features"), [(1, 4), (50, 4), (1, 30), (8, 30), (1, 500)])
def test_no_request_asks_for_more_than_its_share(rows: int, features: int) -> None:
    model = FunctionModel(lambda row: _sigmoid(row["f0"] * row["f1"]), _names(features))
    asked_about, background = _rows(rows, features), _rows(60, features)[40:]
    assert explain(asked_about, model=model, background=background)
    assert model.asked <= EVALUATIONS + rows


def test_a_row_is_held_against_the_same_rows_however_many_are_asked_about() -> None:
    """Else two requests would tell what is in a row that only one of them was held against."""
    [row, *background] = _rows(21, 30)
    model = FunctionModel(_entangled, _names(30))
    base = math.fsum(_entangled(one) for one in background) / len(background)
    for rows in ([row], [row] * max_rows(model.signature)):
        assert explain(rows, model=model, background=background)[-1].base == pytest.approx(base, abs=1e-12)


def test_few_rows_are_in_memory_at_once() -> None:
    class Remembering(FunctionModel):
        most = 0

        def predict(self, rows: Sequence[Row]) -> list[Output]:
            self.most = max(self.most, len(rows))
            return super().predict(rows)

    [row, *background] = _rows(21, 30)
    model = Remembering(_entangled, _names(30))
    explain([row], model=model, background=background)
    assert model.asked > 5000
    assert model.most <= 1000


def test_as_many_rows_are_taken_as_can_be_sampled() -> None:
    limits = [
        max_rows(FunctionModel(_entangled, _names(features)).signature) for features in (4, 30, 200, 5000)
    ]
    assert limits == [50, 8, 1, 1]


def test_a_mix_without_a_finite_answer_is_a_problem_of_its_row() -> None:
    fine, odd = {"f0": 1.0, "f1": 1.0}, {"f0": 5.0, "f1": 5.0}
    model = FunctionModel(lambda row: math.inf if row["f0"] > 2 > row["f1"] else 0.5, ["f0", "f1"])
    with pytest.raises(RowsInvalidError) as caught:
        explain([fine, odd], model=model, background=[fine])
    assert [(one.row, one.field) for one in caught.value.problems] == [(1, "")]


def test_rows_that_cannot_be_predicted_cannot_be_explained() -> None:
    model = FunctionModel(lambda row: math.inf if row["f0"] > 2 else 0.5, ["f0"])
    with pytest.raises(RowsInvalidError, match="1 problems, the first in row 1"):
        explain([{"f0": 1.0}, {"f0": 3.0}], model=model, background=[{"f0": 0.0}])


def test_rows_are_held_against_the_first_twenty_ordinary_golden_rows() -> None:
    signature = FunctionModel(_entangled, ["f0"]).signature
    rows: list[Row] = [{"f0": 1e7}, *({"f0": float(number)} for number in range(30)), {"f0": None}]
    golden = GoldenRows(rows=tuple(rows), outputs=(GoldenOutput(value="no"),) * len(rows))
    assert [row["f0"] for row in background_of(golden, signature)] == [float(number) for number in range(20)]
    only = GoldenRows(rows=({"f0": 1e7},), outputs=(GoldenOutput(value="no"),))
    assert background_of(only, signature) == ({"f0": 1e7},)


class KnowingModel(FunctionModel):
    """Knows its shares by definition, on one scale."""

    def __init__(self, names: Sequence[str], *, scale: Scale, error: float = 0.0) -> None:
        super().__init__(_entangled, names)
        self._scale, self._error = scale, error

    def exact_shares(
        self, row: Row, background: Sequence[Row], *, label: str | None, scale: Scale
    ) -> Sequence[Mapping[str, float]] | None:
        assert label == "yes"
        if scale != self._scale:
            return None
        used = [{name: one[name] for name in _names(4)} for one in background]
        own = {name: row[name] for name in _names(4)}
        known = [_by_definition(_entangled, own, [one]) for one in used]
        return [{name: shares.get(name, 0.0) + self._error for name in row} for shares in known]


def test_what_a_model_knows_of_its_shares_is_taken_for_the_whole_explanation() -> None:
    [row, *background] = _rows(11, 16)
    model = KnowingModel(_names(16), scale="probability")
    [found] = explain([row], model=model, background=background)
    assert (found.method, found.scale, found.errors) == ("exact", "probability", None)
    assert found.base + math.fsum(found.contributions.values()) == pytest.approx(found.output, abs=1e-12)
    assert model.asked == 1 + len(background)


def test_on_another_scale_than_the_model_knows_it_is_asked() -> None:
    [row, *background] = _rows(11, 16)
    [found] = explain(
        [row], model=KnowingModel(_names(16), scale="probability"), background=background, scale="margin"
    )
    assert (found.method, found.scale) == ("sampled", "margin")


def test_shares_that_do_not_add_up_are_not_believed() -> None:
    [row, *background] = _rows(11, 16)
    model = KnowingModel(_names(16), scale="probability", error=1e-3)
    assert explain([row], model=model, background=background)[0].method == "sampled"


def test_rows_with_free_text_are_ordinary_ones() -> None:
    features = {"f0": Feature(type="number", max=100), "note": Feature(type="text", nullable=True)}
    signature = replace(FunctionModel(_entangled, ["f0"]).signature, features=features)
    rows: list[Row] = [{"f0": 1e7, "note": "much"}, {"f0": 1.0, "note": "words"}, {"f0": 2.0, "note": None}]
    golden = GoldenRows(rows=tuple(rows), outputs=(GoldenOutput(value="no"),) * len(rows))
    assert background_of(golden, signature) == tuple(rows[1:])
