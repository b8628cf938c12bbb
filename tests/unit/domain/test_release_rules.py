from dataclasses import replace
from datetime import timedelta

import pytest

from lambdaloop.domain.alias import moved
from lambdaloop.domain.caught_error import describe
from lambdaloop.domain.errors import LeaseHeldError, ReleaseStateError, RoutingChangedError
from lambdaloop.domain.lease import FREE, taken
from lambdaloop.domain.release import Release, ReleaseStatus
from lambdaloop.domain.release_rules import check_open, check_routing, lease_seconds, steps_of
from lambdaloop.domain.traffic import Routing
from tests.fakes.samples import MODEL, MORNING, rules

RELEASE = Release(
    number=2,
    model=MODEL,
    version=2,
    status="open",
    execution="x",
    requested_by="ml-team",
    reason="better",
    created_at=MORNING,
    previous=1,
    previous_lambda_version="2",
    first=False,
    rules=rules(),
)


def test_a_first_release_takes_all_traffic_at_once_and_later_ones_go_step_by_step() -> None:
    assert [step.percent for step in steps_of(RELEASE)] == [10, 50, 100]
    assert [step.percent for step in steps_of(replace(RELEASE, first=True))] == [100]


def test_a_lease_outlasts_the_bake_and_the_longest_function() -> None:
    assert lease_seconds(rules(bake_seconds=300)) == 1200


@pytest.mark.parametrize("status", ["live", "superseded", "rolled_back"])
def test_a_release_that_has_ended_takes_no_further_step(status: ReleaseStatus) -> None:
    with pytest.raises(ReleaseStateError, match=status):
        check_open(replace(RELEASE, status=status))


@pytest.mark.parametrize("status", ["open", "shifting"])
def test_a_release_at_work_takes_further_steps(status: ReleaseStatus) -> None:
    check_open(replace(RELEASE, status=status))


@pytest.mark.parametrize(("stable", "candidate"), [("2", None), ("2", "3"), ("3", None), ("3", "2")])
def test_routing_between_a_release_and_the_one_before_is_its_own(stable: str, candidate: str | None) -> None:
    routing = Routing(stable=stable, candidate=candidate, weight=0.5, revision="r")
    check_routing(routing, model=MODEL, stable="2", candidate="3")


@pytest.mark.parametrize(
    ("stable", "candidate", "stranger"), [("7", None, "7"), ("2", "7", "7"), ("7", "8", "7, 8")]
)
def test_routing_to_a_stranger_is_somebody_elses(stable: str, candidate: str | None, stranger: str) -> None:
    routing = Routing(stable=stable, candidate=candidate, weight=0.5, revision="r")
    with pytest.raises(RoutingChangedError, match=f"to Lambda version {stranger}, but"):
        check_routing(routing, model=MODEL, stable="2", candidate=None)


def test_moves_of_an_alias_strictly_grow_in_revision_and_time() -> None:
    first = moved(None, model=MODEL, name="champion", version=1, release=1, at=MORNING, by="x")
    assert (first.revision, first.moved_at) == (1, MORNING)
    earlier = MORNING - timedelta(hours=1)
    second = moved(first, model=MODEL, name="champion", version=2, release=2, at=earlier, by="y")
    assert (second.revision, second.moved_at) == (2, MORNING + timedelta(microseconds=1))


def test_a_lease_names_its_holder_and_its_end() -> None:
    held = taken(None, model=MODEL, name="release", owner="x", at=MORNING, seconds=60)
    with pytest.raises(LeaseHeldError, match="held by 'x' until 2026-03-02 09:01:00 UTC"):
        taken(held, model=MODEL, name="release", owner="y", at=MORNING, seconds=60)


def test_tokens_grow_with_every_owner_even_through_a_free_lease() -> None:
    held = taken(None, model=MODEL, name="release", owner="x", at=MORNING, seconds=60)
    given_back = replace(held, owner=FREE)
    again = taken(given_back, model=MODEL, name="release", owner="x", at=MORNING, seconds=60)
    assert (held.token, again.token) == (1, 2)


@pytest.mark.parametrize(
    ("cause", "message"),
    [
        ('{"errorMessage": "too slow", "errorType": "ParityError", "stackTrace": ["..."]}', "too slow"),
        ("The state timed out", "The state timed out"),
        ('["no", "object"]', '["no", "object"]'),
        ('{"other": 1}', '{"other": 1}'),
    ],
)
def test_a_caught_error_is_told_without_its_traceback(cause: str, message: str) -> None:
    assert describe({"Error": "Boom", "Cause": cause}) == {"error": "Boom", "message": message}


def test_a_caught_error_may_have_no_cause() -> None:
    assert describe({"Error": "States.Timeout"}) == {"error": "States.Timeout", "message": ""}
