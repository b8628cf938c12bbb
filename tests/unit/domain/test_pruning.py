"""R10: whatever happened, and however often was pruned, the release before the live one can be gone back to."""

from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from lambdaloop.domain.alias import CHAMPION
from lambdaloop.domain.errors import LambdaloopError
from lambdaloop.domain.pruning import prunable
from lambdaloop.domain.release import OPEN_STATUSES
from lambdaloop.domain.returning import live_of, was_live
from tests.fakes.release_history import ReleaseHistory, with_releases
from tests.fakes.samples import MODEL


def existing(history: ReleaseHistory) -> set[str]:
    return set(history.traffic.versions)


def marked(history: ReleaseHistory) -> set[int]:
    releases = history.registry.releases(MODEL)
    return {release.number for release in releases if release.lambda_version_deleted_at is not None}


def test_the_last_releases_that_were_live_stay_and_older_ones_go() -> None:
    history = with_releases(6)  # the Lambda versions 2 to 7
    pruned = history.prune(keep=3)
    assert pruned.deleted == ("2", "3")
    assert existing(history) == {"1", "4", "5", "6", "7"}
    assert marked(history) == {1, 2}


def test_versions_of_releases_that_never_were_live_go_first() -> None:
    history = with_releases(2)
    history.failed_release()
    history.failed_release()
    history.prune(keep=5)
    assert existing(history) == {"1", "2", "3"}
    assert marked(history) == {3, 4}


def test_a_release_under_way_keeps_its_own_version_and_the_one_before() -> None:
    history = with_releases(3)
    canary = history.canary()
    history.prune(keep=1)
    assert {canary.lambda_version, canary.previous_lambda_version} <= existing(history)


def test_a_version_that_was_published_and_not_recorded_stays_while_its_release_is_under_way() -> None:
    history = with_releases(1)
    release = history.open()
    published = str(release.lambda_version)
    releases = history.registry._releases[MODEL]
    releases[-1] = replace(release, lambda_version=None)  # the process died before the record
    history.prune(keep=1)
    assert published in existing(history)


def test_what_no_release_accounts_for_stays() -> None:
    history = with_releases(4)
    history.traffic.versions["99"] = None
    history.prune(keep=1)
    assert {"1", "99"} <= existing(history)


def test_a_version_that_has_traffic_stays_whatever_the_registry_says() -> None:
    history = with_releases(5)
    history.traffic.route(history.traffic.routing(), stable="2")
    unneeded = prunable(
        history.traffic.published(),
        releases=history.registry.releases(MODEL),
        routing=history.traffic.routing(),
        keep=1,
        bootstrap_version="1",
    )
    assert "2" not in unneeded  # Lambda would refuse it anyway
    history.prune(keep=1)
    assert "2" in existing(history)
    assert 1 not in marked(history)


def test_after_a_rollback_the_one_that_was_left_stays_for_the_way_forward() -> None:
    history = with_releases(3)
    history.roll_back()
    history.prune(keep=1)
    assert history.roll_back(to=3).release == 3


def test_the_records_of_versions_that_went_with_an_old_stack_say_so() -> None:
    history = with_releases(2)
    history.traffic = type(history.traffic)()
    history.release(2)
    history.prune()
    assert marked(history) == {1, 2}


def test_pruning_again_finds_nothing() -> None:
    history = with_releases(6)
    history.prune(keep=1)
    events = len(history.registry.events(MODEL))
    assert history.prune(keep=1).deleted == ()
    assert len(history.registry.events(MODEL)) == events


Step = tuple[str, int]
STEPS: st.SearchStrategy[Step] = st.one_of(
    st.tuples(st.sampled_from(["release", "fail", "canary", "roll_back"]), st.just(0)),
    st.tuples(st.just("roll_back_to"), st.integers(1, 8)),
    st.tuples(st.just("prune"), st.integers(1, 4)),
)


@settings(max_examples=100, deadline=None)
@given(steps=st.lists(STEPS, max_size=15), keep=st.integers(1, 3))
def test_after_every_release_the_one_before_it_can_be_gone_back_to(steps: list[Step], keep: int) -> None:
    history = with_releases(2)
    for step in steps:
        known = len(history.registry.releases(MODEL))
        _do(history, *step)
        _check(history)
        if step[0] == "release" and len(history.registry.releases(MODEL)) > known:
            before = live_of(history.registry.releases(MODEL)).previous  # type: ignore[union-attr]
            history.prune(keep)
            _check(history)
            assert history.roll_back(before).release == before
            history.prune(keep)
            _check(history)


@settings(max_examples=100, deadline=None)
@given(steps=st.lists(STEPS, max_size=15), keep=st.integers(1, 3))
def test_pruning_never_takes_away_where_a_rollback_would_lead(steps: list[Step], keep: int) -> None:
    history = with_releases(3)
    for step in steps:
        _do(history, *step)
    wanted = _where(history)
    history.prune(keep)
    assert wanted is None or history.roll_back().release == wanted


def _where(history: ReleaseHistory) -> int | None:
    """The release that a rollback would lead to now; everything is put back."""
    kept: dict[str, Any] = {
        name: {**vars(getattr(history, name))} for name in ("registry", "traffic") if getattr(history, name)
    }
    registry, traffic = kept["registry"], kept["traffic"]
    registry["_releases"] = {model: [*all_] for model, all_ in registry["_releases"].items()}
    registry["_aliases"] = {key: [*moves] for key, moves in registry["_aliases"].items()}
    traffic["versions"], traffic["changes"] = {**traffic["versions"]}, [*traffic["changes"]]
    try:
        return history.roll_back().release
    except LambdaloopError:
        return None
    finally:
        history.registry.__dict__.update(registry)
        history.traffic.__dict__.update(traffic)


def _do(history: ReleaseHistory, what: str, number: int) -> None:
    """One thing that happens; what is refused is refused."""
    under_way = [each for each in history.registry.releases(MODEL) if each.status in OPEN_STATUSES]
    if what in ("release", "fail", "canary") and under_way:
        return  # the lease keeps it out
    try:
        match what:
            case "release":
                history.release(1)
            case "fail":
                history.failed_release(1)
            case "canary":
                history.canary(1)
            case "roll_back":
                history.roll_back()
            case "roll_back_to":
                history.roll_back(number)
            case "prune":
                history.prune(number)
    except LambdaloopError:
        pass


def _check(history: ReleaseHistory) -> None:
    """What holds at every moment: what is served and what a rollback needs is there, and no record says it is not."""
    releases = history.registry.releases(MODEL)
    routing = history.traffic.routing()
    assert {routing.stable, routing.candidate} <= {*existing(history), None}
    live = live_of(releases)
    assert live is not None
    assert history.registry.alias(MODEL, CHAMPION).release == live.number
    for release in releases:
        there = release.lambda_version in existing(history)
        if release.status == "live" or release.status in OPEN_STATUSES:
            assert there
        if release.lambda_version_deleted_at is not None:
            assert not there
        elif was_live(release):
            assert there, "a version is gone, and its release does not say so"
