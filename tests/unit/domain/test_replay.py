from typing import Any

import pytest

from lambdaloop.domain.captured import CapturedPrediction
from lambdaloop.domain.definition import Feature
from lambdaloop.domain.prediction import Output
from lambdaloop.domain.prediction_id import new_prediction_id
from lambdaloop.domain.replay import (
    PairedAnswer,
    Replay,
    by_segment,
    comparable_rows,
    disagreement,
    percentile,
    replay_disagreement,
    sample_rows,
    wilson_low,
)
from lambdaloop.domain.signature import Signature
from tests.fakes.samples import MORNING, definition

SIGNATURE = Signature.of(definition())


def row(*, dropped: bool = False, **features: Any) -> CapturedPrediction:
    return CapturedPrediction(
        prediction_id=new_prediction_id(MORNING),
        model="churn",
        version=1,
        release=1,
        variant="champion",
        entity=None,
        event_time=MORNING,
        features=features,
        features_dropped=dropped,
        prediction="no",
        probabilities=None,
    )


def label(value: str) -> Output:
    return Output(value=value, probabilities={"no": 0.5, "yes": 0.5})


def numbers(*pairs: tuple[float, float]) -> list[tuple[Output, Output]]:
    return [(Output(value=one), Output(value=other)) for one, other in pairs]


def test_labels_disagree_by_their_share_and_certainly_by_less() -> None:
    found = disagreement([(label("no"), label("yes"))] * 40 + [(label("no"), label("no"))] * 160)
    assert found is not None
    assert (found.value, found.pairs) == (0.2, 200)
    assert found.low == pytest.approx(0.158, abs=0.001)
    assert found.error == pytest.approx(0.0256, abs=0.001)


def test_numbers_disagree_in_standard_deviations_whatever_their_unit() -> None:
    pairs = [(float(place), place + 1.0) for place in range(50)]
    small, large = (disagreement(numbers(*[(a * unit, b * unit) for a, b in pairs])) for unit in (1, 1e6))
    assert small is not None
    assert large is not None
    assert small.value == pytest.approx(large.value) == pytest.approx(0.0693, abs=0.001)


def test_two_constants_are_apart_and_the_same_one_is_not() -> None:
    apart, same = disagreement(numbers((1, 5), (1, 5))), disagreement(numbers((1, 1), (1, 1)))
    assert apart is not None
    assert same is not None
    assert (apart.value, same.value) == (2.0, 0.0)


def test_without_a_pair_there_is_no_disagreement() -> None:
    assert disagreement([]) is None
    lonely = PairedAnswer(row=row(), champion=label("no"), candidate=None)
    assert replay_disagreement(Replay(answers=(lonely,))) is None


def test_failures_are_counted_for_each_version_and_for_the_new_one_alone() -> None:
    answers = [(label("no"), label("no")), (label("no"), None), (None, label("no")), (None, None)]
    replay = Replay(answers=tuple(PairedAnswer(row=row(), champion=a, candidate=b) for a, b in answers))
    assert (replay.champion_failures, replay.candidate_failures, replay.new_failures) == (2, 2, 1)
    assert len(replay.pairs) == 1


def test_rows_are_comparable_when_the_log_keeps_every_feature_of_both_versions() -> None:
    whole = row(age=1.0, plan="a")
    rows = [whole, row(age=1.0), row(dropped=True), row(age=None, plan=None)]
    assert comparable_rows(rows, SIGNATURE) == (whole, rows[3])
    wider = Signature(
        model="churn", task="binary", features={"visits": Feature(type="integer")}, classes=("no", "yes")
    )
    assert comparable_rows(rows, SIGNATURE, wider) == ()


def test_a_sample_is_always_the_same_and_of_any_time() -> None:
    rows = [row(age=float(age), plan="a") for age in range(300)]
    sample = sample_rows(rows, at_most=50)
    assert sample == sample_rows(reversed(rows), at_most=50)
    ages = [float(str(one.features["age"])) for one in sample]
    assert len(set(ages)) == 50
    assert min(ages) < 100
    assert max(ages) > 200
    assert len(sample_rows(rows[:3], at_most=50)) == 3


def test_answers_fall_into_the_segments_of_their_rows() -> None:
    features = {
        "plan": Feature(type="category", categories=("a", "b")),
        "active": Feature(type="boolean"),
    }
    rows = [row(plan="a", active=True), row(plan="x", active=None), row(plan=None, active=False)]
    replay = Replay(answers=tuple(PairedAnswer(row=one, champion=None, candidate=None) for one in rows))
    parts = by_segment(replay, ("plan", "active"), features)
    assert {name: len(part) for name, part in parts.items()} == dict.fromkeys(
        ["active=false", "active=missing", "active=true", "plan=a", "plan=missing", "plan=other"], 1
    )


def test_a_percentile_is_a_value_that_was_measured() -> None:
    assert percentile([], 95) is None
    assert percentile([5.0], 95) == 5.0
    assert percentile([float(value) for value in range(1, 101)], 95) == 95.0


def test_a_bound_without_rows_says_nothing() -> None:
    assert wilson_low(0, 0) == 0.0
    assert wilson_low(0, 100) == 0.0
    assert 0.9 < wilson_low(100, 100) < 1.0
