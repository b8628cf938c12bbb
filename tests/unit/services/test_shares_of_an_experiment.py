"""Shares and ranges that change while an experiment runs."""

from dataclasses import replace

import pytest

from lambdaloop.domain.errors import ExperimentInvalidError, NamespaceTakenError
from lambdaloop.services.advance_experiment import WORKFLOW
from tests.fakes.experiment_desk import ExperimentDesk, desk_with_live


@pytest.fixture
def desk() -> ExperimentDesk:
    return desk_with_live()


def test_shares_change_by_a_release_of_the_same_experiment_all_at_once(desk: ExperimentDesk) -> None:
    desk.run()
    assert desk.order("reshare", shares=(2000, 8000), requested_by=WORKFLOW) == "running"
    release = desk.release("churn-trial-2")
    assert [step.percent for step in release.rules.plan] == [100]
    assert release.experiment is not None
    assert release.experiment.salt == "trial"
    assert desk.advance() == "running"
    assert desk.experiment().release == release.number
    assert [arm.share for arm in desk.experiment().arms] == [2000, 8000]


def test_shares_that_are_rolled_back_stay_as_they_were(desk: ExperimentDesk) -> None:
    desk.run()
    desk.order("reshare", shares=(2000, 8000), requested_by=WORKFLOW)
    desk.refuse("churn-trial-2")
    assert desk.advance() == "running"
    assert [arm.share for arm in desk.experiment().arms] == [5000, 5000]
    assert desk.advance() == "running"
    assert desk.asked()[-1] == "churn-trial-2"


def test_a_ramp_lets_more_take_part_and_moves_nobody() -> None:
    desk = desk_with_live()
    desk.start(buckets=1000)
    before = desk.release("churn-trial-1").experiment
    desk.advance()
    assert desk.order("ramp", buckets=5000) == "running"
    after = desk.release("churn-trial-2").experiment
    assert desk.advance() == "running"
    assert before is not None
    assert after is not None
    people = [f"user-{number}" for number in range(2000)]
    were = {each: before.assign(each, request="r") for each in people}
    now = {each: after.assign(each, request="r") for each in people}
    took_part = [each for each in people if were[each].kind == "entity"]
    assert 100 < len(took_part) < 300
    assert all(now[each] == were[each] for each in took_part)
    assert 800 < sum(each.kind == "entity" for each in now.values()) < 1200


def test_a_ramp_grows_only_into_free_buckets_and_only_upwards() -> None:
    desk = desk_with_live()
    desk.start(namespace="shop", buckets=1000)
    desk.release("churn-trial-1")
    desk.advance()
    with pytest.raises(ExperimentInvalidError, match="can grow to 10000, got 500"):
        desk.order("ramp", buckets=500)
    other = replace(desk.experiment(), model="prices", id="other")
    desk.registry.open_experiment(other, anywhere=True)
    with pytest.raises(NamespaceTakenError, match="1000 to 1999"):
        desk.order("ramp", buckets=2000)
    assert desk.experiment().buckets == 1000


def test_a_ramp_that_is_rolled_back_gives_its_buckets_back() -> None:
    desk = desk_with_live()
    desk.start(buckets=1000)
    desk.release("churn-trial-1")
    desk.advance()
    desk.order("ramp", buckets=5000)
    desk.refuse("churn-trial-2")
    assert desk.advance() == "running"
    assert desk.experiment().buckets == 1000
