from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from lambdaloop.domain.alias import CHAMPION
from lambdaloop.domain.errors import (
    BackendUnavailableError,
    LambdaVersionDeletedError,
    NothingToReturnToError,
    ReleaseNotFoundError,
    ReleaseStateError,
    RoutingChangedError,
)
from lambdaloop.domain.lease import Lease
from lambdaloop.domain.release_rules import LEASE
from lambdaloop.domain.return_note import noted
from lambdaloop.domain.traffic import Routing
from tests.fakes.down_registry import DownRegistry
from tests.fakes.registry import InMemoryRegistry
from tests.fakes.release_history import ReleaseHistory, with_releases
from tests.fakes.samples import MODEL
from tests.fakes.traffic import InMemoryTraffic


@pytest.fixture
def history() -> ReleaseHistory:
    """Three releases that went live; the Lambda versions 2, 3 and 4."""
    return with_releases(3)


class TestGoingBack:
    def test_it_moves_traffic_the_releases_and_the_champion(self, history: ReleaseHistory) -> None:
        returned = history.roll_back()
        assert (returned.release, returned.left, returned.moved, returned.unrecorded) == (2, 3, True, None)
        assert history.routed() == ("3", None, 0.0)
        assert history.statuses() == ["superseded", "live", "rolled_back"]
        champion = history.registry.alias(MODEL, CHAMPION)
        assert (champion.version, champion.release, champion.revision) == (2, 2, 4)

    def test_it_says_who_did_it_and_why(self, history: ReleaseHistory) -> None:
        history.roll_back(by="anna", reason="wrong prices")
        left = history.registry.release(MODEL, 3)
        assert left.outcome == "went back to release 2, by anna: wrong prices"
        events = {event.kind: event for event in history.registry.events(MODEL)}
        assert events["release_returned"].actor == events["release_rolled_back"].actor == "anna"
        assert history.registry.alias(MODEL, CHAMPION).moved_by == "anna"

    def test_what_served_at_any_time_is_still_known(self, history: ReleaseHistory) -> None:
        before = history.clock.now()
        history.roll_back()
        assert history.registry.alias_at(MODEL, CHAMPION, before).version == 3
        assert history.registry.alias_at(MODEL, CHAMPION, history.clock.now()).version == 2

    def test_traffic_moves_before_the_registry_changes(self, history: ReleaseHistory) -> None:
        seen = []

        class Registry(InMemoryRegistry):
            def return_to(self, **given: Any) -> Any:
                seen.append(history.routed())
                return super().return_to(**given)

        registry = Registry()
        registry.__dict__.update(history.registry.__dict__)
        history.roll_back(releases=registry)
        assert seen == [("3", None, 0.0)]

    def test_running_it_again_goes_no_further_back(self, history: ReleaseHistory) -> None:
        history.roll_back()
        again = history.roll_back()
        assert (again.release, again.moved, again.ended) == (2, False, ())
        assert history.statuses() == ["superseded", "live", "rolled_back"]
        assert history.registry.alias(MODEL, CHAMPION).revision == 4

    def test_going_further_back_needs_the_release(self, history: ReleaseHistory) -> None:
        history.roll_back()
        assert history.roll_back(to=1).release == 1
        assert history.statuses() == ["live", "rolled_back", "rolled_back"]

    def test_a_rollback_can_be_taken_back(self, history: ReleaseHistory) -> None:
        history.roll_back()
        history.roll_back(to=3)
        assert history.routed() == ("4", None, 0.0)
        assert history.statuses() == [
            "superseded",
            "superseded",
            "live",
        ]  # nothing was wrong with the second one

    def test_what_was_gone_forward_to_again_is_taken_back_like_a_release(
        self, history: ReleaseHistory
    ) -> None:
        history.roll_back()
        history.roll_back(to=3)
        assert history.roll_back().release == 2
        assert history.statuses() == ["superseded", "live", "rolled_back"]

    def test_a_release_after_it_goes_back_to_what_it_went_back_to(self, history: ReleaseHistory) -> None:
        history.roll_back()
        fourth = history.release(3)
        assert fourth.previous == 2
        assert history.roll_back().release == 2

    def test_what_was_rolled_back_by_hand_is_passed_over(self, history: ReleaseHistory) -> None:
        history.roll_back(to=1)
        history.roll_back(to=3)  # the releases 1 and 2 are superseded again …
        history.roll_back(to=2)  # … and 3 is not what anybody wants
        history.roll_back(to=1)
        history.roll_back(to=3)
        assert history.statuses() == ["superseded", "rolled_back", "live"]
        history.traffic.route(
            history.traffic.routing(), stable="4"
        )  # so that no rollback is the last thing that was done
        assert history.roll_back().release == 1

    def test_what_somebody_did_with_other_tools_is_recorded(self, history: ReleaseHistory) -> None:
        history.traffic.route(history.traffic.routing(), stable="2")
        returned = history.roll_back()
        assert (returned.release, returned.moved) == (1, False)
        assert history.statuses() == ["live", "superseded", "rolled_back"]

    def test_weights_that_somebody_set_by_hand_are_cleared(self, history: ReleaseHistory) -> None:
        history.traffic.route(history.traffic.routing(), stable="4", candidate="1", weight=0.3)
        assert history.roll_back(to=3).moved
        assert history.routed() == ("4", None, 0.0)
        assert history.statuses() == ["superseded", "superseded", "live"]


class TestRefusing:
    def test_the_first_release_has_nothing_before_it(self) -> None:
        history = with_releases(1)
        with pytest.raises(NothingToReturnToError, match="release 1 of 'churn' is live"):
            history.roll_back()
        assert history.routed() == ("2", None, 0.0)

    def test_without_a_release_there_is_nothing_to_go_back_to(self) -> None:
        with pytest.raises(NothingToReturnToError, match="no release of 'churn' is live"):
            ReleaseHistory().roll_back()

    def test_an_unknown_release_is_not_found(self, history: ReleaseHistory) -> None:
        with pytest.raises(ReleaseNotFoundError, match="no release 9"):
            history.roll_back(to=9)

    def test_a_release_that_was_never_live_is_nothing_to_go_back_to(self, history: ReleaseHistory) -> None:
        history.failed_release()
        with pytest.raises(ReleaseStateError, match="release 4 of 'churn' was never live"):
            history.roll_back(to=4)
        assert history.routed() == ("4", None, 0.0)

    def test_a_release_whose_lambda_version_was_deleted_says_what_to_do_instead(self) -> None:
        history = with_releases(4)
        history.prune(keep=1)
        with pytest.raises(LambdaVersionDeletedError, match=r"releases start churn --version 1"):
            history.roll_back(to=1)

    def test_a_number_that_came_again_with_a_new_function_is_another_version(self) -> None:
        history = with_releases(2)
        history.traffic = InMemoryTraffic()
        history.release(2)  # the new function's version 2 is release 3
        with pytest.raises(LambdaVersionDeletedError, match="Lambda version 2 is not release 1"):
            history.roll_back(to=1)
        assert history.routed() == ("2", None, 0.0)

    def test_a_version_that_was_deleted_behind_our_back_moves_nothing(self, history: ReleaseHistory) -> None:
        del history.traffic.versions["3"]
        with pytest.raises(LambdaVersionDeletedError):
            history.roll_back()
        assert history.routed() == ("4", None, 0.0)
        assert history.statuses() == ["superseded", "superseded", "live"]


class TestAReleaseUnderWay:
    def test_a_canary_is_what_is_taken_back(self, history: ReleaseHistory) -> None:
        history.canary(3)
        returned = history.roll_back()
        assert (returned.release, returned.left, returned.ended) == (3, 4, (4,))
        assert history.routed() == ("4", None, 0.0)
        assert history.statuses() == ["superseded", "superseded", "live", "rolled_back"]
        assert history.registry.alias(MODEL, CHAMPION).revision == 3

    def test_so_is_one_that_has_all_traffic_and_is_not_closed(self, history: ReleaseHistory) -> None:
        history.canary(3)
        history.traffic.route(history.traffic.routing(), stable="5")
        assert history.roll_back().release == 3
        assert history.routed() == ("4", None, 0.0)

    def test_one_without_traffic_is_ended_as_well(self, history: ReleaseHistory) -> None:
        history.open(3)
        returned = history.roll_back()
        assert (returned.release, returned.left, returned.ended) == (2, 3, (4,))
        assert history.statuses() == ["superseded", "live", "rolled_back", "rolled_back"]

    def test_going_further_back_ends_it_first(self, history: ReleaseHistory) -> None:
        history.canary(3)
        returned = history.roll_back(to=1)
        assert (returned.release, returned.ended) == (1, (4,))
        assert history.statuses() == ["live", "superseded", "rolled_back", "rolled_back"]

    def test_its_lease_is_given_up_so_that_another_can_start(self, history: ReleaseHistory) -> None:
        canary = history.canary(3)
        acquire: Callable[..., Lease] = history.registry.acquire
        acquire(model=MODEL, name=LEASE, owner=canary.execution, at=history.clock.now(), seconds=3600)
        history.roll_back()
        acquire(model=MODEL, name=LEASE, owner="another", at=history.clock.now(), seconds=60)

    def test_the_first_release_of_all_has_nothing_to_go_back_to(self) -> None:
        history = ReleaseHistory()
        history.open(history.train())
        with pytest.raises(NothingToReturnToError):
            history.roll_back()


class TestWithoutTheRegistry:
    def test_traffic_comes_back_all_the_same(self, history: ReleaseHistory) -> None:
        returned = history.roll_back(releases=DownRegistry(history.registry, 99))
        assert (returned.release, returned.left, returned.moved) == (2, 3, True)
        assert returned.unrecorded == "no whole answer from AWS"
        assert history.routed() == ("3", None, 0.0)
        assert history.statuses() == ["superseded", "superseded", "live"]

    def test_running_it_again_writes_the_record_of_the_first_time(self, history: ReleaseHistory) -> None:
        history.roll_back(releases=DownRegistry(history.registry, 99), by="anna", reason="wrong prices")
        moved_at = noted(history.traffic.routing()).at  # type: ignore[union-attr]
        again = history.roll_back(by="bert", reason="to record it")
        assert (again.release, again.left, again.moved, again.unrecorded) == (2, 3, False, None)
        assert history.statuses() == ["superseded", "live", "rolled_back"]
        champion = history.registry.alias(MODEL, CHAMPION)
        assert (champion.moved_by, champion.moved_at) == ("anna", moved_at)
        assert history.registry.release(MODEL, 3).outcome.endswith("by anna: wrong prices")

    def test_running_it_again_while_it_is_still_down_goes_no_further_back(
        self, history: ReleaseHistory
    ) -> None:
        down = DownRegistry(history.registry, 99)
        history.roll_back(releases=down)
        again = history.roll_back(releases=down)
        assert (again.release, again.moved) == (2, False)
        assert history.routed() == ("3", None, 0.0)

    def test_a_canary_is_taken_back(self, history: ReleaseHistory) -> None:
        history.canary(3)
        down = DownRegistry(history.registry, 99)
        assert history.roll_back(releases=down).release == 3
        assert history.routed() == ("4", None, 0.0)
        assert history.roll_back().ended == (4,)

    def test_any_release_can_be_reached_that_was_live_before(self, history: ReleaseHistory) -> None:
        down = DownRegistry(history.registry, 99)
        assert history.roll_back(to=1, releases=down).release == 1
        assert history.routed() == ("2", None, 0.0)

    def test_a_release_that_never_was_live_cannot(self, history: ReleaseHistory) -> None:
        history.failed_release()
        history.canary(3)
        for never in (4, 5):
            with pytest.raises(ReleaseNotFoundError, match="not among those that were live"):
                history.roll_back(to=never, releases=DownRegistry(history.registry, 99))

    def test_a_pin_that_does_not_say_what_was_live_before_leads_nowhere(
        self, history: ReleaseHistory
    ) -> None:
        pin = history.traffic.versions["4"]
        history.traffic.versions["4"] = replace(pin, previous_lambda_version=None)
        with pytest.raises(NothingToReturnToError, match="aws lambda update-alias"):
            history.roll_back(releases=DownRegistry(history.registry, 99))

    def test_it_may_go_down_in_the_middle(self, history: ReleaseHistory) -> None:
        class Dying(DownRegistry):
            def releases(self, model: str, *, limit: int | None = None) -> Any:
                return InMemoryRegistry.releases(self, model, limit=limit)

        assert history.roll_back(releases=Dying(history.registry, 1)).unrecorded
        assert history.roll_back().unrecorded is None
        assert history.statuses() == ["superseded", "live", "rolled_back"]


def test_traffic_that_cannot_be_looked_at_again_is_no_missing_record(history: ReleaseHistory) -> None:
    class Fading(InMemoryTraffic):
        down = True

        def routing(self) -> Routing:
            if self.down and history.statuses()[-1] == "rolled_back":
                raise BackendUnavailableError("GetAlias was refused")
            return super().routing()

    fading = Fading()
    fading.__dict__.update(history.traffic.__dict__)
    with pytest.raises(BackendUnavailableError, match="GetAlias"):
        history.roll_back(traffic=fading)
    fading.down = False
    assert fading.routing().stable == "3"
    again = history.roll_back(traffic=fading)
    assert (again.moved, again.unrecorded) == (False, None)


class _Restless:
    """Somebody else changes the routing each time just after it was read."""

    def __init__(self, traffic: InMemoryTraffic, interferences: int) -> None:
        self._traffic = traffic
        self._left = interferences

    def __getattr__(self, name: str) -> Any:
        return getattr(self._traffic, name)

    def routing(self) -> Routing:
        routing = self._traffic.routing()
        if self._left:
            self._left -= 1
            self._traffic.route(routing, stable="4", candidate="1", weight=0.1 + self._left / 100)
        return routing


@pytest.mark.parametrize(("interferences", "succeeds"), [(4, True), (5, False)])
def test_routing_that_changes_under_it_is_read_again_and_never_overwritten(
    history: ReleaseHistory, interferences: int, *, succeeds: bool
) -> None:
    restless = _Restless(history.traffic, interferences)
    if succeeds:
        assert history.roll_back(traffic=restless).release == 2
        assert history.routed() == ("3", None, 0.0)
    else:
        with pytest.raises(RoutingChangedError):
            history.roll_back(traffic=restless)
        assert history.statuses() == ["superseded", "superseded", "live"]
