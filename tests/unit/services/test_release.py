"""A release from opening to its end, through the handlers and in the order of the state machine."""

import threading
from typing import Any

import pytest

from lambdaloop.domain.alias import CHAMPION
from lambdaloop.domain.documents import Document
from lambdaloop.domain.traffic import Observation
from tests.fakes.capture import InMemoryCaptureArchive
from tests.fakes.observer import HEALTHY, FakeObserver
from tests.fakes.release_workflow import run_release
from tests.fakes.samples import MODEL
from tests.unit.services.release_desk import ReleaseDesk

SILENCE = Observation(requests=0, errors=0, p95_latency_ms=None)
BROKEN = Observation(requests=100, errors=30, p95_latency_ms=12.0)


@pytest.fixture
def desk() -> ReleaseDesk:
    return ReleaseDesk()


def weights(desk: ReleaseDesk) -> list[tuple[str, str | None, float]]:
    return [(change.stable, change.candidate, change.weight) for change in desk.traffic.changes]


def test_the_first_release_takes_all_traffic_at_once(desk: ReleaseDesk) -> None:
    document = run_release(desk.app)
    assert document["opened"] == {"number": 1, "lambda_version": "2", "first": True, "status": "open"}
    assert document["verified"] == {"rows": 3, "worst_difference": 0.0}
    assert document["shift"]["weight"] == 1.0
    assert document["judgement"]["verdict"] == "complete"
    assert document["closed"] == {"status": "live", "version": 1}
    assert weights(desk) == [("2", None, 0.0)]


def test_the_next_release_takes_traffic_step_by_step(desk: ReleaseDesk) -> None:
    run_release(desk.app, version=1, execution="first")
    desk.traffic.changes.clear()
    run_release(desk.app, version=2, execution="second")
    assert weights(desk) == [("2", "3", 0.1), ("2", "3", 0.5), ("3", None, 0.0)]
    assert desk.statuses() == ["live", "superseded"]
    champion = desk.registry.alias(MODEL, CHAMPION)
    assert champion
    assert (champion.version, champion.release) == (2, 2)
    judgements = desk.registry.release(MODEL, 2).judgements
    assert [(one.step, one.weight, one.verdict) for one in judgements] == [
        (0, 0.1, "advance"),
        (1, 0.5, "advance"),
        (2, 1.0, "complete"),
    ]


def test_each_step_is_judged_by_the_traffic_since_its_own_shift(desk: ReleaseDesk) -> None:
    run_release(desk.app, execution="first")
    desk.observer.windows.clear()
    run_release(desk.app, version=2, execution="second")
    assert [(until - since).total_seconds() for since, until in desk.observer.windows] == [300.0] * 3
    assert desk.observer.windows[1][0] == desk.observer.windows[0][1]
    assert desk.observer.alone[-3:] == [False, False, True]


@pytest.mark.parametrize("healthy_steps", [0, 1, 2])
def test_broken_traffic_in_any_step_brings_all_of_it_back(healthy_steps: int) -> None:
    desk = ReleaseDesk(observer=FakeObserver(HEALTHY, *[HEALTHY] * healthy_steps, BROKEN))
    run_release(desk.app, execution="first")
    document = run_release(desk.app, version=2, execution="second")
    assert document["rolled_back"]["status"] == "rolled_back"
    assert desk.routed() == ("2", None, 0.0)
    assert desk.statuses() == ["rolled_back", "live"]
    release = desk.registry.release(MODEL, 2)
    assert release.judgements[-1].verdict == "roll_back"
    assert release.outcome == "30 of 100 requests failed, allowed is a rate of 0.01"


def test_a_first_release_that_breaks_goes_back_to_the_bootstrap_version() -> None:
    desk = ReleaseDesk(observer=FakeObserver(BROKEN))
    run_release(desk.app)
    assert desk.routed() == ("1", None, 0.0)
    assert desk.registry.alias(MODEL, CHAMPION) is None


def test_silence_is_watched_so_often_and_then_rolled_back() -> None:
    desk = ReleaseDesk(observer=FakeObserver(SILENCE), max_holds=2)
    document = run_release(desk.app)
    verdicts = [one.verdict for one in desk.registry.release(MODEL, 1).judgements]
    assert verdicts == ["hold", "hold", "roll_back"]
    assert document["judgement"]["reasons"][-1] == "still in doubt after 2 holds"
    assert desk.routed() == ("1", None, 0.0)


def test_a_canary_with_little_traffic_is_held_and_never_promoted() -> None:
    few = Observation(requests=19, errors=0, p95_latency_ms=12.0)
    desk = ReleaseDesk(observer=FakeObserver(HEALTHY, few), max_holds=2)
    run_release(desk.app, execution="first")
    document = run_release(desk.app, version=2, execution="second")
    assert document["rolled_back"]["status"] == "rolled_back"
    judgements = desk.registry.release(MODEL, 2).judgements
    assert [(one.step, one.verdict) for one in judgements] == [(0, "hold"), (0, "hold"), (0, "roll_back")]
    assert desk.routed() == ("2", None, 0.0)


def test_a_canary_whose_predictions_are_not_in_the_log_is_held_and_never_promoted() -> None:
    desk = ReleaseDesk(max_holds=2)
    run_release(desk.app, execution="first")
    desk.app.__dict__["archive"] = InMemoryCaptureArchive()
    run_release(desk.app, version=2, execution="second")
    judgements = desk.registry.release(MODEL, 2).judgements
    assert [(one.step, one.verdict) for one in judgements] == [(0, "hold"), (0, "hold"), (0, "roll_back")]
    assert judgements[0].reasons == ("0 logged predictions, wanted at least 20",)


def test_holds_are_counted_per_step() -> None:
    desk = ReleaseDesk(
        observer=FakeObserver(HEALTHY, SILENCE, SILENCE, HEALTHY, SILENCE, SILENCE, HEALTHY), max_holds=2
    )
    run_release(desk.app, execution="first")
    assert run_release(desk.app, version=2, execution="second")["closed"]["status"] == "live"


@pytest.mark.parametrize("alarms", [{}, {"churn-errors": "ALARM"}])
def test_a_missing_alarm_counts_like_one_in_alarm(alarms: dict[str, str]) -> None:
    desk = ReleaseDesk(observer=FakeObserver(alarms=alarms), alarms=["churn-errors"])
    assert run_release(desk.app)["rolled_back"]["status"] == "rolled_back"


@pytest.mark.parametrize("renamed", [{}, {"churn-errors-2": "OK"}])
def test_an_alarm_that_is_deleted_or_renamed_during_a_canary_takes_the_traffic_back(
    renamed: dict[str, str],
) -> None:
    desk = ReleaseDesk(observer=FakeObserver(alarms={"churn-errors": "OK"}), alarms=["churn-errors"])
    run_release(desk.app, execution="first")

    def after_the_first_step(document: Document) -> None:
        if document["shift"]["step"] == 1:
            desk.observer.alarms = renamed

    run_release(desk.app, version=2, execution="second", callers=after_the_first_step)
    release = desk.registry.release(MODEL, 2)
    assert [one.verdict for one in release.judgements] == ["advance", "roll_back"]
    assert release.outcome == "alarm churn-errors does not exist"
    assert desk.routed() == ("2", None, 0.0)


def test_an_alarm_that_does_not_know_yet_is_waited_for() -> None:
    desk = ReleaseDesk(
        observer=FakeObserver(alarms={"churn-errors": "INSUFFICIENT_DATA"}), alarms=["churn-errors"]
    )

    def let_it_know(document: Document) -> None:
        if "judgement" in document:
            desk.observer.alarms["churn-errors"] = "OK"

    assert run_release(desk.app, callers=let_it_know)["closed"]["status"] == "live"
    verdicts = [one.verdict for one in desk.registry.release(MODEL, 1).judgements]
    assert verdicts == ["hold", "complete"]


def test_a_release_can_follow_a_rollback_and_serves_the_same_version_again(desk: ReleaseDesk) -> None:
    run_release(desk.app, version=1, execution="first")
    run_release(desk.app, version=2, execution="second")
    run_release(desk.app, version=1, execution="back")
    assert desk.statuses() == ["live", "superseded", "superseded"]
    pins = [pin and (pin.release, pin.version) for pin in desk.traffic.versions.values()]
    assert pins == [None, (1, 1), (2, 2), (3, 1)]


def test_lambda_may_take_its_time(desk: ReleaseDesk) -> None:
    desk.traffic.busy = 5
    assert run_release(desk.app)["closed"]["status"] == "live"
    assert list(desk.traffic.versions) == ["1", "2"]


def test_of_two_concurrent_releases_one_proceeds_and_the_other_is_refused(desk: ReleaseDesk) -> None:
    documents: dict[str, Any] = {}
    start = threading.Barrier(2)

    def release(execution: str, version: int) -> None:
        start.wait()
        documents[execution] = run_release(desk.app, version=version, execution=execution)

    first_bake = threading.Event()
    desk.observer.before = first_bake.wait  # whoever opens first stays open until the other was refused
    threads = [threading.Thread(target=release, args=(f"x{version}", version)) for version in (1, 2)]
    for thread in threads:
        thread.start()
    while not documents:
        threads[0].join(0.001)
    first_bake.set()
    for thread in threads:
        thread.join()
    errors = [document["error"]["Error"] for document in documents.values() if "error" in document]
    assert errors == ["ReleaseInProgressError"]
    assert desk.statuses() == ["live"]


def test_a_refused_release_can_be_started_again_afterwards(desk: ReleaseDesk) -> None:
    desk.registry.acquire(model=MODEL, name="release", owner="other", at=desk.clock.now(), seconds=60)
    refused = run_release(desk.app, execution="second")
    assert refused["error"]["Error"] == "ReleaseInProgressError"
    assert "rolled_back" not in refused
    desk.registry.free(model=MODEL, name="release", owner="other")
    assert run_release(desk.app, execution="second")["closed"]["status"] == "live"
