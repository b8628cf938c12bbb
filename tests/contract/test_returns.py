"""Going back to an earlier release, as every registry promises it: the in-memory one and DynamoDB."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from lambdaloop.domain.alias import CHAMPION
from lambdaloop.domain.errors import (
    AliasMovedError,
    ReleaseNotFoundError,
    ReleaseStateError,
)
from lambdaloop.domain.release_rules import LEASE
from tests.contract.aws import Aws
from tests.contract.test_registry import at, judgement, kinds, live, opened
from tests.fakes.registry import InMemoryRegistry
from tests.fakes.samples import MODEL

Registry = Any  # InMemoryRegistry or DynamoRegistry


@pytest.fixture(params=["fake", "dynamo"])
def registry(request: pytest.FixtureRequest) -> Registry:
    """Two releases that went live, of the versions 1 and 2."""
    registry = InMemoryRegistry() if request.param == "fake" else request.getfixturevalue("aws").registry
    live(registry, "x", version=1, minutes=5)
    live(registry, "y", version=2, minutes=9)
    return registry


def back(registry: Registry, number: int, *, minutes: float = 20) -> Any:
    return registry.return_to(model=MODEL, number=number, by="anna", reason="wrong prices", at=at(minutes))


def statuses(registry: Registry) -> list[str]:
    return [release.status for release in reversed(registry.releases(MODEL))]


def test_closing_says_since_when_a_release_is_live(registry: Registry) -> None:
    assert [each.live_at for each in registry.releases(MODEL)] == [at(9), at(5)]


def test_going_back_moves_the_releases_the_champion_and_its_log(registry: Registry) -> None:
    target = back(registry, 1)
    assert (target.number, target.status, target.live_at, target.closed_at) == (1, "live", at(20), at(5))
    assert target == registry.release(MODEL, 1)
    left = registry.release(MODEL, 2)
    assert (left.status, left.closed_at) == ("rolled_back", at(20))
    assert left.outcome == "went back to release 1, by anna: wrong prices"
    champion = registry.alias(MODEL, CHAMPION)
    assert (champion.version, champion.release, champion.revision, champion.moved_by) == (1, 1, 3, "anna")
    assert registry.alias_at(MODEL, CHAMPION, at(19)).release == 2
    assert registry.alias_at(MODEL, CHAMPION, at(20)).release == 1


def test_it_is_told_with_who_and_why(registry: Registry) -> None:
    back(registry, 1)
    newest = [event for event in registry.events(MODEL) if event.at == at(20)]
    assert {event.kind for event in newest} == {"release_rolled_back", "release_returned", "alias_moved"}
    assert {event.actor for event in newest} == {"anna"}
    [returned] = [event for event in newest if event.kind == "release_returned"]
    assert returned.detail["reason"] == "wrong prices"


def test_it_lies_after_what_it_ends_even_for_a_clock_that_is_behind(registry: Registry) -> None:
    canary = opened(registry, "z", version=1, previous="y-lambda")
    registry.record_judgement(canary, judgement(15, verdict="hold"))
    told = len(kinds(registry))
    target = back(registry, 1, minutes=0)
    moment = at(15) + timedelta(microseconds=1)
    assert target.live_at == moment
    ended = [registry.release(MODEL, number).closed_at for number in (2, canary.number)]
    assert ended == [moment, moment]
    newest = registry.events(MODEL)[: len(kinds(registry)) - told]
    assert {event.at for event in newest} == {moment}
    assert registry.alias_at(MODEL, CHAMPION, at(15)).release == 2


def test_going_back_again_changes_nothing(registry: Registry) -> None:
    first = back(registry, 1)
    events = len(kinds(registry))
    assert back(registry, 1, minutes=30) == first
    assert len(kinds(registry)) == events


def test_going_forward_again_says_nothing_against_the_one_that_is_left(registry: Registry) -> None:
    back(registry, 1)
    back(registry, 2, minutes=30)
    assert statuses(registry) == ["superseded", "live"]
    assert registry.alias(MODEL, CHAMPION).revision == 4


def test_a_release_that_never_was_live_is_no_goal(registry: Registry) -> None:
    registry.roll_back_release(opened(registry, "z"), outcome="slow", at=at(11))
    with pytest.raises(ReleaseStateError, match="release 3"):
        back(registry, 3)
    with pytest.raises(ReleaseNotFoundError):
        back(registry, 9)
    assert statuses(registry) == ["superseded", "live", "rolled_back"]


@pytest.mark.parametrize(("goal", "ends"), [(2, ["superseded", "live"]), (1, ["live", "rolled_back"])])
def test_what_is_under_way_ends_with_it_and_gives_up_its_lease(
    registry: Registry, goal: int, ends: list[str]
) -> None:
    opened(registry, "z", version=1, previous="y-lambda")
    registry.acquire(model=MODEL, name=LEASE, owner="z", at=at(10), seconds=86_400)
    back(registry, goal)
    assert statuses(registry) == [*ends, "rolled_back"]
    assert registry.acquire(model=MODEL, name=LEASE, owner="next", at=at(21), seconds=60).owner == "next"


def test_the_lease_of_somebody_else_is_left_alone(registry: Registry) -> None:
    registry.acquire(model=MODEL, name=LEASE, owner="next", at=at(10), seconds=86_400)
    back(registry, 1)
    registry.free(model=MODEL, name=LEASE, owner="z")
    lease = registry.acquire(model=MODEL, name=LEASE, owner="next", at=at(21), seconds=60)
    assert lease.token == 1  # it was never given up


def test_a_release_that_was_under_way_cannot_close_after_it(registry: Registry) -> None:
    late = opened(registry, "z", version=1, previous="y-lambda")
    back(registry, 1)
    with pytest.raises(ReleaseStateError):
        registry.close_release(late, outcome="fine", at=at(30))
    newer = opened(registry, "w", version=2, previous="x-lambda")
    back(registry, 2, minutes=40)
    with pytest.raises((ReleaseStateError, AliasMovedError)):
        registry.close_release(newer, outcome="fine", at=at(50))


class TestOnDynamo:
    """What happens between the reading and the writing of the transaction."""

    @staticmethod
    def meanwhile(aws: Aws, action: Callable[[], object]) -> None:
        """Go back to the first of two releases, with something else happening just before the write."""
        happened: list[object] = []

        def hold(operation: str) -> None:
            if operation == "dynamodb.TransactWriteItems" and not happened:
                happened.append(True)
                action()

        with aws.wire.holding(hold):
            back(aws.registry, 1)
        assert happened

    @pytest.fixture
    def two(self, aws: Aws) -> Aws:
        live(aws.registry, "x", version=1, minutes=5)
        live(aws.registry, "y", version=2, minutes=9)
        return aws

    def test_a_release_that_opens_is_ended_too(self, two: Aws) -> None:
        self.meanwhile(two, lambda: opened(two.registry, "z", previous="y-lambda"))
        assert statuses(two.registry) == ["live", "rolled_back", "rolled_back"]

    def test_a_release_that_closes_is_what_is_left(self, two: Aws) -> None:
        third = opened(two.registry, "z", previous="y-lambda")
        self.meanwhile(two, lambda: two.registry.close_release(third, outcome="fine", at=at(15)))
        assert statuses(two.registry) == ["live", "superseded", "rolled_back"]
        champion = two.registry.alias(MODEL, CHAMPION)
        assert champion is not None
        assert (champion.release, champion.revision) == (1, 4)

    def test_a_lease_that_is_taken_over_stays_with_its_new_owner(self, two: Aws) -> None:
        opened(two.registry, "z", previous="y-lambda")
        acquire = partial(two.registry.acquire, model=MODEL, name=LEASE, seconds=60)
        acquire(owner="z", at=at(10))
        self.meanwhile(two, lambda: acquire(owner="next", at=at(15)))
        assert acquire(owner="next", at=at(16)).token == 2

    def test_the_same_rollback_of_somebody_else_is_enough(self, two: Aws) -> None:
        self.meanwhile(
            two,
            lambda: two.registry.return_to(model=MODEL, number=1, by="bert", reason="faster", at=at(19)),
        )
        assert two.registry.release(MODEL, 2).outcome == "went back to release 1, by bert: faster"
        assert kinds(two.registry).count("release_returned") == 1


class TestDeletedVersions:
    def test_a_deletion_is_recorded_once(self, registry: Registry) -> None:
        first = registry.release(MODEL, 1)
        marked = registry.record_deletion(first, at=at(11))
        assert marked.lambda_version_deleted_at == at(11)
        assert registry.record_deletion(first, at=at(12)) == marked
        assert kinds(registry).count("lambda_version_deleted") == 1

    def test_a_version_that_is_needed_is_never_recorded_as_deleted(self, registry: Registry) -> None:
        with pytest.raises(ReleaseStateError, match="live"):
            registry.record_deletion(registry.release(MODEL, 2), at=at(11))
        with pytest.raises(ReleaseStateError, match="open"):
            registry.record_deletion(opened(registry, "z"), at=at(11))
