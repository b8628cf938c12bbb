"""Who counts in a stateless experiment: requests that came while the weights were what was asked for."""

import random
from datetime import datetime, timedelta
from typing import Any

import pytest

from lambdaloop.domain.documents import Document
from lambdaloop.domain.experiment import Arm
from tests.fakes.experiment_log import label, plain
from tests.fakes.experiment_trial import Trial

ARMS = (Arm(name="old", version=1, share=7000), Arm(name="new", version=2, share=3000))
CONTROL, TREATMENT, LATER = 1, 2, 3
"""Releases."""
SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)


def stateless(**changes: Any) -> Trial:
    return Trial(start={"arms": ARMS, "assignment": "stateless"}, **changes)


@pytest.fixture
def trial() -> Trial:
    return stateless()


def requests(
    right: dict[int, float], *, count: int, since: datetime, share: float = 0.3, seed: int = 1
) -> list[Document]:
    """So many requests, each answered by the treatment with that chance, and what turned out to be true."""
    chance = random.Random(seed)
    treatment = max(right)
    lines = []
    for number in range(count):
        release = treatment if chance.random() < share else CONTROL
        at = since + timedelta(milliseconds=number)
        line = plain(release, at=at)
        actual = "yes" if chance.random() < right[release] else "no"
        lines += [line, label(line, actual, at=at + SECOND)]
    return lines


def test_the_release_that_answered_is_the_arm(trial: Trial) -> None:
    trial.log(requests({CONTROL: 0.6, TREATMENT: 0.9}, count=2000, since=trial.begin))
    found = trial.look()
    assert (found["verdict"], found["order"]["kind"]) == ("better", "conclude")
    old, new = trial.figures("old"), trial.figures("new")
    assert old.units + new.units == 2000
    assert 500 < new.units < 700


def test_a_split_that_is_not_that_of_the_weights_spoils_the_result(trial: Trial) -> None:
    trial.log(requests({CONTROL: 0.6, TREATMENT: 0.9}, count=2000, since=trial.begin, share=0.5))
    assert trial.look()["verdict"] == "invalid"


def test_predictions_of_one_request_are_one_unit_whomever_they_are_about(trial: Trial) -> None:
    together = [
        plain(TREATMENT, at=trial.begin, request="r-1", entity=name, assignment=None)
        for name in ("ana", "bob", "eve")
    ]
    alone = [plain(TREATMENT, at=trial.begin + SECOND, entity="ana") for _ in range(2)]
    at = trial.begin + 2 * SECOND
    trial.log(
        [
            *together,
            *alone,
            *(label(line, "no", at=at) for line in together[:2]),
            label(alone[0], "yes", at=at),
        ]
    )
    trial.look()
    figures = trial.figures("new")
    assert (figures.units, figures.measured, figures.total, figures.requests) == (3, 2, 1.0, 5)


def test_what_entities_were_like_before_is_nothing_to_adjust_for(trial: Trial) -> None:
    before = [plain(CONTROL, at=trial.begin - DAY, entity=f"user-{n}") for n in range(50)]
    known = [
        label(line, "yes" if n % 2 else "no", at=trial.begin - DAY + SECOND) for n, line in enumerate(before)
    ]
    trial.log([*before, *known], "before")
    trial.log(requests({CONTROL: 0.7, TREATMENT: 0.7}, count=500, since=trial.begin))
    trial.look()
    assert trial.figures("old").covariate_squares == 0.0
    assert trial.desk.experiment().looks[-1].contrasts[0].variance_reduction == 0.0


def test_what_was_answered_before_it_had_its_share_counts_for_nobody(trial: Trial) -> None:
    early = [plain(release, at=trial.begin - SECOND) for release in (CONTROL, TREATMENT)]
    trial.log([*early, plain(CONTROL, at=trial.begin)])
    trial.look()
    assert (trial.figures("old").units, trial.figures("new").units) == (1, 0)


def test_what_is_answered_once_another_share_was_asked_for_counts_for_nobody(trial: Trial) -> None:
    trial.desk.clock.advance(3600)
    trial.desk.order("reshare", shares=(5000, 5000))
    asked = trial.desk.clock.now()
    lines = [plain(CONTROL, at=asked - SECOND), plain(TREATMENT, at=asked - SECOND)]
    trial.desk.clock.advance(60)
    between = trial.desk.clock.now()
    lines += [plain(CONTROL, at=between), plain(TREATMENT, at=between)]
    trial.log(lines)
    trial.look()
    assert (trial.figures("old").units, trial.figures("new").units) == (1, 1)


def test_shares_are_compared_within_each_stretch_and_the_split_is_held_against_all(trial: Trial) -> None:
    trial.log(requests({CONTROL: 0.6, TREATMENT: 0.6}, count=1000, since=trial.begin), "first")
    trial.desk.clock.advance(3600)
    trial.desk.order("reshare", shares=(2000, 8000))
    trial.desk.release("churn-trial-2")
    trial.desk.advance()
    # A good day for everybody, and for the treatment's larger share of it.
    good = {CONTROL: 0.95, LATER: 0.95}
    trial.log(requests(good, count=1000, since=trial.desk.clock.now(), share=0.8, seed=2), "second")
    assert trial.look()["verdict"] == "equal"
    look = trial.desk.experiment().looks[-1]
    assert sum(each.units for each in look.figures.values()) == 2000
    assert abs(look.contrasts[0].difference or 0) < 0.05


def test_a_share_that_was_refused_does_not_end_what_is_counted(trial: Trial) -> None:
    trial.desk.order("reshare", shares=(5000, 5000))
    trial.desk.clock.advance(3600)
    trial.desk.advance()
    trial.log([plain(TREATMENT, at=trial.desk.clock.now())])
    trial.look()
    assert trial.figures("new").units == 1


def test_failures_are_those_of_each_release_as_a_whole(trial: Trial) -> None:
    trial.log(requests({CONTROL: 0.7, TREATMENT: 0.7}, count=300, since=trial.begin))
    trial.failures.of = {str(CONTROL): 1.0, str(TREATMENT): 60.0}
    found = trial.look()
    assert (found["verdict"], trial.figures("new").failures, trial.figures("old").failures) == (
        "harmful",
        60,
        1,
    )


def test_shares_may_follow_the_outcomes_by_whole_percents() -> None:
    trial = stateless(policy="thompson", smallest_effect=0.02)
    trial.log(requests({CONTROL: 0.6, TREATMENT: 0.63}, count=400, since=trial.begin))
    order = trial.look(after=DAY + timedelta(hours=1))["order"]
    assert order["kind"] == "reshare"
    assert order["shares"][1] % 100 == 0
    assert order["shares"][1] > 3000
