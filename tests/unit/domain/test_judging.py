from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdaloop.domain.behaviour import BehaviourFigures
from lambdaloop.domain.judging import Compared, judge
from lambdaloop.domain.release import Judgement
from lambdaloop.domain.releasing_rules import Behaviour, ReleaseRules
from lambdaloop.domain.traffic import Observation
from tests.fakes.samples import MORNING

RULES = ReleaseRules(
    steps=(10, 50, 100),
    min_requests=20,
    max_holds=3,
    max_error_rate=0.05,
    max_p95_latency_ms=200,
    alarms=("errors", "latency"),
)
OK = {"errors": "OK", "latency": "OK"}


def judged(
    requests: int = 100,
    errors: int = 0,
    p95: float | None = 50.0,
    *,
    step: int = 0,
    holds: int = 0,
    **alarms: Any,
) -> Judgement:
    return judge(
        rules=RULES,
        steps=RULES.plan,
        step=step,
        holds=holds,
        observation=Observation(requests=requests, errors=errors, p95_latency_ms=p95),
        alarms={name: state for name, state in {**OK, **alarms}.items() if state},
        at=MORNING,
    )


def test_healthy_traffic_advances_and_the_last_step_completes() -> None:
    assert judged(step=0).verdict == "advance"
    assert judged(step=1).verdict == "advance"
    assert judged(step=2).verdict == "complete"


def test_a_judgement_says_what_it_saw() -> None:
    judgement = judged(requests=40, errors=1, p95=80.0, step=1)
    assert judgement.weight == 0.5
    assert judgement.numbers == {
        "requests": 40,
        "errors": 1,
        "error_rate": 0.025,
        "p95_latency_ms": 80.0,
        "p99_latency_ms": None,
    }
    assert judgement.reasons == ("40 requests within the limits",)


def test_no_traffic_is_no_success() -> None:
    judgement = judged(requests=0, p95=None)
    assert judgement.verdict == "hold"
    assert judgement.reasons == ("0 requests, wanted at least 20",)
    assert judgement.numbers["error_rate"] is None


def test_a_step_without_evidence_is_held_so_often_and_then_rolled_back() -> None:
    assert [judged(requests=19, holds=holds).verdict for holds in range(5)] == [
        "hold",
        "hold",
        "hold",
        "roll_back",
        "roll_back",
    ]


def test_too_many_errors_roll_back_and_as_many_as_allowed_do_not() -> None:
    assert judged(requests=100, errors=5).verdict == "advance"
    judgement = judged(requests=100, errors=6)
    assert judgement.verdict == "roll_back"
    assert "6 of 100 requests failed" in judgement.reasons[0]


def test_with_little_traffic_only_errors_that_more_traffic_could_not_outweigh_roll_back() -> None:
    assert judged(requests=3, errors=1).verdict == "hold"  # 1 of 20 would be within 5 %
    assert judged(requests=3, errors=2).verdict == "roll_back"


def test_errors_counted_before_their_requests_roll_back_too() -> None:
    judgement = judged(requests=0, errors=2, p95=None)
    assert judgement.verdict == "roll_back"
    assert judged(requests=1, errors=2).numbers["error_rate"] == 1.0


def test_slow_answers_roll_back_once_there_are_enough_of_them() -> None:
    assert judged(p95=200.0).verdict == "advance"
    assert judged(p95=200.1).verdict == "roll_back"
    assert judged(requests=5, p95=9000.0).verdict == "hold"  # cold starts


def test_the_slowest_answers_count_where_the_definition_limits_them() -> None:
    rules = replace(RULES, max_p99_latency_ms=500.0)

    def verdict(p99: float | None, rules: ReleaseRules = rules) -> str:
        seen = Observation(requests=100, errors=0, p95_latency_ms=50.0, p99_latency_ms=p99)
        return judge(
            rules=rules, steps=RULES.plan, step=0, holds=0, observation=seen, alarms=OK, at=MORNING
        ).verdict

    assert [verdict(500.0), verdict(501.0), verdict(None)] == ["advance", "roll_back", "hold"]
    assert verdict(9000.0, RULES) == "advance"


def test_a_missing_or_senseless_latency_is_no_success() -> None:
    assert judged(p95=None).verdict == "hold"
    assert judged(p95=float("nan")).verdict == "roll_back"


@pytest.mark.parametrize(
    ("state", "verdict"), [("ALARM", "roll_back"), (None, "roll_back"), ("INSUFFICIENT_DATA", "hold")]
)
def test_every_alarm_must_exist_and_be_ok(state: str | None, verdict: str) -> None:
    judgement = judged(latency=state)
    assert judgement.verdict == verdict
    assert "alarm latency" in judgement.reasons[0]


def test_alarms_that_the_definition_does_not_name_do_not_matter() -> None:
    assert judged(billing="ALARM").verdict == "advance"


def test_all_reasons_are_given() -> None:
    assert len(judged(errors=100, p95=900.0, latency="ALARM").reasons) == 3


def compared(**figures: Any) -> Compared:
    return Compared(
        metric="roc_auc",
        figures=BehaviourFigures(**{"predictions": 100, **figures}),
        champion=Observation(requests=900, errors=9, p95_latency_ms=40.0, p99_latency_ms=60.0),
        notes=("the log is long: its newest part was read",),
    )


def behaving(*, step: int = 0, holds: int = 0, rules: ReleaseRules = RULES, **figures: Any) -> Judgement:
    return judge(
        rules=rules,
        steps=rules.plan,
        step=step,
        holds=holds,
        observation=Observation(requests=100, errors=0, p95_latency_ms=50.0),
        alarms=OK,
        at=MORNING,
        compared=compared(**figures),
    )


def test_predictions_as_expected_advance_and_both_sides_numbers_are_kept_flat() -> None:
    judgement = behaving(disagreement=0.1, disagreement_low=0.07, replayed_rows=200)
    assert judgement.verdict == "advance"
    assert judgement.reasons == (
        "100 requests within the limits, 100 logged predictions as expected",
        "the log is long: its newest part was read",
    )
    numbers = judgement.numbers
    assert (numbers["predictions"], numbers["disagreement"]) == (100, 0.1)
    assert (numbers["champion_requests"], numbers["champion_error_rate"]) == (900, 0.01)
    assert (numbers["champion_p95_latency_ms"], numbers["champion_p99_latency_ms"]) == (40.0, 60.0)
    assert all(value is None or isinstance(value, int | float) for value in numbers.values())


def test_a_guardrail_rolls_back_at_once_and_a_signal_holds_until_there_are_no_holds_left() -> None:
    assert behaving(disagreement=0.5, disagreement_low=0.4, replayed_rows=50).verdict == "roll_back"
    drifted: dict[str, Any] = {"prediction_drift": 0.9, "prediction_drift_p": 0.0001}
    assert [behaving(holds=holds, **drifted).verdict for holds in range(4)] == [*["hold"] * 3, "roll_back"]
    assert behaving(holds=3, **drifted).reasons[-1] == "still in doubt after 3 holds"


def test_a_version_without_logged_predictions_never_goes_on() -> None:
    assert [behaving(predictions=0, holds=holds).verdict for holds in range(4)] == [
        *["hold"] * 3,
        "roll_back",
    ]


def test_rows_that_only_the_new_version_refuses_roll_back_beyond_doubt() -> None:
    assert behaving(replayed_rows=200, replay_failures=10).verdict == "advance"  # 5 % are allowed
    judgement = behaving(replayed_rows=200, replay_failures=40)
    assert judgement.verdict == "roll_back"
    assert judgement.reasons == (
        "did not answer 40 of 200 logged rows that the version before answers, allowed is a rate of 0.05",
    )


def test_what_must_be_better_is_asked_before_the_last_step_and_not_earlier() -> None:
    rules = replace(RULES, behaviour=Behaviour(require="better"))
    assert [behaving(step=step, rules=rules).verdict for step in (0, 1, 2)] == ["advance", "hold", "complete"]
    assert behaving(step=1, rules=rules, performance_gain_low=0.01).verdict == "advance"


def test_a_long_list_of_reasons_is_cut() -> None:
    rules = replace(RULES, alarms=tuple(f"alarm-{number}" for number in range(100)))
    judgement = judge(
        rules=rules,
        steps=RULES.plan,
        step=0,
        holds=0,
        observation=Observation(requests=100, errors=0, p95_latency_ms=50.0),
        alarms={},
        at=MORNING,
    )
    assert len(judgement.reasons) == 20
    assert judgement.reasons[-1] == "and 81 more reasons"


@given(
    requests=st.integers(0, 10_000),
    errors=st.integers(0, 100),
    p95=st.none() | st.floats(0, 10_000),
    holds=st.integers(0, 5),
)
def test_worse_traffic_never_gets_a_better_verdict(
    requests: int, errors: int, p95: float | None, holds: int
) -> None:
    rank = ["roll_back", "hold", "advance"]
    first = judged(requests, errors, p95, holds=holds).verdict
    more_errors = judged(requests, errors + 1, p95, holds=holds).verdict
    assert rank.index(more_errors) <= rank.index(first)
    if p95 is not None:
        slower = judged(requests, errors, p95 + 1, holds=holds).verdict
        assert rank.index(slower) <= rank.index(first)
    assert not (requests < RULES.min_requests and first == "advance")


def test_a_new_arm_of_an_experiment_that_breaks_a_guardrail_rolls_back_and_its_signals_say_nothing() -> None:
    def with_arm(**figures: Any) -> Judgement:
        arm = BehaviourFigures(predictions=0, replayed_rows=200, **figures)
        found = replace(compared(), arms={"new": arm})
        return judge(
            rules=RULES,
            steps=RULES.plan,
            step=0,
            holds=0,
            observation=Observation(requests=100, errors=0, p95_latency_ms=50.0),
            alarms=OK,
            at=MORNING,
            compared=found,
        )

    assert with_arm(prediction_drift=9.0, prediction_drift_p=0.0).verdict == "advance"
    otherwise = with_arm(disagreement=0.5, disagreement_low=0.44)
    assert otherwise.verdict == "roll_back"
    assert otherwise.reasons[0].startswith("arm new disagrees with the version before")
    assert otherwise.numbers["disagreement of arm new"] == 0.5
    silent = with_arm(replay_failures=40)
    assert silent.reasons[0].startswith("arm new did not answer 40 of 200 logged rows")
