"""Rules of the definition that hold for whoever builds one, YAML or not."""

import math
from collections.abc import Callable
from dataclasses import replace

import pytest

from lambdaloop.domain.candidate import Candidate
from lambdaloop.domain.definition import Data, Feature, Gate, ModelDefinition, Training
from lambdaloop.domain.errors import DefinitionInvalidError
from lambdaloop.domain.releasing_rules import ReleaseRules
from tests.unit.training.sample_data import candidate, definition

RULES: list[tuple[str, Callable[[float], object]]] = [
    ("min", lambda x: Feature(type="number", min=x)),
    ("max", lambda x: Feature(type="number", max=x)),
    ("max_drop", lambda x: Gate(max_drop=x)),
    ("minimum.roc_auc", lambda x: Gate(minimum={"roc_auc": x})),
    ("max_p95_latency_ms", lambda x: ReleaseRules(max_p95_latency_ms=x)),
    ("max_error_rate", lambda x: ReleaseRules(max_error_rate=x)),
    ("holdout", lambda x: Training(metric="rmse", candidates=(candidate("ridge"),), holdout=x)),
    ("C", lambda x: Candidate(name="a", estimator="ridge", parameters={"C": x})),
]


@pytest.mark.parametrize("value", [math.nan, math.inf])
@pytest.mark.parametrize(("name", "build"), RULES, ids=[name for name, _ in RULES])
def test_a_number_that_is_none_is_refused_by_name(
    name: str, build: Callable[[float], object], value: float
) -> None:
    with pytest.raises(ValueError, match=f"^{name} must be .*{value}"):
        build(value)


def test_a_metric_that_the_watch_could_never_tell_is_refused_with_the_ones_it_can() -> None:
    """Of many classes no rankings are kept: a drop of their area would stay unseen for ever."""

    def with_classes(count: int, metric: str) -> ModelDefinition:
        sample = definition(task="multiclass")
        training = replace(sample.training, metric=metric)
        return replace(sample, classes=tuple(f"c{i}" for i in range(count)), training=training)

    with_classes(20, "roc_auc_ovr")
    with_classes(21, "f1_macro")
    with pytest.raises(
        ValueError, match="watched for at most 20 classes, got 21: use accuracy, f1_macro or log_loss"
    ):
        with_classes(21, "roc_auc_ovr")


@pytest.mark.parametrize("location", ["", " ", "/", "/churn/"])
def test_a_location_that_is_no_key_prefix_is_refused_with_the_fix(location: str) -> None:
    with pytest.raises(ValueError, match="without a leading slash, such as churn/"):
        Data(location=location)


def test_a_step_is_watched_no_longer_than_its_numbers_are_kept() -> None:
    ReleaseRules(bake_seconds=86_400, max_holds=13)
    with pytest.raises(ValueError, match=r"14 days at most, bake_seconds 86400 with max_holds 14 make 15\.0"):
        ReleaseRules(bake_seconds=86_400, max_holds=14)


def test_a_candidate_is_found_by_name_and_one_that_is_not_there_is_told() -> None:
    assert definition().candidate("random_forest").estimator == "random_forest"
    with pytest.raises(
        DefinitionInvalidError, match="no candidate is called 'x': use one of logistic_regression"
    ):
        definition().candidate("x")
