"""What trees know of their features' shares, against Shapley values from the answers to all mixes of two rows."""

import math
from dataclasses import replace
from functools import cache
from itertools import compress

import pytest

from lambdaloop.domain.attribution import all_mixes, exact_shares
from lambdaloop.domain.bundle import Bundle
from lambdaloop.domain.candidate import Estimator, Preparation
from lambdaloop.domain.explained_scale import Scale, on_scale
from lambdaloop.domain.metrics import Task
from lambdaloop.domain.signature import Signature
from lambdaloop.serving.served_model import LoadedBundle
from lambdaloop.training.compile_model import compile_model
from lambdaloop.training.pipelines import fit
from tests.unit.training.compiled_cases import Row, plain
from tests.unit.training.sample_data import FEATURES, candidate, definition, prepared

TREES: tuple[Estimator, ...] = (
    "decision_tree",
    "random_forest",
    "extra_trees",
    "gradient_boosting",
    "hist_gradient_boosting",
)
PLACES = [*range(len(FEATURES))]


@cache
def served(task: Task, estimator: Estimator, preparation: Preparation | None = None) -> LoadedBundle:
    data, model = prepared(task), definition(task)
    chosen = candidate(estimator)
    chosen = replace(chosen, preparation=preparation or chosen.preparation)
    pipeline = fit(model, chosen, data.training_frame, data.training_target)
    signature = Signature.of(model)
    content = compile_model(pipeline, signature, candidate=chosen)
    return LoadedBundle(Bundle(signature=signature, model=content, golden_json=b""))


def rows() -> list[Row]:
    """Ordinary ones, one with everything missing that may be, and one with what training never saw."""
    ordinary = plain(prepared("binary").holdout_frame, FEATURES)[:4]
    missing = {name: None for name, feature in FEATURES.items() if feature.nullable}
    return [*ordinary, ordinary[0] | missing, ordinary[1] | {"plan": "gold", "amount": 1.7e12, "score": None}]


def scale_of(task: Task, estimator: Estimator) -> Scale:
    if task == "regression":
        return "value"
    return "margin" if "boosting" in estimator else "probability"


@pytest.mark.parametrize("estimator", TREES)
@pytest.mark.parametrize(
    ("task", "label"), [("binary", "yes"), ("binary", "no"), ("multiclass", "0"), ("regression", None)]
)
def test_shares_are_shapley_values(task: Task, label: str | None, estimator: Estimator) -> None:
    model, scale = served(task, estimator), scale_of(task, estimator)
    row, *background = rows()
    found = model.exact_shares(row, background, label=label, scale=scale)
    assert found is not None
    for shares, other in zip(found, background, strict=True):
        mixes = all_mixes(PLACES)
        mixed = [{**other, **dict(compress(row.items(), map(int, reversed(f"{mix:b}"))))} for mix in mixes]
        outputs = {
            mix: on_scale(output, label, scale)
            for mix, output in zip(mixes, model.predict(mixed), strict=True)
        }
        wanted = exact_shares(PLACES, outputs)
        size = max(1.0, *map(abs, outputs.values()))
        for place, share in zip(PLACES, shares.values(), strict=True):
            assert math.isclose(share, wanted[place], abs_tol=1e-9 * size)


@pytest.mark.parametrize(
    ("task", "estimator", "scale"),
    [
        ("binary", "random_forest", "margin"),
        ("binary", "hist_gradient_boosting", "probability"),
        ("binary", "logistic_regression", "margin"),
        ("regression", "voting", "value"),
    ],
)
def test_nothing_is_known_where_the_output_is_no_sum_over_trees(
    task: Task, estimator: Estimator, scale: Scale
) -> None:
    row, *background = rows()
    label = None if task == "regression" else "yes"
    assert served(task, estimator).exact_shares(row, background, label=label, scale=scale) is None


def test_trees_over_products_of_features_know_nothing_of_single_ones() -> None:
    row, *background = rows()
    model = served("binary", "random_forest", preparation=Preparation(degree=2))
    assert model.exact_shares(row, background, label="yes", scale="probability") is None
