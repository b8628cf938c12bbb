import math

import pytest

from lambdaloop.domain.definition import Gate
from lambdaloop.domain.gate import ChampionScore, GateCheck, check_gate


def checks(
    metrics: dict[str, float | None],
    *,
    gate: Gate,
    champion: ChampionScore | None = None,
    metric: str = "roc_auc",
) -> tuple[GateCheck, ...]:
    return check_gate(gate, metric=metric, metrics=metrics, champion=champion)


def test_a_metric_at_its_minimum_passes_and_its_numbers_are_kept() -> None:
    (check,) = checks({"roc_auc": 0.8}, gate=Gate(minimum={"roc_auc": 0.8}))
    assert check.passed
    assert (check.value, check.limit) == (0.8, 0.8)
    assert check.reason == "roc_auc is 0.8, wanted at least 0.8"


def test_for_an_error_metric_the_minimum_is_a_maximum() -> None:
    gate = Gate(minimum={"rmse": 3.0})
    assert checks({"rmse": 2.9}, gate=gate, metric="rmse")[0].passed
    (check,) = checks({"rmse": 3.1}, gate=gate, metric="rmse")
    assert not check.passed
    assert check.reason == "rmse is 3.1, wanted at most 3"


@pytest.mark.parametrize("value", [None, math.nan, math.inf])
def test_a_metric_without_a_value_fails_even_where_nothing_was_asked(value: float | None) -> None:
    assert not checks({"roc_auc": value}, gate=Gate(minimum={"roc_auc": 0.1}))[0].passed
    assert not checks({"roc_auc": value}, gate=Gate())[0].passed
    champion = ChampionScore(version=1, value=0.5)
    assert not any(check.passed for check in checks({"roc_auc": value}, gate=Gate(), champion=champion))


@pytest.mark.parametrize(
    ("metric", "value", "theirs", "passed"),
    [
        ("roc_auc", 0.80, 0.81, True),
        ("roc_auc", 0.79, 0.81, False),
        ("roc_auc", 0.90, 0.81, True),
        ("rmse", 0.82, 0.81, True),
        ("rmse", 0.83, 0.81, False),
    ],
)
def test_a_winner_may_be_worse_than_the_champion_by_the_allowed_drop(
    metric: str, value: float, theirs: float, passed: bool
) -> None:
    champion = ChampionScore(version=7, value=theirs)
    check = checks({metric: value}, gate=Gate(max_drop=0.015), champion=champion, metric=metric)[0]
    assert check.passed is passed
    assert "champion version 7" in check.reason


def test_a_champion_that_cannot_be_evaluated_fails_the_gate_with_the_reason() -> None:
    champion = ChampionScore(version=7, value=None, problem="columns 'age' are missing")
    check = checks({"roc_auc": 0.99}, gate=Gate(), champion=champion)[0]
    assert not check.passed
    assert check.reason.startswith("champion version 7 could not be evaluated: columns 'age' are missing; ")
    assert "set champion: optional" in check.reason


def test_an_optional_champion_that_cannot_be_evaluated_is_recorded_and_holds_nobody_up() -> None:
    champion = ChampionScore(version=7, value=None, problem="columns 'age' are missing")
    check = checks({"roc_auc": 0.99}, gate=Gate(champion="optional"), champion=champion)[0]
    assert check.passed
    assert "could not be evaluated: columns 'age' are missing" in check.reason


def test_an_optional_champion_that_can_be_evaluated_must_be_beaten_all_the_same() -> None:
    champion = ChampionScore(version=7, value=0.9)
    assert not checks({"roc_auc": 0.8}, gate=Gate(champion="optional"), champion=champion)[0].passed


def test_a_doubt_about_the_comparison_is_told_in_the_reason() -> None:
    champion = ChampionScore(version=7, value=0.9, doubt="the champion may have seen some of these rows")
    reason = checks({"roc_auc": 0.95}, gate=Gate(), champion=champion)[0].reason
    assert reason.endswith("; the champion may have seen some of these rows")


def test_every_check_is_recorded_even_after_one_failed() -> None:
    gate = Gate(minimum={"roc_auc": 0.9, "accuracy": 0.7})
    found = checks(
        {"roc_auc": 0.8, "accuracy": 0.75}, gate=gate, champion=ChampionScore(version=1, value=0.7)
    )
    assert [(check.name, check.metric, check.passed) for check in found] == [
        ("minimum", "roc_auc", False),
        ("minimum", "accuracy", True),
        ("champion", "roc_auc", True),
    ]


@pytest.mark.parametrize(
    ("value", "max_drop", "passed"), [(0.81, 0.0, False), (0.811, 0.0, True), (0.81, 0.01, True)]
)
def test_a_retraining_that_is_no_better_leaves_the_champion_unless_a_drop_is_allowed(
    value: float, max_drop: float, passed: bool
) -> None:
    champion = ChampionScore(version=7, value=0.81)
    gate = Gate(max_drop=max_drop)
    checks = check_gate(
        gate, metric="roc_auc", metrics={"roc_auc": value}, champion=champion, must_improve=True
    )
    assert checks[0].passed is passed
    assert ("it must be better; it is not, so the champion stays" in checks[0].reason) is not passed
    assert check_gate(gate, metric="roc_auc", metrics={"roc_auc": value}, champion=champion)[0].passed
