import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from lambdaloop.domain.definition import Feature
from lambdaloop.domain.documents import from_document, to_document
from lambdaloop.domain.monitoring_rules import FeatureRule, Monitoring
from lambdaloop.domain.profile import Profile
from lambdaloop.domain.signature import Signature
from lambdaloop.domain.window import DriftReport
from lambdaloop.monitoring.drift import compare
from lambdaloop.monitoring.profiling import profile_baseline, profile_rows
from lambdaloop.monitoring.reconstruction import fit_reconstruction
from tests.unit.monitoring.rows import columns_of

Table = dict[str, NDArray[Any]]

NUMBERS = [f"n{i}" for i in range(8)]
FEATURES = {
    **{name: Feature(type="number", nullable=True, min=-8, max=8) for name in NUMBERS},
    "constant": Feature(type="integer", nullable=True),
    "active": Feature(type="boolean", nullable=True),
    "plan": Feature(type="category", nullable=True, categories=("a", "b", "c")),
}
SIGNATURE = Signature(model="churn", task="binary", features=FEATURES, classes=("no", "yes"))
PLANS = np.array(["a", "b", "c"], dtype=object)


def table(rows: int, seed: int) -> Table:
    """The first four numbers follow a hidden one; the others are independent."""
    random = np.random.default_rng(seed)
    hidden = random.standard_normal(rows)
    columns: Table = {
        name: random.standard_normal(rows) * (0.5 if i < 4 else 1.0) + (hidden if i < 4 else 0.0)
        for i, name in enumerate(NUMBERS)
    }
    columns["constant"] = np.full(rows, 3.0)
    columns["active"] = (random.random(rows) < 0.3) * 1.0
    columns["plan"] = PLANS[random.choice(3, rows, p=[0.6, 0.3, 0.1])]
    return columns


def scores(columns: Mapping[str, NDArray[Any]]) -> NDArray[np.float64]:
    positive = 1 / (1 + np.exp(-np.nan_to_num(columns["n0"] + columns["n4"])))
    return np.stack([1 - positive, positive], axis=1)


TRAINING = table(5000, seed=0)
RECONSTRUCTION = fit_reconstruction(TRAINING, SIGNATURE)
HOLDOUT = table(2000, seed=1)
BASELINE = profile_baseline(
    TRAINING, scores(HOLDOUT), holdout=HOLDOUT, signature=SIGNATURE, reconstruction=RECONSTRUCTION
)
RULES = Monitoring()


def profile(columns: Table) -> Profile:
    return profile_rows(
        columns, scores(columns), signature=SIGNATURE, like=BASELINE, reconstruction=RECONSTRUCTION
    )


def report(columns: Table, rules: Monitoring = RULES) -> DriftReport:
    return compare(profile(columns), BASELINE, rules)


def test_rows_like_the_baseline_have_not_drifted() -> None:
    found = report(table(2000, seed=2))
    assert (found.status, found.share, found.rows, found.drifted) == ("ok", 0.0, 2000, ())
    assert list(found.features) == list(FEATURES)
    assert list(found.predictions) == ["prediction", "score yes"]
    assert found.multivariate
    judged = [*found.features.values(), *found.predictions.values(), found.multivariate]
    assert {each.status for each in judged} == {"ok"}
    assert all(
        each.p_value is not None
        and each.adjusted_p_value is not None
        and each.p_value <= each.adjusted_p_value
        for each in judged
    )


def test_shifted_features_are_named_the_farthest_first() -> None:
    columns = table(2000, seed=3)
    columns["n5"] += 1.0
    columns["n6"] += 0.5
    found = report(columns)
    assert (found.status, found.drifted) == ("drift", ("n5", "n6"))
    assert found.share == pytest.approx(2 / len(FEATURES))
    drift = found.features["n6"]
    assert (drift.method, drift.threshold, drift.weight) == ("psi", 0.1, 1.0)
    assert drift.distance == pytest.approx(0.25, abs=0.07)


def test_predictions_drift_apart_from_features() -> None:
    columns = table(2000, seed=3)
    found = compare(
        profile_rows(
            columns,
            scores({"n0": columns["n0"] + 2, "n4": columns["n4"]}),
            signature=SIGNATURE,
            like=BASELINE,
            reconstruction=RECONSTRUCTION,
        ),
        BASELINE,
        RULES,
    )
    assert {name: each.status for name, each in found.predictions.items()} == {
        "prediction": "drift",
        "score yes": "drift",
    }
    assert found.status == "ok", "the status is about the data"


def test_broken_relations_are_drift_though_every_feature_looks_as_before() -> None:
    columns = table(2000, seed=4)
    columns["n0"] = np.random.default_rng(5).permutation(columns["n0"])
    columns["n1"] = np.random.default_rng(6).permutation(columns["n1"])
    found = report(columns)
    assert found.multivariate
    assert (found.status, found.multivariate.status, found.share) == ("drift", "drift", 0.0)


def test_a_tiny_difference_among_very_many_rows_is_significant_but_no_drift() -> None:
    columns = table(200_000, seed=7)
    columns["n5"] += 0.15
    drift = report(columns).features["n5"]
    assert drift.adjusted_p_value is not None
    assert drift.adjusted_p_value < 1e-6
    assert drift.status == "ok"


def test_a_large_difference_among_few_rows_may_be_chance() -> None:
    """Twenty bins of 30 rows are far apart by noise alone."""
    rules = Monitoring(min_rows=30)
    found = report(table(30, seed=8), rules)
    assert max(each.distance or 0 for each in found.features.values()) > 0.1
    assert (found.status, found.drifted) == ("ok", ())


def test_too_few_rows_are_insufficient_data_and_have_no_numbers() -> None:
    found = report(table(199, seed=9))
    assert (found.status, found.share, found.rows) == ("insufficient_data", None, 199)
    assert found.multivariate
    for each in (*found.features.values(), *found.predictions.values(), found.multivariate):
        assert (each.status, each.distance, each.p_value, each.adjusted_p_value, each.problem) == (
            "insufficient_data",
            None,
            None,
            None,
            None,
        )


def test_a_feature_is_measured_as_its_rule_says() -> None:
    columns = table(2000, seed=10)
    columns["n5"] += 0.5
    rules = Monitoring(
        features={
            "n5": FeatureRule(method="wasserstein", threshold=0.6, weight=3),
            "n6": FeatureRule(method="kolmogorov_smirnov", weight=0),
            "plan": FeatureRule(method="chi_square"),
        }
    )
    found = report(columns, rules)
    assert (found.features["n5"].method, found.features["n5"].threshold) == ("wasserstein", 0.6)
    assert found.features["n5"].distance == pytest.approx(0.5, abs=0.05)
    assert found.features["n5"].status == "ok"
    assert (found.features["n6"].method, found.features["plan"].method) == (
        "kolmogorov_smirnov",
        "chi_square",
    )
    lower = report(columns, Monitoring(features={"n5": FeatureRule(method="wasserstein", weight=3)}))
    assert lower.features["n5"].status == "drift"
    assert lower.share == pytest.approx(3 / (3 + len(FEATURES) - 1))


def test_a_feature_that_weighs_nothing_makes_no_drift_of_the_data() -> None:
    columns = table(2000, seed=11)
    columns["n5"] += 1.0
    found = report(columns, Monitoring(features={"n5": FeatureRule(weight=0)}))
    assert (found.features["n5"].status, found.share, found.status) == ("drift", 0.0, "ok")
    weightless = report(columns, Monitoring(features=dict.fromkeys(FEATURES, FeatureRule(weight=0))))
    assert (weightless.share, weightless.status) == (None, "insufficient_data")


@pytest.mark.parametrize(("drifted", "status"), [(0, "ok"), (1, "drift")])
def test_the_share_that_counts_as_drift_is_reached_by_equality(drifted: int, status: str) -> None:
    names = [*NUMBERS[4:], "constant"]
    columns = {name: table(2000, seed=12)[name] for name in names}
    for name in names[:drifted]:
        columns[name] = columns[name] + 1.0
    current = profile_rows(
        columns, scores(table(2000, seed=12)), signature=SIGNATURE, like=BASELINE, reconstruction=None
    )
    found = compare(current, BASELINE, Monitoring(drift_share=0.2))
    assert (found.share, found.status, found.multivariate) == (drifted / 5, status, None)


def test_the_share_that_is_told_reaches_the_limit_where_the_verdict_says_so() -> None:
    """The alarm compares this very number: 0.1 + 0.5 of 1.5 is 0.39999999999999997 without rounding."""
    weights = {"n4": 0.1, "n5": 0.5, "n6": 0.1, "n7": 0.8}
    columns = {name: table(2000, seed=12)[name] + (name in ("n4", "n5")) for name in weights}
    current = profile_rows(
        columns, scores(table(2000, seed=12)), signature=SIGNATURE, like=BASELINE, reconstruction=None
    )
    rules = Monitoring(
        drift_share=0.4, features={name: FeatureRule(weight=weight) for name, weight in weights.items()}
    )
    found = compare(current, BASELINE, rules)
    assert (found.status, found.share) == ("drift", 0.4)


def test_without_captured_features_only_predictions_are_judged() -> None:
    current = profile_rows(
        {}, scores(table(2000, seed=13)), signature=SIGNATURE, like=BASELINE, reconstruction=RECONSTRUCTION
    )
    found = compare(current, BASELINE, RULES)
    assert (found.status, found.share, found.features, found.multivariate) == (
        "insufficient_data",
        None,
        {},
        None,
    )
    assert found.predictions["prediction"].status == "ok"


def test_problems_of_the_data_are_told_but_are_no_drift_by_themselves() -> None:
    columns = table(2000, seed=14)
    columns["n5"][:60] = 9.0
    columns["n6"][:50] = np.nan
    found = report(columns)
    assert found.features["n5"].problem == "3.0% of the values are out of range, 0.0% in the baseline"
    assert found.features["n6"].problem == "2.5% of the values are missing, 0.0% in the baseline"
    assert found.features["n7"].problem is None


def test_all_missing_is_drift_of_the_feature() -> None:
    columns = table(2000, seed=15)
    columns["n5"][:] = np.nan
    columns["plan"][:] = None
    found = report(columns)
    assert set(found.drifted) == {"n5", "plan"}
    assert found.features["plan"].problem == "100.0% of the values are missing, 0.0% in the baseline"


def test_a_new_category_is_drift_of_the_feature() -> None:
    columns = table(2000, seed=16)
    columns["plan"][:400] = "new"
    found = report(columns)
    assert found.drifted == ("plan",)
    assert found.features["plan"].problem == "20.0% of the values are unseen, 0.0% in the baseline"


def test_a_constant_feature_drifts_when_it_becomes_another_constant() -> None:
    columns = table(2000, seed=17)
    assert report(columns).features["constant"].distance == pytest.approx(0, abs=1e-3)
    columns["constant"][:] = 4.0
    assert report(columns).drifted == ("constant",)


VALUES = st.none() | st.floats() | st.sampled_from([0.0, 3.0, -999.0, 1e308])
ROW = st.fixed_dictionaries(
    {
        **dict.fromkeys([*NUMBERS, "constant"], VALUES),
        "active": st.none() | st.booleans(),
        "plan": st.none() | st.sampled_from(["a", "b", "c", "new", ""]),
    }
)


@settings(max_examples=60, deadline=None)
@given(
    rows=st.lists(ROW, max_size=6),
    times=st.sampled_from([1, 50, 100]),
    method=st.sampled_from(["psi", "jensen_shannon", "chi_square"]),
    ordered=st.sampled_from(["wasserstein", "kolmogorov_smirnov"]),
)
def test_whatever_rows_come_there_is_a_report_that_can_be_stored(
    rows: list[dict[str, Any]], times: int, method: Any, ordered: Any
) -> None:
    """Empty windows, single rows, constants, new categories, nothing but missing values, absurd numbers."""
    rules = Monitoring(
        features={name: FeatureRule(method=method) for name in ("n0", "plan", "active")}
        | {name: FeatureRule(method=ordered) for name in ("n1", "constant")}
    )
    columns = columns_of(rows * times, FEATURES)
    chances = np.full((len(rows) * times, 2), 0.5)
    current = profile_rows(
        columns, chances, signature=SIGNATURE, like=BASELINE, reconstruction=RECONSTRUCTION
    )
    found = compare(current, BASELINE, rules)
    enough = len(rows) * times >= rules.min_rows
    assert (found.status == "insufficient_data") == (not enough)
    assert (found.share is None) == (not enough)
    for each in (*found.features.values(), *found.predictions.values()):
        assert each.status == "insufficient_data" or math.isfinite(each.distance or 0)
        if not enough:
            assert (each.status, each.distance) == ("insufficient_data", None)
    document = json.dumps(to_document(found), allow_nan=False)
    assert from_document(DriftReport, json.loads(document)) == found


@pytest.mark.parametrize("feature", [None, *FEATURES])
def test_a_baseline_of_one_row_or_of_missing_values_only_is_no_crash(feature: str | None) -> None:
    columns = table(1, seed=0) if feature is None else table(300, seed=0)
    if feature:
        columns[feature][:] = None if feature == "plan" else np.nan
    chances = np.full((len(columns["n0"]), 2), 0.5)
    like = profile_baseline(
        columns,
        chances,
        holdout=columns,
        signature=SIGNATURE,
        reconstruction=fit_reconstruction(columns, SIGNATURE),
    )
    current = table(2000, seed=1)
    found = compare(
        profile_rows(current, scores(current), signature=SIGNATURE, like=like, reconstruction=None),
        like,
        RULES,
    )
    assert found.rows == 2000
    if feature:
        assert found.features[feature].status == "drift"
