import json
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from functions.inference.limits import max_rows
from functions.open_release.handler import handle as open_release
from functions.verify_release.handler import handle as verify_release
from lambdaloop.domain.artifact import Artifact
from lambdaloop.domain.bundle import pack_bundle, unpack_bundle
from lambdaloop.domain.documents import Document
from lambdaloop.domain.errors import (
    ArmsDifferError,
    ArtifactCorruptError,
    ArtifactMissingError,
    ReleaseNotReadyError,
    VerificationFailedError,
)
from lambdaloop.domain.experiment_pin import ArmPin, ExperimentPin
from lambdaloop.domain.gateway_event import ARM_HEADER
from lambdaloop.domain.release import ReleasePin
from lambdaloop.domain.signature import Signature
from lambdaloop.domain.version import BUNDLE
from lambdaloop.services.hold_release import take_lease
from lambdaloop.services.verify_release import _rows_per_request
from tests.fakes.inference import answer
from tests.fakes.release_workflow import run_release
from tests.fakes.samples import MODEL, bundle, definition
from tests.unit.services.release_desk import ReleaseDesk


def verified(desk: ReleaseDesk) -> Document:
    document: Document = {
        "request": {"model": MODEL, "version": 1, "requested_by": "ml-team", "reason": "better"},
        "execution": "x",
    }
    document["opened"] = open_release(document, desk.app)
    return verify_release(document, desk.app)


def test_golden_rows_are_sent_in_requests_of_at_most_20() -> None:
    desk = ReleaseDesk(golden_rows=45)
    events: list[Document] = []

    def recorded(pin: ReleasePin | None, event: Document) -> Document:
        events.append(event)
        return answer(pin, event)

    desk.traffic.answer = recorded
    assert verified(desk) == {"rows": 45, "worst_difference": 0.0}
    rows = [json.loads(event["body"])["rows"] for event in events]
    assert [len(some) for some in rows] == [20, 20, 5]
    assert rows[2][-1] == {"age": 44.0, "plan": "a"}


def test_long_class_names_make_smaller_requests() -> None:
    def classes(number: int, length: int) -> Signature:
        names = tuple(f"{i:0{length}}" for i in range(number))
        return replace(Signature.of(definition()), task="multiclass", classes=names)

    assert _rows_per_request(classes(3, 5)) == 20
    assert 1 < _rows_per_request(classes(1000, 100)) < 20
    assert _rows_per_request(classes(1000, 1000)) == 1
    for signature in (classes(1000, 10), classes(1000, 100), classes(1000, 1000)):
        assert _rows_per_request(signature) <= max_rows(signature)


def test_a_request_is_an_http_api_event_that_says_who_sends_it() -> None:
    desk = ReleaseDesk()
    events: list[Document] = []
    desk.traffic.answer = lambda pin, event: events.append(event) or answer(pin, event)  # type: ignore[func-returns-value]
    verified(desk)
    context = events[0]["requestContext"]
    assert (context["http"]["method"], events[0]["rawPath"]) == ("POST", f"/models/{MODEL}/predict")
    assert context["http"]["userAgent"] == events[0]["headers"]["user-agent"] == "lambdaloop-verify"
    assert events[0]["headers"]["content-length"] == str(len(events[0]["body"]))
    assert events[0]["version"] == "2.0"


def test_answers_within_a_millionth_are_exact() -> None:
    desk = ReleaseDesk()
    desk.traffic.answer = partial(answer, off_by=9e-7)
    assert verified(desk)["worst_difference"] == pytest.approx(9e-7)


def _without_pin(_: ReleasePin | None, event: Document) -> Document:
    return answer(None, event)


def _of_another_version(pin: ReleasePin | None, event: Document) -> Document:
    assert pin
    return answer(replace(pin, version=2), event)


def _changed(pin: ReleasePin | None, event: Document, **changes: Any) -> Document:
    response = answer(pin, event)
    body = json.loads(response["body"])
    body["predictions"][1] |= changes
    return {**response, "body": json.dumps(body)}


def _says(body: str) -> Callable[..., Document]:
    return lambda *_: {"statusCode": 200, "body": body}


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        (partial(answer, off_by=2e-6), "off by 2e-06"),
        (partial(_changed, value="yes"), "expected label 'no'"),
        (partial(_changed, probabilities=None), "expected probabilities"),
        (_without_pin, "status 503: .*no model released yet"),
        (_of_another_version, "answered with model version 2 as 'champion', wanted 1 as"),
        (_says("<html>"), "answered no JSON"),
        (_says("{}"), "another format"),
        (_says("[]"), "another format"),
        (_says('{"predictions": []}'), "3 golden rows got 0 answers"),
        (None, "version 2 failed"),
    ],
)
def test_any_other_answer_fails_the_release_before_it_gets_traffic(wrong: Any, problem: str) -> None:
    desk = ReleaseDesk()
    desk.traffic.answer = wrong
    with pytest.raises(VerificationFailedError, match=problem):
        verified(desk)
    document = run_release(desk.app, execution="x")
    assert document["rolled_back"]["status"] == "rolled_back"
    assert desk.traffic.changes == []


def test_a_missing_bundle_is_refused_before_any_traffic_moves() -> None:
    desk = ReleaseDesk()
    desk.artifacts.objects.clear()
    with pytest.raises(ArtifactMissingError):
        verified(desk)
    run_release(desk.app, execution="x")
    assert desk.traffic.changes == []


def test_a_bundle_with_one_flipped_byte_is_refused_and_the_live_release_keeps_serving() -> None:
    desk = ReleaseDesk()
    run_release(desk.app, version=1, execution="first")
    routed, changes = desk.routed(), len(desk.traffic.changes)
    for where, content in desk.artifacts.objects.items():
        desk.artifacts.objects[where] = content[:-1] + bytes([content[-1] ^ 1])
    document = run_release(desk.app, version=2, execution="second")
    assert document["error"]["Error"] == ArtifactCorruptError.__name__
    assert (desk.routed(), len(desk.traffic.changes)) == (routed, changes)
    assert desk.statuses() == ["rolled_back", "live"]


def test_a_version_that_lambda_prepares_is_awaited() -> None:
    desk = ReleaseDesk()
    document: Document = {
        "request": {"model": MODEL, "version": 1, "requested_by": "ml-team", "reason": "better"},
        "execution": "x",
    }
    document["opened"] = open_release(document, desk.app)
    desk.traffic.busy = 1
    with pytest.raises(ReleaseNotReadyError):
        verify_release(document, desk.app)
    assert verify_release(document, desk.app)["rows"] == 3


# The arms of an experiment


def _experimenting(desk: ReleaseDesk, *, challenger: Artifact | None = None) -> Callable[[], Document]:
    """A published release of version 1 with version 2 beside it; returns what verifies it."""
    bundle = desk.registry.version(MODEL, 1).files[BUNDLE]
    arms = (
        ArmPin(name="control", version=1, bundle=bundle, share=5000),
        ArmPin(name="challenger", version=2, bundle=challenger or bundle, share=5000),
    )
    experiment = ExperimentPin(id="e-1", salt="s", namespace=MODEL, first_bucket=0, buckets=10_000, arms=arms)
    now = desk.clock.now()
    release = desk.registry.open_release(
        model=MODEL,
        version=1,
        execution="x",
        requested_by="ml-team",
        reason="compare",
        previous_lambda_version="1",
        first=True,
        rules=definition().release,
        experiment=experiment,
        at=now,
    )
    pin = ReleasePin(model=MODEL, release=release.number, version=1, bundle=bundle, experiment=experiment)
    desk.registry.record_publication(release, lambda_version=desk.traffic.publish(pin), at=now)
    take_lease(MODEL, release.rules, execution="x", leases=desk.registry, at=now)
    document: Document = {"execution": "x", "opened": {"number": release.number}}
    return lambda: verify_release(document, desk.app)


def test_every_arm_answers_its_own_golden_rows() -> None:
    desk = ReleaseDesk(golden_rows=25)
    verify = _experimenting(desk)
    asked: list[tuple[str, int]] = []

    def recorded(pin: ReleasePin | None, event: Document) -> Document:
        asked.append((event["headers"][ARM_HEADER], len(json.loads(event["body"])["rows"])))
        return answer(pin, event)

    desk.traffic.answer = recorded
    assert verify() == {"rows": 50, "worst_difference": 0.0}
    assert asked == [("control", 20), ("control", 5), ("challenger", 20), ("challenger", 5)]


def _by_the_control(pin: ReleasePin | None, event: Document) -> Document:
    return answer(pin, {**event, "headers": {}})


def _by_a_wrong_challenger(pin: ReleasePin | None, event: Document) -> Document:
    return answer(pin, event, off_by=2e-6 if event["headers"][ARM_HEADER] == "challenger" else 0.0)


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        (_by_the_control, "arm 'control' of .* as 'champion', wanted 1 as 'control'"),
        (_by_a_wrong_challenger, "arm 'challenger' of .* off by 2e-06"),
        (_without_pin, "arm 'control' of .* status 503"),
    ],
)
def test_one_arm_that_answers_otherwise_fails_the_whole_release(wrong: Any, problem: str) -> None:
    desk = ReleaseDesk()
    verify = _experimenting(desk)
    desk.traffic.answer = wrong
    with pytest.raises(VerificationFailedError, match=problem):
        verify()


def test_an_arm_pinned_to_another_bundle_than_its_version_has_is_refused() -> None:
    desk = ReleaseDesk()
    verify = _experimenting(desk, challenger=desk.artifacts.put(MODEL, BUNDLE, bundle(4)))
    with pytest.raises(VerificationFailedError, match="pinned to another bundle than version 2"):
        verify()


def test_arms_that_do_not_take_the_same_rows_are_refused_before_any_traffic() -> None:
    desk = ReleaseDesk()
    other = unpack_bundle(bundle())
    signature = replace(other.signature, classes=("no", "perhaps"))
    stored = desk.artifacts.put(MODEL, BUNDLE, pack_bundle(replace(other, signature=signature)))
    version = desk.registry.version(MODEL, 2)
    version.files[BUNDLE] = stored  # type: ignore[index]  # a plain dictionary here
    with pytest.raises(ArmsDifferError, match="differ in their classes"):
        _experimenting(desk, challenger=stored)()
