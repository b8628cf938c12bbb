import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from lambdaloop.domain.artifact import Artifact
from lambdaloop.domain.capture import is_captured
from lambdaloop.domain.encoding import RowsInvalidError
from lambdaloop.domain.prediction import Prediction
from lambdaloop.domain.prediction_id import time_of
from lambdaloop.domain.release import ReleasePin
from lambdaloop.services.load_model import LoadedModel
from lambdaloop.services.predict import Capture, predict
from lambdaloop.serving.served_model import LoadedBundle
from tests.fakes.tiny_model import ROW, classifier

AT = datetime(2026, 3, 2, 9, 30, 1, 500_000, tzinfo=UTC)
PIN = ReleasePin(
    model="churn", release=3, version=7, bundle=Artifact(key="k", version_id="v", sha256="s", size=1)
)


class RememberingLog:
    """A PredictionLog that keeps what it gets."""

    def __init__(self) -> None:
        self.lines: list[Mapping[str, Any]] = []

    def write(self, line: Mapping[str, Any]) -> None:
        self.lines.append(line)


def _predict(
    rows: list[dict[str, Any]],
    *,
    entity_id: str | None = None,
    features: tuple[str, ...] = (),
    rate: float = 1.0,
) -> tuple[list[Prediction], list[Mapping[str, Any]]]:
    log = RememberingLog()
    predictions = predict(
        rows,
        loaded=LoadedModel(pin=PIN, model=LoadedBundle.from_bytes(classifier())),
        entity_id=entity_id,
        request_id="request-1",
        event_time=AT,
        capture=Capture(log=log, features=features, entity_salt="stack-1", rate=rate),
    )
    return predictions, log.lines


def test_every_prediction_has_its_own_line_under_its_own_id() -> None:
    predictions, lines = _predict([ROW, {**ROW, "visits": 900}])
    assert [line["prediction_id"] for line in lines] == [one.prediction_id for one in predictions]
    assert len({line["prediction_id"] for line in lines}) == 2


def test_predictions_of_one_request_say_so_and_one_alone_needs_not() -> None:
    _, lines = _predict([ROW, ROW])
    assert [line["request"] for line in lines] == ["request-1", "request-1"]
    _, [line] = _predict([ROW])
    assert "request" not in line


def test_a_line_says_what_was_answered_by_what() -> None:
    predictions, [line] = _predict([ROW], features=("age",))
    latency = line["latency_ms"]
    assert latency > 0
    assert line == {
        "schema": 1,
        "kind": "prediction",
        "prediction_id": predictions[0].prediction_id,
        "model": "churn",
        "model_version": 7,
        "release": 3,
        "experiment": None,
        "variant": "champion",
        "entity": None,
        "event_time": "2026-03-02T09:30:01.500000+00:00",
        "features": {"age": 40.0},
        "prediction": "yes",
        "probabilities": predictions[0].output.probabilities,
        "latency_ms": latency,
    }


def test_the_id_of_a_prediction_carries_its_time() -> None:
    [prediction], _ = _predict([ROW])
    assert time_of(prediction.prediction_id) == AT


def test_a_share_of_the_predictions_is_written_down_and_says_for_how_many_it_stands() -> None:
    predictions, lines = _predict([ROW] * 400, rate=0.25)
    assert len(predictions) == 400
    assert 50 < len(lines) < 150
    chosen = [one.prediction_id for one in predictions if is_captured(one.prediction_id, 0.25)]
    assert [line["prediction_id"] for line in lines] == chosen
    assert {line["capture_rate"] for line in lines} == {0.25}


def test_only_allowed_features_are_written_down() -> None:
    _, [line] = _predict([ROW], features=("visits", "plan"))
    assert line["features"] == {"visits": 3, "plan": "plus"}
    assert _predict([ROW])[1][0]["features"] == {}


def test_a_feature_that_was_left_out_is_written_as_null() -> None:
    row = {name: value for name, value in ROW.items() if name != "age"}
    assert _predict([row], features=("age",))[1][0]["features"] == {"age": None}


def test_long_text_is_cut_so_that_a_caller_cannot_blow_up_the_log() -> None:
    _, [line] = _predict([{**ROW, "plan": "x" * 10_000}], features=("plan",))
    assert len(line["features"]["plan"]) == 1000


def test_an_entity_is_written_as_a_keyed_hash() -> None:
    _, [line] = _predict([ROW], entity_id="customer 7")
    assert line["entity"] == hmac.new(b"stack-1", b"customer 7", hashlib.sha256).hexdigest()


def test_a_rows_own_entity_goes_before_that_of_the_request() -> None:
    _, lines = _predict([{**ROW, "customer": "a"}, {**ROW, "customer": None}, ROW], entity_id="b")
    _, [a] = _predict([ROW], entity_id="a")
    _, [b] = _predict([ROW], entity_id="b")
    assert [line["entity"] for line in lines] == [a["entity"], b["entity"], b["entity"]]


def test_a_whole_number_names_the_same_entity_as_its_text() -> None:
    _, lines = _predict([{**ROW, "customer": 12}, {**ROW, "customer": "12"}])
    assert lines[0]["entity"] == lines[1]["entity"]


def test_an_entity_may_hold_half_a_character() -> None:
    assert _predict([ROW], entity_id="\ud800")[1][0]["entity"]


@pytest.mark.parametrize("entity", [True, 1.5, ["a"], {"a": 1}])
def test_an_entity_of_another_type_is_refused(entity: object) -> None:
    with pytest.raises(RowsInvalidError) as caught:
        _predict([{**ROW, "customer": entity}])
    assert caught.value.problems[0].field == "customer"


def test_nothing_is_written_when_one_row_is_refused() -> None:
    log = RememberingLog()
    with pytest.raises(RowsInvalidError):
        predict(
            [ROW, {}],
            loaded=LoadedModel(pin=PIN, model=LoadedBundle.from_bytes(classifier())),
            entity_id=None,
            request_id="request-1",
            event_time=AT,
            capture=Capture(log=log, features=(), entity_salt="s"),
        )
    assert log.lines == []
