"""What every registry promises: the in-memory one and DynamoDB."""

from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest

from lambdaloop.domain.alias import CHAMPION
from lambdaloop.domain.errors import (
    AliasMovedError,
    ConflictError,
    ReleaseNotFoundError,
    ReleaseStateError,
    RunNotFoundError,
    VersionNotFoundError,
)
from lambdaloop.domain.release import Judgement, Release
from tests.contract.racing import in_threads, outcome_of
from tests.fakes.registry import InMemoryRegistry
from tests.fakes.samples import MODEL, MORNING, draft, rules, run

Registry = Any  # InMemoryRegistry or DynamoRegistry


@pytest.fixture(params=["fake", "dynamo"])
def registry(request: pytest.FixtureRequest) -> Registry:
    return InMemoryRegistry() if request.param == "fake" else request.getfixturevalue("aws").registry


def at(minutes: float) -> datetime:
    return MORNING + timedelta(minutes=minutes)


def register(registry: Registry, *runs: str) -> list[int]:
    numbers = []
    for name in runs:
        registry.start_run(run(name))
        numbers.append(registry.register_version(draft(name), by="ml-team", at=at(1)).number)
    return numbers


def opened(registry: Registry, execution: str, *, version: int = 1, previous: str = "1") -> Release:
    release: Release = registry.open_release(
        model=MODEL,
        version=version,
        execution=execution,
        requested_by="ml-team",
        reason="better",
        previous_lambda_version=previous,
        first=previous == "1",
        rules=rules(),
        at=at(2),
    )
    return release


def judgement(minutes: float = 3, **changes: Any) -> Judgement:
    return replace(
        Judgement(
            at=at(minutes),
            step=0,
            weight=0.1,
            verdict="complete",
            reasons=("fine",),
            numbers={"requests": 100, "errors": 0, "error_rate": 0.0, "p95_latency_ms": 12.5},
        ),
        **changes,
    )


def live(registry: Registry, execution: str, *, version: int = 1, minutes: float = 5) -> Release:
    release = opened(registry, execution, version=version)
    release = registry.record_publication(release, lambda_version=f"{execution}-lambda", at=at(3))
    closed: Release = registry.close_release(release, outcome="all traffic", at=at(minutes))
    return closed


def kinds(registry: Registry) -> list[str]:
    return [event.kind for event in registry.events(MODEL)]


class TestRuns:
    def test_a_run_reads_back_as_it_was_written(self, registry: Registry) -> None:
        registry.start_run(run())
        assert registry.run(MODEL, "run-1") == run()

    def test_starting_a_run_twice_keeps_the_first_record_and_tells_of_it_once(
        self, registry: Registry
    ) -> None:
        registry.start_run(run())
        assert registry.start_run(replace(run(), reason="another")) == run()
        assert kinds(registry) == ["run_started"]

    def test_a_run_ends_once(self, registry: Registry) -> None:
        registry.start_run(run())
        outcome = {"winner": "forest", "checks": [{"metric": "roc_auc", "value": 0.71, "passed": False}]}
        ended = registry.finish_run(model=MODEL, run="run-1", status="rejected", outcome=outcome, at=at(5))
        assert (ended.status, ended.outcome, ended.finished_at) == ("rejected", outcome, at(5))
        again = registry.finish_run(model=MODEL, run="run-1", status="failed", outcome={}, at=at(9))
        assert again == ended
        assert registry.run(MODEL, "run-1") == ended
        assert sorted(kinds(registry)) == ["run_finished", "run_started"]

    def test_runs_are_listed_newest_first_whatever_their_names(self, registry: Registry) -> None:
        for name, minutes in (("b", 0), ("a", 1), ("c", 2)):
            registry.start_run(replace(run(name), started_at=at(minutes)))
        assert [found.id for found in registry.runs(MODEL)] == ["c", "a", "b"]

    def test_an_unknown_run_is_not_found(self, registry: Registry) -> None:
        with pytest.raises(RunNotFoundError):
            registry.run(MODEL, "nowhere")


class TestVersions:
    def test_versions_are_numbered_from_1_and_read_back_as_registered(self, registry: Registry) -> None:
        assert register(registry, "a", "b", "c") == [1, 2, 3]
        version = registry.version(MODEL, 2)
        assert (version.run, version.number, version.created_at, version.created_by) == (
            "b",
            2,
            at(1),
            "ml-team",
        )
        assert version.files == draft("b").files
        assert version.parameters == draft("b").parameters
        assert version.gate == draft("b").gate
        assert [found.number for found in registry.versions(MODEL)] == [3, 2, 1]

    def test_one_run_registers_one_version_and_ends_with_it(self, registry: Registry) -> None:
        register(registry, "a")
        again = registry.register_version(draft("a"), by="platform-team", at=at(9))
        assert (again.number, again.created_by) == (1, "ml-team")
        assert register(registry, "b") == [2]
        ended = registry.run(MODEL, "a")
        assert (ended.status, ended.version, ended.finished_at) == ("registered", 1, at(1))
        assert kinds(registry).count("version_registered") == 2

    def test_a_run_that_has_failed_registers_nothing(self, registry: Registry) -> None:
        registry.start_run(run())
        registry.finish_run(model=MODEL, run="run-1", status="failed", outcome={}, at=at(1))
        with pytest.raises(ConflictError, match="has ended as failed"):
            registry.register_version(draft(), by="ml-team", at=at(2))
        assert registry.versions(MODEL) == []

    def test_a_version_needs_a_recorded_run(self, registry: Registry) -> None:
        with pytest.raises(RunNotFoundError):
            registry.register_version(draft("nowhere"), by="ml-team", at=at(2))

    def test_an_unknown_version_is_not_found(self, registry: Registry) -> None:
        with pytest.raises(VersionNotFoundError):
            registry.version(MODEL, 1)

    def test_two_models_count_apart(self, registry: Registry) -> None:
        register(registry, "a")
        registry.start_run(replace(run("a"), model="fraud"))
        other = registry.register_version(replace(draft("a"), model="fraud"), by="ml-team", at=at(1))
        assert other.number == 1

    def test_concurrent_trainings_register_different_versions_without_gaps(self, registry: Registry) -> None:
        names = [f"run-{i}" for i in range(8)]
        for name in names:
            registry.start_run(run(name))
        versions = in_threads(
            [partial(registry.register_version, draft(name), by="ml-team", at=at(1)) for name in names]
        )
        numbers = [version.number for version in versions]
        assert sorted(numbers) == list(range(1, 9))
        assert sorted(version.run for version in registry.versions(MODEL)) == sorted(names)


class TestReleases:
    def test_a_release_is_opened_once_per_execution(self, registry: Registry) -> None:
        first = opened(registry, "x")
        assert (first.number, first.status, first.previous) == (1, "open", None)
        assert opened(registry, "x") == first
        assert opened(registry, "y").number == 2
        assert registry.release_of(MODEL, "x") == first
        assert registry.release_of(MODEL, "z") is None
        assert [release.number for release in registry.releases(MODEL)] == [2, 1]

    def test_a_publication_is_recorded_once(self, registry: Registry) -> None:
        release = registry.record_publication(opened(registry, "x"), lambda_version="7", at=at(3))
        assert release.lambda_version == "7"
        assert registry.record_publication(release, lambda_version="7", at=at(4)) == release
        with pytest.raises(ReleaseStateError, match="7"):
            registry.record_publication(release, lambda_version="8", at=at(4))
        assert kinds(registry).count("release_published") == 1

    def test_judgements_are_appended_and_repeating_the_last_one_changes_nothing(
        self, registry: Registry
    ) -> None:
        release = opened(registry, "x")
        held = judgement(3, verdict="hold", numbers={"requests": 0, "p95_latency_ms": None})
        release = registry.record_judgement(release, held)
        assert release.status == "shifting"
        assert registry.record_judgement(release, held) == release
        release = registry.record_judgement(release, judgement(4))
        assert release.judgements == (held, judgement(4))
        assert registry.release(MODEL, 1) == release

    def test_closing_makes_live_supersedes_the_one_before_and_moves_the_champion(
        self, registry: Registry
    ) -> None:
        first = live(registry, "x", version=1, minutes=5)
        assert (first.status, first.closed_at) == ("live", at(5))
        second = live(registry, "y", version=2, minutes=9)
        assert (second.status, second.previous) == ("live", 1)
        assert registry.release(MODEL, 1).status == "superseded"
        alias = registry.alias(MODEL, CHAMPION)
        assert (alias.version, alias.release, alias.revision, alias.moved_by) == (2, 2, 2, "y")
        assert kinds(registry).count("alias_moved") == 2

    def test_closing_again_changes_nothing(self, registry: Registry) -> None:
        first = live(registry, "x", minutes=5)
        assert registry.close_release(first, outcome="again", at=at(9)) == first
        live(registry, "y", minutes=9)
        assert registry.close_release(first, outcome="again", at=at(10)).status == "superseded"
        assert registry.alias(MODEL, CHAMPION).revision == 2

    def test_a_release_that_was_rolled_back_cannot_close_and_stays_rolled_back(
        self, registry: Registry
    ) -> None:
        release = registry.roll_back_release(opened(registry, "x"), outcome="slow", at=at(4))
        assert (release.status, release.outcome, release.closed_at) == ("rolled_back", "slow", at(4))
        with pytest.raises(ReleaseStateError):
            registry.close_release(release, outcome="fine", at=at(5))
        with pytest.raises(ReleaseStateError):
            registry.record_judgement(release, judgement())
        assert registry.roll_back_release(release, outcome="again", at=at(6)) == release
        assert registry.alias(MODEL, CHAMPION) is None

    def test_a_live_release_cannot_be_rolled_back(self, registry: Registry) -> None:
        release = live(registry, "x")
        with pytest.raises(ReleaseStateError):
            registry.roll_back_release(release, outcome="slow", at=at(9))

    def test_a_release_opened_against_another_champion_cannot_close(self, registry: Registry) -> None:
        late = opened(registry, "late")
        live(registry, "x")
        with pytest.raises(AliasMovedError):
            registry.close_release(late, outcome="fine", at=at(9))
        assert registry.release(MODEL, late.number).status == "open"

    def test_an_unknown_release_is_not_found(self, registry: Registry) -> None:
        with pytest.raises(ReleaseNotFoundError):
            registry.release(MODEL, 1)

    def test_of_concurrent_closings_one_wins(self, registry: Registry) -> None:
        releases = [opened(registry, name) for name in ("x", "y", "z")]
        close = partial(registry.close_release, outcome="fine", at=at(5))
        results = in_threads([partial(outcome_of, partial(close, release)) for release in releases])
        assert sorted(results) == ["AliasMovedError", "AliasMovedError", "done"]


class TestChampionAtATime:
    def test_the_log_answers_who_was_champion_when(self, registry: Registry) -> None:
        live(registry, "x", version=1, minutes=5)
        live(registry, "y", version=2, minutes=9)
        assert registry.alias_at(MODEL, CHAMPION, at(4.99)) is None
        assert registry.alias_at(MODEL, CHAMPION, at(5)).version == 1
        assert registry.alias_at(MODEL, CHAMPION, at(8.99)).version == 1
        assert registry.alias_at(MODEL, CHAMPION, at(9)).version == 2
        assert registry.alias_at(MODEL, CHAMPION, at(900)) == registry.alias(MODEL, CHAMPION)

    def test_moves_are_ordered_even_when_the_clock_goes_backwards(self, registry: Registry) -> None:
        live(registry, "x", version=1, minutes=5)
        live(registry, "y", version=2, minutes=1)
        moved_at = registry.alias(MODEL, CHAMPION).moved_at
        assert moved_at == at(5) + timedelta(microseconds=1)
        assert registry.alias_at(MODEL, CHAMPION, at(5)).version == 1
        assert registry.alias_at(MODEL, CHAMPION, moved_at).version == 2


def test_events_are_listed_newest_first_up_to_the_limit(registry: Registry) -> None:
    for i in range(5):
        registry.start_run(replace(run(f"run-{i}"), started_at=at(i)))
    assert [event.at for event in registry.events(MODEL, limit=2)] == [at(4), at(3)]
    assert len(registry.events(MODEL)) == 5


def test_a_release_keeps_the_rules_it_was_opened_with(registry: Registry) -> None:
    register(registry, "run-1")
    wanted = rules(steps=[5, 100], max_p95_latency_ms=250.0, max_error_rate=0.05, alarms=["errors"])
    registry.open_release(
        model=MODEL,
        version=1,
        execution="x",
        requested_by="ml-team",
        reason="better",
        previous_lambda_version="1",
        first=True,
        rules=wanted,
        at=at(2),
    )
    release = registry.release(MODEL, 1)
    assert (release.first, release.rules) == (True, wanted)
    assert type(release.rules.max_p95_latency_ms) is float
