"""Copies of live requests, answered by the real inference application: an answer, and no trace of it anywhere."""

import json
from datetime import timedelta
from typing import Any

from lambdaloop.domain.bundle import unpack_bundle
from lambdaloop.domain.captured import CapturedPrediction, read_line
from lambdaloop.domain.documents import Document
from lambdaloop.domain.errors import ArtifactCorruptError
from lambdaloop.domain.prediction_id import new_prediction_id
from lambdaloop.services.copy_requests import copy_requests
from tests.fakes.clock import FakeClock
from tests.fakes.samples import MORNING
from tests.fakes.tiny_model import ROW, classifier
from tests.unit.functions.gateway import Gateway


class Published:
    """The port Traffic, as far as copying goes: every version is this application."""

    def __init__(self, gateway: Gateway) -> None:
        self.gateway = gateway

    def invoke(self, lambda_version: str, event: Document) -> Document:
        assert lambda_version == "7"
        answer = self.gateway.send(event)
        return {"statusCode": answer.status, "body": json.dumps(answer.body)}


def logged(age: float) -> CapturedPrediction:
    """A line that the live version wrote; it said no."""
    line = {
        "schema": 1,
        "kind": "prediction",
        "prediction_id": new_prediction_id(MORNING),
        "model": "churn",
        "model_version": 6,
        "release": 2,
        "variant": "champion",
        "event_time": MORNING.isoformat(),
        "features": {**ROW, "age": age},
        "prediction": "no",
        "probabilities": {"no": 0.9, "yes": 0.1},
    }
    read = read_line(json.dumps(line), model="churn", now=MORNING + timedelta(hours=1))
    assert isinstance(read, CapturedPrediction)
    return read


def copied(gateway: Gateway, *ages: float) -> Any:
    traffic: Any = Published(gateway)
    return copy_requests(
        [logged(age) for age in ages],
        model="churn",
        lambda_version="7",
        signature=unpack_bundle(classifier()).signature,
        traffic=traffic,
        clock=FakeClock(),
        request_id="shadow-churn-3-0",
    )


def test_copies_are_answered_and_neither_counted_nor_measured_nor_captured() -> None:
    gateway = Gateway()
    copies = copied(gateway, 20.0, 40.0, 60.0)
    assert [each.candidate is not None for each in copies] == [True, True, True]
    assert gateway.captured == []
    assert gateway.measured == []


def test_the_answers_are_those_that_a_live_request_gets() -> None:
    gateway = Gateway()
    [copy] = copied(gateway, 40.0)
    live = gateway.predict(ROW).body["predictions"][0]
    assert (copy.candidate.value, copy.candidate.probabilities) == (live["value"], live["probabilities"])
    assert copy.champion.value == "no"
    assert len(gateway.captured) == len(gateway.measured) == 1  # the live one


def test_a_version_that_cannot_load_its_model_answers_nothing() -> None:
    gateway = Gateway(model=ArtifactCorruptError("not what it was"))
    assert [each.candidate for each in copied(gateway, 40.0)] == [None]
    assert gateway.captured == gateway.measured == []
