from lambdaloop.domain.judgement_words import figures_of, newest_of_each_step, title_of
from lambdaloop.domain.release import Judgement, Verdict
from tests.fakes.samples import MORNING


def judgement(step: int, verdict: Verdict, **numbers: float) -> Judgement:
    return Judgement(at=MORNING, step=step, weight=0.1, verdict=verdict, reasons=(), numbers=numbers)


def test_a_figure_stands_beside_that_of_the_version_before_and_what_training_expected() -> None:
    numbers = {
        "requests": 100.0,
        "champion_requests": 900.0,
        "error_rate": 0.0125,
        "p95_latency_ms": 12.345,
        "disagreement": 0.18,
        "expected_disagreement": 0.143,
        "champion_replay_failures": 2.0,
    }
    assert list(figures_of(judgement(0, "advance", **numbers))) == [
        ("requests", "100", "900", ""),
        ("error rate", "1.2 %", "", ""),
        ("p95 latency ms", "12.3 ms", "", ""),
        ("disagreement", "0.18", "", "0.143"),
        ("replay failures", "", "2", ""),
    ]


def test_of_a_step_that_was_held_the_last_judgement_is_shown() -> None:
    judged = [judgement(0, "hold"), judgement(0, "advance"), judgement(1, "roll_back")]
    assert newest_of_each_step(judged) == (judged[1], judged[2])
    assert title_of(judged[1]) == "step 1 (10%), 2026-03-02 09:00:00: advance"


def test_an_arm_of_an_experiment_has_rows_of_its_own() -> None:
    numbers = {
        "replay_p95_ms of arm new": 12.5,
        "champion_replay_p95_ms of arm new": 11.0,
        "disagreement of arm new": 0.25,
        "expected_disagreement of arm new": 0.2,
    }
    assert list(figures_of(judgement(0, "advance", **numbers))) == [
        ("replay p95 ms of arm new", "12.5 ms", "11.0 ms", ""),
        ("disagreement of arm new", "0.25", "", "0.2"),
    ]
