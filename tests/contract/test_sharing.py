"""A release that keeps a share beside the live one, as every registry promises it: the in-memory one and DynamoDB."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from lambdaloop.domain.alias import CHAMPION
from lambdaloop.domain.errors import ReleaseStateError
from lambdaloop.domain.release import Release, TrafficShare
from tests.contract.test_registry import at, kinds, live, opened
from tests.fakes.registry import InMemoryRegistry
from tests.fakes.samples import MODEL, rules

Registry = Any  # InMemoryRegistry or DynamoRegistry
SHARE = TrafficShare(experiment="trial", percent=30, asked_at=at(9))


@pytest.fixture(params=["fake", "dynamo"])
def registry(request: pytest.FixtureRequest) -> Registry:
    """One release that is live."""
    registry = InMemoryRegistry() if request.param == "fake" else request.getfixturevalue("aws").registry
    live(registry, "x", version=1, minutes=5)
    return registry


def sharing(registry: Registry) -> Release:
    release = registry.open_release(
        model=MODEL,
        version=2,
        execution="trial-1",
        requested_by="ana",
        reason="is it better?",
        previous_lambda_version="x-lambda",
        first=False,
        rules=rules(),
        at=at(10),
        share=SHARE,
    )
    found: Release = registry.share_release(release, at=at(12))
    return found


def test_it_has_its_share_and_the_champion_stays_where_it_was(registry: Registry) -> None:
    release = sharing(registry)
    assert (release.status, release.share, release.shared_at) == ("sharing", SHARE, at(12))
    assert release == registry.release(MODEL, 2)
    assert (release.live_at, release.closed_at) == (None, None)
    champion = registry.alias(MODEL, CHAMPION)
    assert (champion.release, registry.release(MODEL, 1).status) == (1, "live")
    assert kinds(registry).count("release_shares") == 1


def test_sharing_again_changes_nothing(registry: Registry) -> None:
    release = sharing(registry)
    assert registry.share_release(release, at=at(30)) == release
    assert kinds(registry).count("release_shares") == 1


def test_a_release_that_has_ended_gets_no_share(registry: Registry) -> None:
    release = opened(registry, "y", version=2, previous="x-lambda")
    registry.roll_back_release(release, outcome="slow", at=at(11))
    with pytest.raises(ReleaseStateError, match="rolled_back"):
        registry.share_release(release, at=at(12))


def test_a_share_is_withdrawn_once(registry: Registry) -> None:
    release = sharing(registry)
    first = registry.withdraw_release(release, outcome="made room", by="trial-2", at=at(20))
    assert (first.status, first.outcome, first.closed_at) == ("withdrawn", "made room", at(20))
    assert registry.withdraw_release(release, outcome="again", by="trial-3", at=at(30)) == first
    events = [event for event in registry.events(MODEL) if event.kind == "release_withdrawn"]
    assert [event.actor for event in events] == ["trial-2"]


def test_what_was_rolled_back_meanwhile_stays_so(registry: Registry) -> None:
    release = sharing(registry)
    registry.return_to(model=MODEL, number=1, by="ana", reason="odd", at=at(15))
    found = registry.withdraw_release(release, outcome="made room", by="trial-2", at=at(20))
    assert (found.status, found.closed_at) == ("rolled_back", at(15))


@pytest.mark.parametrize("ends_live", [True, False])
def test_only_a_share_can_be_withdrawn(registry: Registry, ends_live: bool) -> None:
    release = registry.release(MODEL, 1) if ends_live else opened(registry, "y", previous="x-lambda")
    with pytest.raises(ReleaseStateError, match="live" if ends_live else "open"):
        registry.withdraw_release(release, outcome="made room", by="trial-2", at=at(20))


def test_withdrawing_it_at_the_same_time_is_told_once(registry: Registry) -> None:
    release = sharing(registry)

    def withdraw(name: str) -> Release:
        found: Release = registry.withdraw_release(release, outcome=name, by=name, at=at(20))
        return found

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(withdraw, "abcd"))
    assert len({each.outcome for each in found}) == 1
    assert kinds(registry).count("release_withdrawn") == 1


def test_going_back_to_the_live_release_rolls_it_back(registry: Registry) -> None:
    sharing(registry)
    target = registry.return_to(model=MODEL, number=1, by="ana", reason="odd", at=at(15))
    assert target.status == "live"
    ended = registry.release(MODEL, 2)
    assert (ended.status, ended.outcome) == ("rolled_back", "went back to release 1, by ana: odd")


def test_its_lambda_version_may_be_gone_only_when_it_has_no_share(registry: Registry) -> None:
    release = sharing(registry)
    with pytest.raises(ReleaseStateError, match="sharing"):
        registry.record_deletion(release, at=at(20))
    registry.withdraw_release(release, outcome="made room", by="trial-2", at=at(20))
    assert registry.record_deletion(release, at=at(21)).lambda_version_deleted_at == at(21)


@pytest.mark.parametrize("percent", [0, 100])
def test_a_share_is_something_and_not_everything(percent: int) -> None:
    with pytest.raises(ValueError, match="1 to 99"):
        replace(SHARE, percent=percent)
