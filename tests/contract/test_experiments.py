"""What every log of experiments promises: the in-memory one and DynamoDB."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from lambdaloop.domain.errors import (
    ExperimentChangedError,
    ExperimentNotFoundError,
    ExperimentRunningError,
    NamespaceTakenError,
)
from lambdaloop.domain.experiment import Arm, ArmFigures, Contrast, Experiment, ExperimentRules, Look
from lambdaloop.domain.experiment_life import KEPT_LOOKS, Change, looked
from tests.contract.aws import TABLE, Aws
from tests.fakes.registry import InMemoryRegistry
from tests.fakes.samples import MODEL, MORNING

Log = Any  # InMemoryRegistry or DynamoRegistry


@pytest.fixture(params=["fake", "dynamo"])
def log(request: pytest.FixtureRequest) -> Log:
    return InMemoryRegistry() if request.param == "fake" else request.getfixturevalue("aws").registry


def experiment(identity: str = "trial", **changes: Any) -> Experiment:
    known = Experiment(
        id=identity,
        model=MODEL,
        status="starting",
        arms=(Arm(name="old", version=1, share=5000), Arm(name="new", version=2, share=5000)),
        salt=identity,
        namespace="shop",
        first_bucket=0,
        buckets=4000,
        rules=ExperimentRules(outcome="reward", smallest_effect=0.1),
        requested_by="ana",
        reason="why not",
        created_at=MORNING,
    )
    return replace(known, **changes)


def ended(one: Experiment) -> Change:
    after = replace(one, status="stopped", ended_at=MORNING + timedelta(hours=1), revision=one.revision + 1)
    return Change(experiment=after, kind="experiment_stopped", why="enough", at=MORNING)


def test_what_was_opened_can_be_read(log: Log) -> None:
    opened = log.open_experiment(experiment(), anywhere=False)
    assert opened == experiment()
    assert log.experiment(MODEL, "trial") == opened
    assert log.current_experiment(MODEL) == opened
    assert list(log.experiments(MODEL)) == [opened]
    assert [event.kind for event in log.events(MODEL)] == ["experiment_opened"]


def test_an_experiment_that_is_not_there_is_told_by_name(log: Log) -> None:
    assert log.current_experiment(MODEL) is None
    with pytest.raises(ExperimentNotFoundError, match="trial"):
        log.experiment(MODEL, "trial")


def test_opening_again_changes_nothing(log: Log) -> None:
    first = log.open_experiment(experiment(), anywhere=False)
    assert log.open_experiment(experiment(reason="another"), anywhere=False) == first
    assert len(log.events(MODEL)) == 1


def test_the_second_experiment_of_a_model_has_to_wait_until_the_first_one_ends(log: Log) -> None:
    first = log.open_experiment(experiment(), anywhere=False)
    with pytest.raises(ExperimentRunningError, match="trial"):
        log.open_experiment(experiment("second"), anywhere=True)
    log.record_experiment(first, ended(first), by="ana")
    second = log.open_experiment(experiment("second"), anywhere=False)
    assert second.first_bucket == 0
    assert log.current_experiment(MODEL) == second


def test_experiments_of_a_namespace_share_no_bucket_whichever_model_they_are_of(log: Log) -> None:
    first = log.open_experiment(experiment(), anywhere=False)
    other = experiment("other", model="prices", buckets=5000)
    with pytest.raises(NamespaceTakenError, match="0 to 3999 by experiment 'trial' of model 'churn'"):
        log.open_experiment(other, anywhere=False)
    assert log.open_experiment(other, anywhere=True).first_bucket == 4000
    third = experiment("third", model="offers", buckets=2000)
    with pytest.raises(NamespaceTakenError):
        log.open_experiment(third, anywhere=True)
    log.record_experiment(first, ended(first), by="ana")
    assert log.open_experiment(third, anywhere=True).first_bucket == 0
    elsewhere = experiment("fourth", model="more", namespace="mail", buckets=10_000)
    assert log.open_experiment(elsewhere, anywhere=False).first_bucket == 0


def test_a_range_grows_into_free_buckets_only(log: Log) -> None:
    one = log.open_experiment(experiment(), anywhere=False)
    log.open_experiment(experiment("other", model="prices", buckets=1000), anywhere=True)

    def grown(buckets: int) -> Change:
        after = replace(one, buckets=buckets, revision=one.revision + 1)
        return Change(experiment=after, kind=None, why="", at=MORNING)

    with pytest.raises(NamespaceTakenError, match="4000 to 4999 by experiment 'other'"):
        log.record_experiment(one, grown(4001), by="ana")
    one = log.record_experiment(one, grown(3000), by="ana")
    third = log.open_experiment(experiment("third", model="offers", buckets=1000), anywhere=True)
    assert third.first_bucket == 3000


def test_a_change_is_made_once_and_only_to_what_was_read(log: Log) -> None:
    opened = log.open_experiment(experiment(), anywhere=False)
    change = ended(opened)
    assert log.record_experiment(opened, change, by="ana") == change.experiment
    assert log.record_experiment(opened, change, by="ana") == change.experiment
    other = Change(experiment=replace(opened, status="running", revision=2), kind="x", why="", at=MORNING)
    with pytest.raises(ExperimentChangedError, match="trial"):
        log.record_experiment(opened, other, by="ana")
    assert sorted(event.kind for event in log.events(MODEL)) == ["experiment_opened", "experiment_stopped"]


def test_looks_are_no_events(log: Log) -> None:
    one = log.open_experiment(experiment(), anywhere=False)
    figures = ArmFigures(units=10**9, measured=10**8, total=1 / 3, squares=1e100, requests=7, failures=1)
    for hour in range(3):
        look = Look(
            at=MORNING + timedelta(hours=hour),
            verdict="undecided",
            reason="too few yet",
            figures={"old": figures, "new": figures},
            sample_ratio_p=1e-200,  # smaller than any number of DynamoDB
            contrasts=(Contrast(arm="new", difference=-0.1, low=-0.2, high=None),),
        )
        one = log.record_experiment(one, looked(one, look), by="evaluation")
    read = log.experiment(MODEL, "trial")
    assert read == one
    assert [each.contrasts for each in read.looks] == [look.contrasts] * 3
    assert len(log.events(MODEL)) == 1


def test_only_the_newest_looks_stay_in_the_record() -> None:
    one = experiment()
    for hour in range(KEPT_LOOKS + 5):
        look = Look(at=MORNING + timedelta(hours=hour), verdict="undecided", reason="")
        one = looked(one, look).experiment
    assert len(one.looks) == KEPT_LOOKS
    assert one.looks[-1].at == MORNING + timedelta(hours=KEPT_LOOKS + 4)


def test_of_two_that_open_at_once_one_experiment_comes_to_be(aws: Aws) -> None:
    def attempt(identity: str) -> str | None:
        try:
            return str(aws.registry.open_experiment(experiment(identity), anywhere=True).id)
        except ExperimentRunningError:
            return None

    with ThreadPoolExecutor(4) as pool:
        opened = list(pool.map(attempt, ["a", "b", "c", "d"]))
    assert len([each for each in opened if each]) == 1
    ranges = aws.dynamodb.get_item(
        TableName=TABLE, Key={"pk": {"S": "NAMESPACE#shop"}, "sk": {"S": "RANGES"}}
    )["Item"]["ranges"]["L"]
    assert len(ranges) == 1


def test_a_full_record_stays_far_below_what_an_item_may_hold(aws: Aws) -> None:
    arms = tuple(Arm(name=f"arm-{n:0>28}", version=n, share=1000) for n in range(1, 11))
    one = aws.registry.open_experiment(experiment(arms=arms), anywhere=False)
    figures = ArmFigures(
        units=10**9, measured=10**9, total=1 / 3, squares=2 / 3, covariate_total=1 / 7, requests=10**9
    )
    look = Look(
        at=MORNING,
        verdict="undecided",
        reason="x" * 600,
        figures={arm.name: figures for arm in arms},
        sample_ratio_p=1 / 3,
        contrasts=tuple(Contrast(arm=arm.name, difference=1 / 3, low=1 / 7, high=1 / 9) for arm in arms[1:]),
    )
    looks = tuple(replace(look, at=MORNING + timedelta(hours=hour)) for hour in range(KEPT_LOOKS))
    full = Change(experiment=replace(one, looks=looks, revision=2), kind=None, why="", at=MORNING)
    aws.registry.record_experiment(one, full, by="evaluation")
    assert aws.registry.experiment(MODEL, "trial").looks == looks
