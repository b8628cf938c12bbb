from datetime import timedelta

import pytest

from functions.advance_experiment.handler import handle as advance
from lambdaloop.domain.errors import LeaseHeldError
from lambdaloop.domain.experiment import Arm, Look
from lambdaloop.services.advance_experiment import WORKFLOW
from lambdaloop.services.archived_documents import load_record
from tests.fakes.experiment_log import crowd
from tests.fakes.experiment_trial import HOUR, Trial
from tests.fakes.samples import MODEL


@pytest.fixture
def trial() -> Trial:
    return Trial()


def test_a_better_arm_is_found_and_the_order_to_carry_it_out_follows(trial: Trial) -> None:
    predictions, labels = crowd({"old": 0.6, "new": 0.9}, units=2000, since=trial.begin)
    trial.log([*predictions, *labels])
    found = trial.look()
    assert (found["verdict"], found["order"]["kind"]) == ("better", "conclude")
    assert trial.figures("new").units == trial.figures("new").measured == 1000
    look = trial.desk.experiment().looks[-1]
    assert look.winner == "new"
    assert trial.desk.app.fake_clock.now() - look.at < HOUR

    order = {"order": found["order"]}
    assert advance(order, trial.desk.app)["status"] == "concluding"
    trial.desk.release("churn-trial-2")
    assert trial.desk.advance() == "concluded"
    assert trial.desk.registry.releases(MODEL)[0].version == 2


def test_an_arm_that_harms_ends_the_experiment(trial: Trial) -> None:
    predictions, labels = crowd({"old": 0.9, "new": 0.5}, units=2000, since=trial.begin)
    trial.log([*predictions, *labels])
    found = trial.look()
    assert (found["verdict"], found["order"]["kind"]) == ("harmful", "conclude")


def test_a_split_that_is_not_the_asked_one_spoils_the_result_loudly(trial: Trial) -> None:
    predictions, labels = crowd({"old": 0.6, "new": 0.9}, units=2000, since=trial.begin)
    lost = [line for number, line in enumerate(predictions) if number % 4 != 1]
    trial.log([*lost, *labels])
    assert trial.look()["verdict"] == "invalid"
    assert trial.desk.notices.told[-1][0] == "Experiment trial of churn: invalid"


def test_people_are_told_once_of_a_verdict_that_is_new() -> None:
    trial = Trial(automatic=False)
    predictions, labels = crowd({"old": 0.6, "new": 0.9}, units=2000, since=trial.begin)
    trial.log(predictions, "predictions")
    assert trial.look()["verdict"] == "undecided"
    told = len(trial.desk.notices.told)
    trial.log(labels, "labels")
    for _ in range(2):
        found = trial.look()
        assert (found["verdict"], found["order"]["kind"]) == ("better", "none")
    assert len(trial.desk.notices.told) == told + 1


def test_nothing_is_said_without_an_experiment_that_runs(trial: Trial) -> None:
    trial.desk.order("stop")
    found = trial.look()
    assert (found["verdict"], found["order"]["kind"]) == (None, "none")
    assert trial.metrics.looks == []


def test_only_one_look_is_taken_at_a_time(trial: Trial) -> None:
    trial.desk.registry.acquire(
        model=MODEL, name="experiment", owner="another", at=trial.begin, seconds=10 * 3600
    )
    with pytest.raises(LeaseHeldError):
        trial.look()


def test_a_look_taken_again_shows_the_same(trial: Trial) -> None:
    predictions, labels = crowd({"old": 0.6, "new": 0.7}, units=400, since=trial.begin)
    trial.log([*predictions, *labels])
    first = trial.look()
    again = trial.look(timedelta(0))
    assert first == again
    assert len(trial.desk.experiment().looks) == 1


def test_all_looks_are_kept_in_the_bucket(trial: Trial) -> None:
    trial.log(crowd({"old": 0.7, "new": 0.7}, units=50, since=trial.begin)[0])
    trial.look()
    [key] = trial.archive.keys("reports/model=churn/experiment=trial/")
    assert load_record(trial.archive, key, Look) == trial.desk.experiment().looks[-1]


def test_an_experiment_without_an_answer_ends_with_its_days() -> None:
    trial = Trial(max_days=2)
    trial.log(crowd({"old": 0.7, "new": 0.7}, units=50, since=trial.begin)[0])
    assert trial.look()["order"]["kind"] == "none"
    found = trial.look(timedelta(days=2))
    assert (found["verdict"], found["order"]["kind"]) == ("undecided", "conclude")


def test_thompson_shares_follow_the_outcomes_at_most_once_a_day() -> None:
    trial = Trial(policy="thompson", smallest_effect=0.02)
    predictions, labels = crowd({"old": 0.66, "new": 0.72}, units=600, since=trial.begin)
    trial.log([*predictions, *labels])
    assert trial.look()["order"]["kind"] == "none"
    found = trial.look(timedelta(days=1))
    assert found["order"]["kind"] == "reshare"
    old, new = found["order"]["shares"]
    assert new > 5000 > old >= 500
    advance({"order": found["order"]}, trial.desk.app)
    trial.desk.release("churn-trial-2")
    trial.desk.advance()
    assert trial.desk.experiment().arms[1] == Arm(name="new", version=2, share=new)
    assert trial.look()["order"]["kind"] == "none"


def test_units_of_two_shares_are_compared_within_each_and_the_split_is_held_against_both() -> None:
    """Simpson's paradox: a good week in which the worse arm had most of the traffic."""
    trial = Trial(policy="thompson", smallest_effect=0.02)
    bad_week, bad = crowd({"old": 0.5, "new": 0.5}, units=2000, since=trial.begin)
    trial.log([*bad_week, *bad], "bad")
    trial.desk.order("reshare", shares=(2000, 8000), requested_by=WORKFLOW)
    second = trial.desk.release("churn-trial-2")
    trial.desk.advance()
    trial.desk.clock.advance(60)
    good_week, good = crowd(
        {"old": 0.9, "new": 0.9}, units=5000, since=trial.desk.clock.now(), seed=2, release=second.number
    )
    kept = [line for number, line in enumerate(good_week) if line["variant"] == "new" or number % 8 == 1]
    trial.log([*kept, *good], "good")
    trial.look()
    look = trial.desk.experiment().looks[-1]
    naive = {arm: each.total / each.measured for arm, each in look.figures.items()}
    assert naive["new"] - naive["old"] > 0.1
    [contrast] = look.contrasts
    assert contrast.difference is not None
    assert abs(contrast.difference) < 0.05
    assert look.verdict != "invalid"
