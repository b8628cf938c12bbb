from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdaloop.domain.judging import judge
from lambdaloop.domain.release import Judgement
from lambdaloop.domain.releasing_rules import ReleaseRules
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
