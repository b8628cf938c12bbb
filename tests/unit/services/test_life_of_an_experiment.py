from dataclasses import replace
from typing import Any

import pytest

from functions.open_release.handler import handle as open_release
from lambdaloop.domain.documents import Document
from lambdaloop.domain.errors import (
    ExperimentInvalidError,
    ExperimentNotFoundError,
    ExperimentRunningError,
    ExperimentStateError,
    ModelNotReleasedError,
    NamespaceTakenError,
    ReleaseInProgressError,
    VersionNotFoundError,
)
from lambdaloop.domain.experiment import Arm, Look
from lambdaloop.domain.experiment_life import looked
from lambdaloop.domain.release import Release
from lambdaloop.services.advance_experiment import WORKFLOW
from tests.fakes.experiment_desk import ARMS, RULES, ExperimentDesk, by_hand, desk_with_live
from tests.fakes.samples import MODEL


@pytest.fixture
def desk() -> ExperimentDesk:
    return desk_with_live()


def show(desk: ExperimentDesk, verdict: Any, *, winner: str | None = None) -> None:
    """A look with this verdict."""
    experiment = desk.experiment()
    look = Look(at=desk.clock.now(), verdict=verdict, reason=f"it is {verdict}", winner=winner)
    desk.registry.record_experiment(experiment, looked(experiment, look), by="evaluation")


def live_version(desk: ExperimentDesk) -> int:
    live: Release = next(each for each in desk.registry.releases(MODEL) if each.status == "live")
    return live.version


def test_an_experiment_runs_once_the_release_with_its_arms_is_live(desk: ExperimentDesk) -> None:
    assert desk.start()["status"] == "starting"
    assert desk.asked()[-1] == "churn-trial-1"
    assert desk.advance() == "starting"

    release = desk.release("churn-trial-1")
    assert release.experiment is not None
    assert [(arm.name, arm.version, arm.share) for arm in release.experiment.arms] == [
        ("old", 1, 5000),
        ("new", 2, 5000),
    ]
    pin = desk.traffic.versions[release.lambda_version]
    assert pin is not None
    assert pin.experiment == release.experiment

    assert desk.advance() == "running"
    experiment = desk.experiment()
    assert (experiment.release, experiment.started_at) == (release.number, release.closed_at)


def test_starting_again_under_the_same_id_is_the_same_experiment(desk: ExperimentDesk) -> None:
    assert desk.start() == desk.start()
    assert desk.asked() == ["first", "churn-trial-1"]
    with pytest.raises(ExperimentInvalidError, match="take another id"):
        desk.start(rules=replace(RULES, smallest_effect=0.2))


def test_a_model_has_one_experiment_at_a_time(desk: ExperimentDesk) -> None:
    desk.start()
    with pytest.raises(ExperimentRunningError, match="trial"):
        desk.start("another")


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"arms": ARMS[::-1]}, ExperimentInvalidError, "champion"),
        ({"arms": (ARMS[0], Arm(name="new", version=9, share=5000))}, VersionNotFoundError, "9"),
        ({"arms": (ARMS[0], Arm(name="new", version=2, share=4000))}, ExperimentInvalidError, "add up to"),
        ({"arms": (ARMS[0], Arm(name="old", version=2, share=5000))}, ExperimentInvalidError, "names"),
        ({"arms": (ARMS[0], Arm(name="champion", version=2, share=5000))}, ExperimentInvalidError, "champ"),
        ({"arms": ARMS[:1]}, ExperimentInvalidError, "2 to 10"),
        (
            {"rules": replace(RULES, outcome="squared_error")},
            ExperimentInvalidError,
            "take correct or reward",
        ),
        ({"rules": replace(RULES, smallest_effect=float("nan"))}, ExperimentInvalidError, "smallest_effect"),
        ({"rules": replace(RULES, alpha=0.9)}, ExperimentInvalidError, "alpha"),
        ({"rules": replace(RULES, min_units=19)}, ExperimentInvalidError, "min_units must be 20 to"),
        ({"rules": replace(RULES, design="fixed")}, ExperimentInvalidError, "needs units_per_arm"),
        ({"rules": replace(RULES, units_per_arm=500)}, ExperimentInvalidError, "belongs to a fixed design"),
        (
            {"rules": replace(RULES, design="fixed", units_per_arm=99)},
            ExperimentInvalidError,
            "at least min_units, 100",
        ),
        (
            {"rules": replace(RULES, design="fixed", units_per_arm=500, policy="thompson")},
            ExperimentInvalidError,
            "fixed shares",
        ),
        ({"buckets": 10_001}, ExperimentInvalidError, "buckets"),
        ({"buckets": 6000, "first_bucket": 5000}, ExperimentInvalidError, "first_bucket"),
    ],
)
def test_what_could_answer_nothing_is_refused_and_changes_nothing(
    desk: ExperimentDesk, changes: Document, error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        desk.start(**changes)
    assert desk.registry.experiments(MODEL) == []
    assert desk.asked() == ["first"]


def test_without_a_champion_there_is_nothing_to_be_held_against() -> None:
    with pytest.raises(ModelNotReleasedError):
        desk_with_live(live=False).start()


def test_an_experiment_does_not_start_while_a_release_takes_traffic(desk: ExperimentDesk) -> None:
    by_hand(desk, "canary", version=2)
    desk.open("canary")
    with pytest.raises(ReleaseInProgressError, match="release 2"):
        desk.start()


def test_while_an_experiment_runs_no_other_release_may_take_its_traffic(desk: ExperimentDesk) -> None:
    desk.run()
    with pytest.raises(ReleaseInProgressError, match="experiment stop"):
        open_release(by_hand(desk, "retrained", version=2), desk.app)
    assert desk.advance() == "running"


def test_a_namespace_says_who_holds_its_buckets() -> None:
    desk = desk_with_live()
    desk.start(namespace="shop", buckets=6000)
    other = replace(desk.experiment(), model="prices", id="other", buckets=5000)
    with pytest.raises(NamespaceTakenError, match="0 to 5999 by experiment 'trial' of model 'churn'"):
        desk.registry.open_experiment(other, anywhere=True)
    fitting = desk.registry.open_experiment(replace(other, buckets=4000), anywhere=True)
    assert fitting.first_bucket == 6000


@pytest.mark.parametrize(
    ("verdict", "winner", "on_equal", "stays"),
    [
        ("better", "new", "keep", "new"),
        ("equal", None, "keep", "old"),
        ("equal", None, "promote", "new"),
        ("harmful", None, "keep", "old"),
        ("invalid", None, "keep", "old"),
        ("undecided", None, "keep", "old"),
    ],
)
def test_the_answer_is_carried_out_by_a_release(
    desk: ExperimentDesk, verdict: str, winner: str | None, on_equal: Any, stays: str
) -> None:
    desk.start(rules=replace(RULES, on_equal=on_equal))
    desk.release("churn-trial-1")
    desk.advance()
    show(desk, verdict, winner=winner)
    assert desk.order("conclude", requested_by="experiment workflow") == "concluding"
    assert desk.asked()[-1] == "churn-trial-2"
    assert desk.advance() == "concluding"

    release = desk.release("churn-trial-2")
    assert (release.version, release.experiment) == (desk.experiment().arm(stays).version, None)
    assert desk.advance() == "concluded"
    ended = desk.experiment()
    assert (ended.winner, ended.verdict, ended.conclusion) == (stays, verdict, f"it is {verdict}")
    assert ended.ended_at is not None
    assert desk.registry.current_experiment(MODEL) is None
    assert desk.advance() == "none"


def test_carrying_out_the_same_answer_twice_changes_nothing(desk: ExperimentDesk) -> None:
    desk.run()
    show(desk, "better", winner="new")
    for _ in range(2):
        assert desk.order("conclude", requested_by="experiment workflow") == "concluding"
    desk.release("churn-trial-2")
    assert desk.order("conclude", experiment="trial", requested_by="experiment workflow") == "concluded"
    assert desk.asked() == ["first", "churn-trial-1", "churn-trial-2"]


def test_stopping_brings_the_control_back_whatever_the_numbers_say(desk: ExperimentDesk) -> None:
    desk.run()
    show(desk, "better", winner="new")
    assert desk.order("stop") == "concluding"
    desk.release("churn-trial-2")
    assert desk.advance() == "stopped"
    assert live_version(desk) == 1
    assert desk.experiment().conclusion == "stopped by ana: enough"


def test_a_person_may_choose_an_arm(desk: ExperimentDesk) -> None:
    desk.run()
    with pytest.raises(ExperimentInvalidError, match="no arm 'newest'"):
        desk.order("conclude", arm="newest")
    with pytest.raises(ExperimentStateError, match="not looked at yet"):
        desk.order("conclude")
    desk.order("conclude", arm="new")
    desk.release("churn-trial-2")
    assert desk.advance() == "concluded"
    assert live_version(desk) == 2


def test_an_order_needs_an_experiment_that_has_not_ended(desk: ExperimentDesk) -> None:
    with pytest.raises(ExperimentNotFoundError):
        desk.order("stop")
    desk.run()
    desk.order("stop")
    desk.release("churn-trial-2")
    desk.advance()
    with pytest.raises(ExperimentStateError, match="ended as stopped"):
        desk.order("conclude", experiment="trial", arm="new")


def test_an_experiment_that_is_stopped_before_it_had_traffic_ends_at_once(desk: ExperimentDesk) -> None:
    desk.start()
    assert desk.order("stop") == "stopped"
    with pytest.raises(ExperimentStateError, match="does not ask for this release"):
        desk.open("churn-trial-1")
    assert desk.asked() == ["first", "churn-trial-1"]


def test_an_experiment_that_is_stopped_while_its_release_takes_traffic_waits_for_that(
    desk: ExperimentDesk,
) -> None:
    desk.start()
    opened = desk.open("churn-trial-1")
    assert desk.order("stop") == "concluding"
    assert desk.asked() == ["first", "churn-trial-1"]
    desk.release("churn-trial-1")
    assert opened.number == 2
    assert desk.advance() == "concluding"
    assert desk.asked()[-1] == "churn-trial-2"
    desk.release("churn-trial-2")
    assert desk.advance() == "stopped"
    assert live_version(desk) == 1


def test_an_experiment_whose_release_is_rolled_back_has_failed(desk: ExperimentDesk) -> None:
    desk.start()
    desk.refuse("churn-trial-1")
    assert desk.advance() == "failed"
    assert "9 of 100 requests failed" in str(desk.experiment().conclusion)


def test_an_experiment_whose_release_was_never_opened_has_failed(desk: ExperimentDesk) -> None:
    desk.start()
    desk.clock.advance(16 * 60)
    assert desk.advance() == "failed"
    assert "not opened" in str(desk.experiment().conclusion)


def test_a_winner_that_is_rolled_back_leaves_the_traffic_to_the_control(desk: ExperimentDesk) -> None:
    desk.run()
    show(desk, "better", winner="new")
    desk.order("conclude", requested_by="experiment workflow")
    desk.refuse("churn-trial-2")
    assert desk.advance() == "concluding"
    assert desk.asked()[-1] == "churn-trial-3"
    desk.release("churn-trial-3")
    assert desk.advance() == "concluded"
    ended = desk.experiment()
    assert ended.winner == "old"
    assert "of the winner was rolled back" in str(ended.conclusion)
    assert live_version(desk) == 1


def test_a_release_that_was_refused_is_asked_for_until_it_comes(desk: ExperimentDesk) -> None:
    desk.run()
    desk.order("stop")
    desk.clock.advance(16 * 60)
    assert desk.advance() == "concluding"
    desk.refuse("churn-trial-3")
    assert desk.advance() == "concluding"
    desk.release("churn-trial-4")
    assert desk.advance() == "stopped"


def test_a_workflow_that_comes_too_late_changes_nothing(desk: ExperimentDesk) -> None:
    desk.run()
    desk.order("stop")
    desk.clock.advance(16 * 60)
    desk.advance()
    with pytest.raises(ExperimentStateError, match="does not ask for this release any more"):
        desk.open("churn-trial-2")
    assert len(desk.registry.releases(MODEL)) == 2


def test_a_rollback_by_hand_stops_the_experiment(desk: ExperimentDesk) -> None:
    desk.run()
    desk.registry.return_to(model=MODEL, number=1, by="ana", reason="it looks odd", at=desk.clock.now())
    assert desk.advance() == "stopped"
    assert desk.experiment().conclusion == (
        "release 2 was rolled back: went back to release 1, by ana: it looks odd"
    )


def test_people_are_told_of_every_change_and_the_audit_trail_keeps_it(desk: ExperimentDesk) -> None:
    desk.run()
    desk.order("stop")
    desk.release("churn-trial-2")
    desk.advance()
    assert [subject for subject, _ in desk.notices.told] == [
        "Experiment trial of churn: running",
        "Experiment trial of churn: concluding",
        "Experiment trial of churn: stopped",
    ]
    kinds = [event.kind for event in desk.registry.events(MODEL) if event.kind.startswith("experiment")]
    assert sorted(kinds) == [
        "experiment_began",
        "experiment_concluding",
        "experiment_opened",
        "experiment_stopped",
    ]


@pytest.mark.parametrize(
    ("kind", "by", "requester"),
    [("conclude", "ben", "ben"), ("stop", "ben", "ben"), ("conclude", WORKFLOW, "ana")],
)
def test_the_last_release_is_that_of_the_person_who_wanted_it(
    desk: ExperimentDesk, kind: str, by: str, requester: str
) -> None:
    """So nobody approves the winner that they chose themselves, and the experiment's own choice is that of who began it."""
    desk.run()
    desk.order(kind, requested_by=by, **({"arm": "new"} if kind == "conclude" else {}))
    assert desk.document(desk.asked()[-1])["request"]["requested_by"] == requester
