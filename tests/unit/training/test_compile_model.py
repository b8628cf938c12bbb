"""The compiled form against scikit-learn, where float32 would be up to 0.4 off."""

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.pipeline import Pipeline

from lambdaloop.domain.candidate import Candidate, Estimator, Member, Parameter, Preparation
from lambdaloop.domain.definition import Data, Feature, ModelDefinition, Training
from lambdaloop.domain.errors import NotCompilableError
from lambdaloop.domain.metrics import Task
from lambdaloop.domain.signature import Signature
from lambdaloop.training.compile_model import compile_model
from lambdaloop.training.pipelines import fit
from tests.unit.training.compiled_cases import Row, difference, plain, trouble
from tests.unit.training.sample_data import ESTIMATORS, FEATURES, candidate, definition, prepared

CASES = [(task, estimator) for task, estimators in ESTIMATORS.items() for estimator in estimators]
COMPILED = [case for case in CASES if case[1] != "nearest_neighbors"]
EXACT = 1e-12
IDENTICAL = {"decision_tree", "random_forest", "extra_trees"}


@cache
def fitted(task: Task, estimator: Estimator) -> Pipeline:
    data = prepared(task)
    return fit(definition(task), candidate(estimator), data.training_frame, data.training_target)


@pytest.mark.parametrize(("task", "estimator"), COMPILED)
def test_the_compiled_form_answers_ordinary_and_troublesome_rows_as_scikit_learn_does(
    task: Task, estimator: Estimator
) -> None:
    ordinary = plain(prepared(task).holdout_frame.head(30), FEATURES)
    rows = [*ordinary, *(row for one in ordinary[:2] for row in trouble(one))]
    worst = difference(fitted(task, estimator), definition(task), candidate(estimator), rows)
    assert worst <= (0 if estimator in IDENTICAL else EXACT)


@pytest.mark.parametrize(
    ("task", "estimator", "parameters"),
    [
        ("binary", "random_forest", {"class_weight": "balanced", "max_features": None}),
        ("multiclass", "random_forest", {"criterion": "entropy", "max_depth": 2}),
        ("regression", "random_forest", {"bootstrap": False, "max_features": 0.5}),
        ("regression", "hist_gradient_boosting", {"loss": "absolute_error"}),
        ("binary", "hist_gradient_boosting", {"early_stopping": True, "max_leaf_nodes": 5}),
        ("binary", "logistic_regression", {"C": 0.01, "class_weight": "balanced"}),
        ("regression", "ridge", {"fit_intercept": False}),
        ("binary", "gradient_boosting", {"loss": "exponential"}),
        ("regression", "gradient_boosting", {"loss": "quantile", "subsample": 0.5}),
        ("binary", "kernel_svm", {"kernel": "poly", "degree": 2, "coef0": 1.0}),
        ("multiclass", "kernel_svm", {"kernel": "linear"}),
        ("regression", "kernel_svm", {"kernel": "sigmoid", "gamma": 0.01}),
        ("binary", "neural_network", {"activation": "tanh", "hidden_layer_sizes": (5, 4)}),
        ("multiclass", "neural_network", {"activation": "logistic"}),
        ("regression", "voting", {"weights": (1, 2, 0.5)}),
        ("binary", "stacking", {"passthrough": True}),
    ],
)
def test_hyperparameters_do_not_change_that(
    task: Task, estimator: Estimator, parameters: dict[str, Parameter]
) -> None:
    data, model, chosen = prepared(task), definition(task), candidate(estimator, **parameters)
    pipeline = fit(model, chosen, data.training_frame, data.training_target)
    rows = [row for one in plain(data.holdout_frame.head(2), FEATURES) for row in trouble(one)]
    assert difference(pipeline, model, chosen, rows) <= EXACT


@pytest.mark.parametrize(
    ("task", "estimator", "curve"),
    [
        ("binary", "random_forest", "isotonic"),
        ("binary", "logistic_regression", "sigmoid"),
        ("multiclass", "logistic_regression", "isotonic"),
        ("multiclass", "hist_gradient_boosting", "sigmoid"),
        ("multiclass", "naive_bayes", "isotonic"),
    ],
)
def test_calibrated_classifiers_are_exact_too(task: Task, estimator: Estimator, curve: Any) -> None:
    chosen = candidate(estimator)
    chosen = Candidate(
        name="calibrated",
        estimator=estimator,
        parameters=chosen.parameters,
        members=chosen.members,
        calibrate=curve,
    )
    data, model = prepared(task), definition(task)
    pipeline = fit(model, chosen, data.training_frame, data.training_target)
    rows = [row for one in plain(data.holdout_frame.head(2), FEATURES) for row in trouble(one)]
    assert difference(pipeline, model, chosen, rows) <= EXACT


@pytest.mark.parametrize("task", ["binary", "multiclass"])
def test_a_calibrated_stack_is_calibrated_by_its_raw_decisions(task: Task) -> None:
    members = (
        Member(estimator="naive_bayes"),
        Member(estimator="decision_tree", parameters={"max_depth": 2}),
    )
    chosen = Candidate(name="calibrated", estimator="stacking", members=members, calibrate="sigmoid")
    data, model = prepared(task), definition(task)
    pipeline = fit(model, chosen, data.training_frame, data.training_target)
    rows = plain(data.holdout_frame.head(9), FEATURES)
    assert difference(pipeline, model, chosen, rows) <= EXACT


@pytest.mark.parametrize(
    "preparation",
    [
        Preparation(impute="mean", scale="robust"),
        Preparation(impute="most_frequent", scale="min_max", mark_missing=False),
        Preparation(impute="zero", scale="max_abs"),
        Preparation(scale="none", categories="ordinal"),
        Preparation(degree=2),
        Preparation(degree=3, keep=40),
        Preparation(keep=3),
        Preparation(keep=1000),
    ],
)
@pytest.mark.parametrize("task", ["binary", "regression"])
def test_every_way_of_preparing_columns_is_compiled(task: Task, preparation: Preparation) -> None:
    estimator: Estimator = "ridge" if task == "regression" else "logistic_regression"
    chosen = Candidate(
        name="prepared",
        estimator=estimator,
        preparation=preparation,
        parameters={} if task == "regression" else {"max_iter": 20_000, "C": 0.01},
    )
    data, model = prepared(task), definition(task)
    if preparation.scale == "none":
        chosen = Candidate(name="prepared", estimator="random_forest", preparation=preparation)
    pipeline = fit(model, chosen, data.training_frame, data.training_target)
    rows = [row for one in plain(data.holdout_frame.head(2), FEATURES) for row in trouble(one)]
    assert difference(pipeline, model, chosen, rows) <= EXACT


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_native_categories_go_where_the_trees_send_them_unseen_and_missing_ones_too(task: Task) -> None:
    chosen = Candidate(
        name="native",
        estimator="hist_gradient_boosting",
        parameters={"max_iter": 40, "min_samples_leaf": 5},
        preparation=Preparation(categories="native"),
    )
    random = np.random.default_rng(0)
    levels = tuple(f"v{number}" for number in range(70))  # more than fit into one word of 32 bits
    features = {
        "x": Feature(type="number", nullable=True),
        "wide": Feature(type="category", categories=levels, nullable=True),
        "y": Feature(type="number"),
        "narrow": Feature(type="category", categories=("a", "b", "never seen")),
    }
    model = definition(task, features=features)
    wide = random.integers(0, 60, 900)
    frame = pd.DataFrame(
        {
            "x": np.where(random.random(900) < 0.2, np.nan, random.normal(size=900) * 1e7),
            "wide": pd.Series([levels[code] if code < 55 else np.nan for code in wide], dtype=object),
            "y": random.normal(size=900),
            "narrow": pd.Series(random.choice(["a", "b"], 900), dtype=object),
        }
    )
    signal = (wide % 7) + frame["y"].to_numpy() + 3 * (frame["narrow"] == "a").to_numpy()
    target = signal if task == "regression" else np.digitize(signal, [4] if task == "binary" else [3, 6])
    pipeline = fit(model, chosen, frame, target)
    rows = [
        {"x": x, "wide": w, "y": 0.3, "narrow": n}
        for x in (None, -1e7, 2.5e6)
        for w in (*levels[::9], levels[31], levels[32], None, "unheard of")
        for n in ("a", "b", "never seen", "unheard of")
    ]
    assert difference(pipeline, model, chosen, rows) <= EXACT


@pytest.mark.parametrize(
    "preparation", [Preparation(), Preparation(longest_term=2, damp_terms=True, terms=40)]
)
def test_free_text_is_weighed_as_scikit_learn_weighs_it(preparation: Preparation) -> None:
    random = np.random.default_rng(1)
    words = ["Great", "poor", "slow", "service", "don't", "naïve", "straße", "x", "42", "re-open", "İyi"]
    texts = [" ".join(random.choice(words, random.integers(0, 9))) for _ in range(200)]
    features = {"note": Feature(type="text", nullable=True), "age": Feature(type="number")}
    model = definition(features=features)
    frame = pd.DataFrame({"note": pd.Series(texts, dtype=object), "age": random.normal(size=200)})
    target = np.array(["great" in text.lower() for text in texts]).astype(int)
    chosen = Candidate(name="text", estimator="logistic_regression", preparation=preparation)
    pipeline = fit(model, chosen, frame, target)
    others = ["", "   ", "unheard of", "GREAT great Great poor", "don't re-open; straße STRASSE", "x x x"]
    rows = [{"note": note, "age": 1e7} for note in (*texts[:40], *others, None)]
    assert difference(pipeline, model, chosen, rows) <= EXACT


def test_ordered_categories_are_numbers_in_their_order() -> None:
    features = {
        **FEATURES,
        "plan": Feature(type="category", categories=("basic", "plus", "pro"), ordered=True),
    }
    data, model, chosen = prepared(), definition(features=features), candidate("logistic_regression")
    pipeline = fit(model, chosen, data.training_frame, data.training_target)
    assert pipeline.named_steps["columns"].transform(data.holdout_frame).shape[1] == 13, "two fewer"
    rows = [row for one in plain(data.holdout_frame.head(2), FEATURES) for row in trouble(one)]
    assert difference(pipeline, model, chosen, rows) <= EXACT


@pytest.mark.parametrize("loss", ["poisson", "gamma"])
def test_boosting_with_a_logarithmic_link_is_served_through_its_exponential(loss: str) -> None:
    data, model = prepared("regression"), definition("regression")
    target = np.exp(data.training_target / 400)
    chosen = candidate("hist_gradient_boosting", loss=loss)
    pipeline = fit(model, chosen, data.training_frame, target)
    assert difference(pipeline, model, chosen, plain(data.holdout_frame, FEATURES)) <= EXACT


@pytest.mark.parametrize("estimator", ["logistic_regression", "random_forest", "hist_gradient_boosting"])
@pytest.mark.parametrize("kind", ["number", "category"])
def test_a_model_may_have_columns_of_one_kind_only(estimator: Estimator, kind: str) -> None:
    features = {
        name: feature
        for name, feature in FEATURES.items()
        if (feature.type == "category") == (kind == "category")
    }
    data, model, chosen = prepared(), definition(features=features), candidate(estimator)
    frame = data.training_frame[list(features)]
    pipeline = fit(model, chosen, frame, data.training_target)
    rows = [
        {name: row[name] for name in features}
        for one in plain(data.holdout_frame.head(5), FEATURES)
        for row in trouble(one)
    ]
    assert difference(pipeline, model, chosen, rows) <= EXACT


@pytest.mark.parametrize("estimator", ["random_forest", "hist_gradient_boosting"])
def test_a_tree_that_never_splits_is_served_too(estimator: Estimator) -> None:
    model = ModelDefinition(
        name="sample",
        task="binary",
        target="y",
        classes=(0, 1),
        features={"x": Feature(type="number", nullable=True)},
        data=Data(location="x/"),
        training=Training(metric="roc_auc", candidates=(candidate(estimator),)),
    )
    frame = pd.DataFrame({"x": [1.0] * 40})
    pipeline = fit(model, candidate(estimator), frame, np.array([0, 1] * 20))
    rows: list[Row] = [{"x": 1.0}, {"x": 1e9}, {"x": None}]
    assert difference(pipeline, model, candidate(estimator), rows) <= EXACT


def test_a_column_that_is_always_missing_does_no_harm() -> None:
    data, model = prepared(), definition()
    frame = data.training_frame.assign(score=np.nan)
    rows = [row for one in plain(data.holdout_frame.head(2), FEATURES) for row in trouble(one)]
    for chosen in (candidate("random_forest"), candidate("logistic_regression")):
        pipeline = fit(model, chosen, frame, data.training_target)
        assert difference(pipeline, model, chosen, rows) <= EXACT


@pytest.mark.parametrize(
    ("task", "estimator"),
    [
        ("binary", "logistic_regression"),
        ("multiclass", "random_forest"),
        ("regression", "hist_gradient_boosting"),
        ("binary", "kernel_svm"),
        ("regression", "neural_network"),
    ],
)
def test_the_same_fit_has_the_same_compiled_form(task: Task, estimator: Estimator) -> None:
    data, model, chosen = prepared(task), definition(task), candidate(estimator)
    again = fit(model, chosen, data.training_frame, data.training_target)
    first, second = (
        compile_model(pipeline, Signature.of(model), candidate=chosen)
        for pipeline in (fitted(task, estimator), again)
    )
    assert first == second


def test_an_estimator_without_a_compiled_form_is_named() -> None:
    data, model, chosen = prepared(), definition(), candidate("nearest_neighbors")
    pipeline = fit(model, chosen, data.training_frame, data.training_target)
    with pytest.raises(NotCompilableError, match="KNeighborsClassifier has no compiled form"):
        compile_model(pipeline, Signature.of(model), candidate=chosen)


def test_estimators_of_a_definition_are_all_tried() -> None:
    assert {estimator for _, estimator in CASES} == set(Candidate.__annotations__["estimator"].__args__)
    assert {member.estimator for member in candidate("voting").members} >= {"linear_svm", "decision_tree"}
    assert isinstance(candidate("stacking").members[0], Member)
