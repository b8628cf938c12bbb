"""The stateless form: two releases behind the weighted alias, and what they share."""

from dataclasses import replace

import pytest

from functions.close_release.handler import handle as close_release
from functions.open_release.handler import handle as open_release
from lambdaloop.domain.documents import Document
from lambdaloop.domain.errors import (
    ExperimentInvalidError,
    ExperimentStateError,
    ReleaseInProgressError,
    RoutingChangedError,
)
from lambdaloop.domain.experiment import Arm
from lambdaloop.domain.namespace import BUCKETS
from lambdaloop.domain.release import Judgement, Release
from lambdaloop.services.prune_versions import prune_versions
from tests.fakes.experiment_desk import ExperimentDesk, by_hand, desk_with_live
from tests.fakes.samples import MODEL
from tests.fakes.stateless_desk import (
    ARMS,
    champion,
    fail_requests,
    roll_back,
    routed,
    run,
    start,
    statuses,
)


@pytest.fixture
def desk() -> ExperimentDesk:
    return desk_with_live()


def test_it_runs_once_its_release_has_its_share_beside_the_live_one(desk: ExperimentDesk) -> None:
    assert start(desk)["status"] == "starting"
    desk.workflow()
    assert routed(desk) == ("2", "3", 0.3)
    assert [step.weight for step in desk.traffic.changes[1:]] == [0.1, 0.3]
    assert desk.advance() == "running"
    experiment, release = desk.experiment(), desk.registry.release(MODEL, 2)
    assert (release.status, release.version, release.experiment) == ("sharing", 2, None)
    assert (experiment.release, experiment.started_at) == (2, release.shared_at)
    assert champion(desk) == (1, 1)
    kinds = {event.kind for event in desk.registry.events(MODEL)}
    assert {"release_shares", "experiment_began"} <= kinds


def test_its_release_serves_one_version_and_knows_nothing_of_entities(desk: ExperimentDesk) -> None:
    run(desk)
    pin = desk.traffic.versions["3"]
    assert pin is not None
    assert (pin.version, pin.release, pin.experiment) == (2, 2, None)


def test_it_holds_no_entities_so_another_model_may_have_all_of_the_namespace(desk: ExperimentDesk) -> None:
    run(desk)
    other = replace(
        desk.experiment(), model="prices", id="other", assignment="sticky", namespace=MODEL, buckets=BUCKETS
    )
    assert desk.registry.open_experiment(other, anywhere=False).first_bucket == 0


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"namespace": "shop"}, "namespace belongs to entities"),
        ({"salt": "summer"}, "salt belongs to entities"),
        ({"buckets": 5000}, "choose the share of arm 'new'"),
        ({"first_bucket": 0}, "first_bucket belongs to entities"),
        (
            {"arms": (replace(ARMS[0], share=4000), ARMS[1], Arm(name="third", version=2, share=3000))},
            "has two arms, because an alias splits requests between two",
        ),
        (
            {"arms": (replace(ARMS[0], share=9950), replace(ARMS[1], share=50))},
            "whole percentage from 1 to 99 in a stateless experiment, got 0.5 %",
        ),
    ],
)
def test_what_an_alias_cannot_do_is_refused_with_a_way_out(
    desk: ExperimentDesk, changes: Document, words: str
) -> None:
    with pytest.raises(ExperimentInvalidError, match=words):
        start(desk, **changes)
    assert desk.registry.experiments(MODEL) == []
    assert desk.asked() == ["first"]


def test_starting_again_is_the_same_one_unless_the_form_is_another(desk: ExperimentDesk) -> None:
    assert start(desk) == start(desk)
    with pytest.raises(ExperimentInvalidError, match="take another id"):
        start(desk, assignment="sticky")


def test_a_live_release_with_arms_of_its_own_is_no_control(desk: ExperimentDesk) -> None:
    desk.run()
    desk.order("stop")
    desk.release("churn-trial-2")
    desk.advance()
    roll_back(desk, to=2)
    with pytest.raises(ExperimentInvalidError, match="release version 1 by itself first"):
        start(desk, identity="next")


def test_one_whose_release_is_rolled_back_on_the_way_has_failed(desk: ExperimentDesk) -> None:
    start(desk)
    fail_requests(desk)
    desk.workflow()
    assert routed(desk) == ("2", None, 0.0)
    assert desk.advance() == "failed"
    assert "50 of 100 requests failed" in str(desk.experiment().conclusion)


def test_a_share_that_somebody_changed_by_hand_is_no_share(desk: ExperimentDesk) -> None:
    start(desk)
    release = desk.open("churn-trial-1")
    desk.traffic.route(desk.traffic.routing(), stable="2", candidate=str(release.lambda_version), weight=0.2)
    with pytest.raises(RoutingChangedError, match="wanted 30% of the traffic at 3 and the rest at 2"):
        close(desk, release)


def close(desk: ExperimentDesk, release: Release) -> None:
    done = Judgement(at=desk.clock.now(), step=1, weight=0.3, verdict="complete", reasons=(), numbers={})
    desk.registry.record_judgement(release, done)
    opened = {"number": release.number}
    close_release({"opened": opened, "execution": "churn-trial-1", "request": {"model": MODEL}}, desk.app)


def test_while_it_runs_no_other_release_may_take_traffic(desk: ExperimentDesk) -> None:
    run(desk)
    with pytest.raises(ReleaseInProgressError, match="experiment stop"):
        open_release(by_hand(desk, "retrained", version=2), desk.app)
    assert routed(desk) == ("2", "3", 0.3)
    assert desk.advance() == "running"


def test_another_share_comes_with_a_release_of_its_own(desk: ExperimentDesk) -> None:
    run(desk)
    assert desk.order("reshare", shares=(5000, 5000)) == "running"
    desk.workflow()
    assert routed(desk) == ("2", "4", 0.5)
    assert [step.weight for step in desk.traffic.changes[-2:]] == [0.0, 0.5]
    assert desk.advance() == "running"
    assert statuses(desk) == ["live", "withdrawn", "sharing"]
    assert (desk.experiment().release, desk.experiment().arms[1].share) == (3, 5000)
    assert champion(desk) == (1, 1)


def test_between_two_shares_it_goes_on(desk: ExperimentDesk) -> None:
    run(desk)
    desk.order("reshare", shares=(5000, 5000))
    desk.open("churn-trial-2")
    assert routed(desk) == ("2", None, 0.0)
    assert desk.advance() == "running"


def test_a_share_is_asked_for_by_percents_and_of_requests_only(desk: ExperimentDesk) -> None:
    run(desk)
    with pytest.raises(ExperimentInvalidError, match="whole percentage"):
        desk.order("reshare", shares=(5050, 4950))
    with pytest.raises(ExperimentInvalidError, match="add up to 10000"):
        desk.order("reshare", shares=(5000, 4000))
    with pytest.raises(ExperimentInvalidError, match="ramp the share of arm 'new' instead"):
        desk.order("ramp", buckets=BUCKETS)
    desk.order("stop")
    with pytest.raises(ExperimentStateError, match="concluding, wanted running"):
        desk.order("reshare", shares=(5000, 5000))


def test_entities_keep_their_arms_when_a_person_asks_for_other_shares(desk: ExperimentDesk) -> None:
    desk.run()
    with pytest.raises(ExperimentInvalidError, match="other shares would give entities other arms"):
        desk.order("reshare", shares=(2000, 8000))


def test_a_share_that_goes_wrong_ends_it_with_all_traffic_at_the_control(desk: ExperimentDesk) -> None:
    run(desk)
    desk.order("reshare", shares=(5000, 5000))
    fail_requests(desk)
    desk.workflow()
    assert routed(desk) == ("2", None, 0.0)
    assert desk.advance() == "stopped"
    assert "release 3 ended as rolled_back: " in str(desk.experiment().conclusion)


def test_a_share_that_was_refused_leaves_things_as_they_were(desk: ExperimentDesk) -> None:
    run(desk)
    desk.order("reshare", shares=(5000, 5000))
    desk.clock.advance(16 * 60)
    assert desk.advance() == "running"
    assert desk.experiment().arms == ARMS
    assert routed(desk) == ("2", "3", 0.3)


def test_both_lambda_versions_are_kept_while_it_runs(desk: ExperimentDesk) -> None:
    run(desk)
    desk.traffic.route(desk.traffic.routing(), stable="2")  # even where the alias does not say so
    kept = prune_versions(
        model=MODEL,
        keep=1,
        bootstrap_version="1",
        releases=desk.registry,
        traffic=desk.traffic,
        clock=desk.clock,
    ).kept
    assert {"2", "3"} <= set(kept)


def test_people_are_told_of_every_change(desk: ExperimentDesk) -> None:
    run(desk)
    desk.order("stop")
    desk.workflow()
    desk.advance()
    assert [subject for subject, _ in desk.notices.told] == [
        "Experiment trial of churn: running",
        "Experiment trial of churn: concluding",
        "Experiment trial of churn: stopped",
    ]
    kinds = [event.kind for event in desk.registry.events(MODEL)]
    assert "release_withdrawn" in kinds


def test_an_arm_need_not_be_better_before_it_has_its_share(desk: ExperimentDesk) -> None:
    rules = desk.app.definition.release
    strict = replace(
        rules, steps=(10, 100), behaviour=replace(rules.behaviour, require="better"), bake_seconds=0
    )
    desk.app.__dict__["definition"] = replace(desk.app.definition, release=strict)
    run(desk)
    desk.order("reshare", shares=(5000, 5000))
    desk.workflow()
    assert desk.advance() == "running"
