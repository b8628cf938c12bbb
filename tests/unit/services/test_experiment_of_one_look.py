"""A fixed design: judged once, when the planned number of units is there, and ended by that."""

from datetime import timedelta
from typing import Any

import pytest

from functions.advance_experiment.handler import handle as advance
from lambdaloop.domain.errors import ExperimentInvalidError
from lambdaloop.domain.experiment_life import KEPT_LOOKS
from lambdaloop.services.advance_experiment import WORKFLOW
from tests.fakes.experiment_log import crowd
from tests.fakes.experiment_trial import Trial
from tests.fakes.samples import MODEL


def planned(units_per_arm: int, **changes: Any) -> Trial:
    return Trial(design="fixed", units_per_arm=units_per_arm, **{"smallest_effect": 0.03, **changes})


def come(trial: Trial, old: float, new: float, *, units: int, seed: int = 1) -> None:
    """So many new users of both arms, and their labels."""
    predictions, labels = crowd(
        {"old": old, "new": new}, units=units, since=trial.desk.clock.now(), seed=seed
    )
    trial.log([*predictions, *labels], f"part-{seed}")


def test_it_waits_for_its_units_and_ends_with_what_the_test_says_then() -> None:
    trial = planned(500)
    come(trial, 0.6, 0.72, units=900)
    found = trial.look()
    assert (found["verdict"], found["order"]["kind"]) == ("undecided", "none")
    assert trial.desk.experiment().looks[-1].contrasts[0].difference is None
    come(trial, 0.6, 0.72, units=100, seed=2)
    found = trial.look()
    assert (found["verdict"], found["order"]["kind"]) == ("better", "conclude")
    look = trial.desk.experiment().looks[-1]
    assert look.judged_at == look.at
    assert 0 < (look.contrasts[0].p_value or 0) < 0.05

    advance({"order": found["order"]}, trial.desk.app)
    trial.desk.release("churn-trial-2")
    assert trial.desk.advance() == "concluded"
    assert trial.desk.registry.releases(MODEL)[0].version == 2


def test_it_ends_without_an_answer_where_the_test_gives_none() -> None:
    trial = planned(250)
    come(trial, 0.66, 0.72, units=500)
    found = trial.look()
    assert (found["verdict"], found["order"]["kind"]) == ("undecided", "conclude")
    advance({"order": found["order"]}, trial.desk.app)
    trial.desk.release("churn-trial-2")
    assert trial.desk.advance() == "concluded"
    assert trial.desk.registry.releases(MODEL)[0].version == 1


def test_where_people_carry_the_answer_out_they_are_told_once_and_it_stays_the_same() -> None:
    trial = planned(250, automatic=False)
    come(trial, 0.66, 0.72, units=500)
    told = len(trial.desk.notices.told)
    assert trial.look()["order"]["kind"] == "none"
    first = trial.desk.experiment().looks[-1]
    come(trial, 0.5, 0.9, units=400, seed=2)
    for _ in range(KEPT_LOOKS + 1):
        found = trial.look()
        assert (found["verdict"], found["order"]["kind"]) == ("undecided", "none")
    last = trial.desk.experiment().looks[-1]
    assert (last.judged_at, last.reason, last.contrasts) == (first.at, first.reason, first.contrasts)
    assert last.figures["new"].measured == 450
    assert len(trial.desk.notices.told) == told + 1


def test_without_its_units_it_ends_with_its_days() -> None:
    trial = planned(500, max_days=2)
    come(trial, 0.5, 0.7, units=600)
    assert trial.look()["order"]["kind"] == "none"
    found = trial.look(timedelta(days=2))
    assert (found["verdict"], found["order"]["kind"]) == ("undecided", "conclude")
    assert trial.desk.experiment().looks[-1].reason.endswith("judged, once; the 2 days are over")


def test_its_shares_stay() -> None:
    trial = planned(500)
    with pytest.raises(ExperimentInvalidError, match="its shares stay"):
        trial.desk.order("reshare", shares=(2000, 8000), requested_by=WORKFLOW)


def test_people_are_told_when_the_outcomes_of_one_arm_are_lacking() -> None:
    trial = Trial()
    predictions, labels = crowd({"old": 0.6, "new": 0.9}, units=2000, since=trial.begin)
    of_new = {line["prediction_id"] for line in predictions if line["variant"] == "new"}
    kept = [line for number, line in enumerate(labels) if line["prediction_id"] in of_new or number % 8 < 6]
    trial.log([*predictions, *kept], "first")
    told = len(trial.desk.notices.told)
    for _ in range(2):
        found = trial.look()
        assert (found["verdict"], found["order"]["kind"]) == ("undecided", "none")
    [(_, text)] = trial.desk.notices.told[told:]
    assert text.startswith("outcomes are known of 100.0% of the units of new and of 75.")
    late = [line for line in labels if line not in kept]
    trial.log(late, "late")
    assert trial.look()["verdict"] == "better"
