"""A release of a model with a shadow stage: copies of live requests first, traffic only afterwards."""

import json
from dataclasses import replace
from typing import Any

import pytest

from functions.open_release.handler import handle as open_release
from functions.shadow_release.handler import handle as shadow_release
from functions.shift_traffic.handler import handle as shift_traffic
from functions.start_experiment.handler import handle as start_experiment
from lambdaloop.domain.documents import Document, to_document
from lambdaloop.domain.errors import BackendUnavailableError, ReleaseStateError, VerificationFailedError
from lambdaloop.domain.experiment import Arm, ExperimentRules
from lambdaloop.domain.experiment_request import ExperimentRequest
from lambdaloop.domain.gateway_event import ARM_HEADER
from lambdaloop.domain.release import ReleasePin
from lambdaloop.domain.version import Comparison
from tests.fakes.inference import answer
from tests.fakes.release_workflow import run_release
from tests.fakes.samples import MODEL
from tests.unit.services.release_desk import ReleaseDesk

SHADOW = {"seconds": 1800, "min_rows": 60}
SLICE = 900


@pytest.fixture
def desk() -> ReleaseDesk:
    """Version 1 is live; its log has 40 requests of each slice."""
    desk = ReleaseDesk(steps=[50, 100], shadow=SHADOW)
    run_release(desk.app, version=1, execution="first")
    assert desk.statuses() == ["live"]
    return desk


def opened(desk: ReleaseDesk) -> Document:
    document: Document = {
        "request": {"model": MODEL, "version": 2, "requested_by": "ml-team", "reason": "better"},
        "execution": "second",
    }
    document["opened"] = open_release(document, desk.app)
    return document


def broken(pin: ReleasePin | None, event: Document) -> Document:
    """Version 2 fails where version 1 answers."""
    if pin is not None and pin.version == 2 and "shadow" in event["requestContext"]["requestId"]:
        raise VerificationFailedError("division by zero")
    return answer(pin, event)


def contrary(pin: ReleasePin | None, event: Document) -> Document:
    """Version 2 answers everything, and says the opposite."""
    response = answer(pin, event)
    if pin is not None and pin.version == 2 and "shadow" in event["requestContext"]["requestId"]:
        body = json.loads(response["body"])
        for prediction in body["predictions"]:
            prediction["value"] = "yes"
        response["body"] = json.dumps(body)
    return response


def test_the_first_release_has_nothing_to_be_compared_with(desk: ReleaseDesk) -> None:
    [first] = desk.registry.releases(MODEL)
    assert {each.kind for each in first.judgements} == {"step"}


def test_a_good_release_takes_traffic_after_its_slices(desk: ReleaseDesk) -> None:
    document = run_release(desk.app, version=2, execution="second")
    assert document["closed"] == {"status": "live", "version": 2}
    judgements = desk.registry.release(MODEL, 2).judgements
    assert [each.kind for each in judgements][:3] == ["shadow", "shadow", "step"]
    assert [each.verdict for each in judgements][:2] == ["hold", "advance"]
    assert judgements[1].numbers["copies"] == 40
    assert judgements[1].numbers["failures"] == 0
    assert judgements[1].numbers["disagreement"] == 0.0
    assert judgements[1].numbers["p95_latency_ms"] is not None


def test_nothing_takes_traffic_and_the_status_stays_open_while_it_is_shadowed(desk: ReleaseDesk) -> None:
    document, changes = opened(desk), len(desk.traffic.changes)
    desk.clock.advance(SLICE)
    assert shadow_release(document, desk.app)["verdict"] == "hold"
    assert len(desk.traffic.changes) == changes
    assert desk.statuses()[0] == "open"


@pytest.mark.parametrize(
    ("answering", "reason"),
    [(broken, "copies were not answered"), (contrary, "disagreement with the version before")],
)
def test_a_bad_release_is_rolled_back_before_it_took_any_traffic(
    desk: ReleaseDesk, answering: Any, reason: str
) -> None:
    desk.traffic.answer = answering
    routed = desk.routed()
    document = run_release(desk.app, version=2, execution="second")
    assert document["rolled_back"]["status"] == "rolled_back"
    assert desk.routed() == routed
    assert [routing.candidate for routing in desk.traffic.changes if routing.candidate] == []
    release = desk.registry.release(MODEL, 2)
    assert reason in str(release.outcome)
    assert len(release.judgements) == 1


def compared(desk: ReleaseDesk, *, champion: int) -> None:
    """The training of version 2 is said to have found that it answers everything otherwise than that version."""
    versions = desk.registry._versions[MODEL]
    comparison = Comparison(
        champion=champion,
        disagreement=1.0,
        prediction_drift=0.0,
        skill_metric="roc_auc",
        skill=0.9,
        champion_skill=0.7,
    )
    versions[1] = replace(versions[1], comparison=comparison)


def test_what_training_found_beside_another_version_excuses_nothing(desk: ReleaseDesk) -> None:
    compared(desk, champion=9)
    desk.traffic.answer = contrary
    assert "rolled_back" in run_release(desk.app, version=2, execution="second")


def test_what_training_found_beside_the_version_before_is_expected(desk: ReleaseDesk) -> None:
    compared(desk, champion=1)
    desk.traffic.answer = contrary
    document = opened(desk)
    desk.clock.advance(SLICE)
    assert shadow_release(document, desk.app)["verdict"] == "hold"


class TestAnExperiment:
    """Its control is what serves already: copies are for the arms that are new."""

    @pytest.fixture
    def execution(self, desk: ReleaseDesk) -> str:
        request = ExperimentRequest(
            id="trial",
            arms=(Arm(name="old", version=1, share=5000), Arm(name="new", version=2, share=5000)),
            rules=ExperimentRules(outcome="correct", smallest_effect=0.1),
            requested_by="ana",
            reason="is it better?",
        )
        start_experiment(to_document(request), desk.app)
        [(_, name)] = desk.workflows.started
        return name

    def test_its_new_arm_answers_copies_before_it_takes_traffic(
        self, desk: ReleaseDesk, execution: str
    ) -> None:
        run_release(desk.app, version=1, execution=execution, experiment="trial")
        [first, second, *_] = desk.registry.release(MODEL, 2).judgements
        assert (first.kind, first.numbers["copies"], second.verdict) == ("shadow", 40, "advance")

    def test_a_new_arm_that_says_the_opposite_is_rolled_back_before_it_took_any_traffic(
        self, desk: ReleaseDesk, execution: str
    ) -> None:
        def only_the_arm(pin: ReleasePin | None, event: Document) -> Document:
            by_arm = event["headers"].get(ARM_HEADER) == "new"
            return (
                contrary(
                    pin and replace(pin, version=2, experiment=None, bundle=pin.bundle),
                    {**event, "headers": {}},
                )
                if by_arm and "shadow" in event["requestContext"]["requestId"]
                else answer(pin, event)
            )

        desk.traffic.answer = only_the_arm
        routed = desk.routed()
        run_release(desk.app, version=1, execution=execution, experiment="trial")
        assert "disagreement with the version before" in str(desk.registry.release(MODEL, 2).outcome)
        assert desk.routed() == routed
        assert [routing.candidate for routing in desk.traffic.changes if routing.candidate] == []


def test_the_live_version_is_asked_nothing(desk: ReleaseDesk) -> None:
    asked: list[int] = []

    def watching(pin: ReleasePin | None, event: Document) -> Document:
        assert pin is not None
        asked.append(pin.version)
        return answer(pin, event)

    document = opened(desk)
    desk.clock.advance(SLICE)
    desk.traffic.answer = watching
    shadow_release(document, desk.app)
    assert asked == [2] * (40 + 1)  # one of them warms it up


def test_copies_are_marked_as_no_traffic(desk: ReleaseDesk) -> None:
    events: list[Document] = []

    def remembering(pin: ReleasePin | None, event: Document) -> Document:
        events.append(event)
        return answer(pin, event)

    document = opened(desk)
    desk.clock.advance(SLICE)
    desk.traffic.answer = remembering
    shadow_release(document, desk.app)
    assert {event["requestContext"]["apiId"] for event in events} == {"verification"}
    assert {len(json.loads(event["body"])["rows"]) for event in events} == {1}


def test_where_lambda_has_no_room_to_spare_nothing_is_copied_and_nothing_blamed(desk: ReleaseDesk) -> None:
    def throttled(_pin: ReleasePin | None, _event: Document) -> Document:
        raise BackendUnavailableError("Invoke was refused (TooManyRequestsException)")

    document = opened(desk)
    desk.clock.advance(SLICE)
    desk.traffic.answer = throttled
    assert shadow_release(document, desk.app)["verdict"] == "hold"
    assert desk.registry.release(MODEL, 2).judgements[-1].numbers["copies"] == 0


def test_a_slice_is_judged_once(desk: ReleaseDesk) -> None:
    document = opened(desk)
    desk.clock.advance(SLICE)
    first = shadow_release(document, desk.app)
    desk.clock.advance(5)
    assert shadow_release(document, desk.app) == first
    assert len(desk.registry.release(MODEL, 2).judgements) == 1


def test_a_workflow_that_skips_the_stage_gets_no_traffic(desk: ReleaseDesk) -> None:
    document = opened(desk)
    with pytest.raises(ReleaseStateError, match="has to pass its shadow stage before it takes traffic"):
        shift_traffic(document, desk.app)
    assert desk.routed()[1] is None


def test_the_figures_are_told_as_metrics(desk: ReleaseDesk) -> None:
    run_release(desk.app, version=2, execution="second")
    lines = [json.loads(line) for line in desk.metrics.getvalue().splitlines()]
    assert [line["model_shadow_copies_total"] for line in lines] == [40, 40]
    assert lines[0]["_aws"]["CloudWatchMetrics"][0]["Dimensions"] == [["Model"]]
    assert lines[0]["model_shadow_disagreement"] == 0.0
