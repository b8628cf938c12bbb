"""What holds for every request, whatever it asks for: ids, repeated sending, compression, headers."""

import base64
import copy
import gzip
import json
import zlib
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from functions.inference.compression import MIN_BYTES
from functions.inference.reading import MAX_UNPACKED_BYTES
from lambdaloop.domain.captured import CapturedPrediction, read_line
from lambdaloop.domain.documents import Document
from lambdaloop.domain.http_answer import SECURITY_HEADERS
from lambdaloop.domain.prediction_id import new_prediction_id
from tests.fakes.tiny_model import ROW
from tests.unit.functions.gateway import Answer, Gateway, load_event

GATEWAY_ID = "JKJaXmPLvHcESHA="
FIRST_SENT = datetime(2026, 3, 2, 9, 20, tzinfo=UTC)
KEY = new_prediction_id(FIRST_SENT)


def _predict(gateway: Gateway, *rows: dict[str, Any], raw: bytes | None = None, **headers: str) -> Answer:
    content = json.dumps({"rows": list(rows)}).encode() if raw is None else raw
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return gateway.request("POST", "/models/churn/predict", raw=content, headers=named)


def _sent(**changes: Any) -> Document:
    event = copy.deepcopy(load_event("predict"))
    event["headers"] |= changes
    return event


def test_the_callers_request_id_comes_back() -> None:
    answer = _predict(Gateway(), ROW, x_request_id="order-7")
    assert answer.headers["x-request-id"] == answer.body["request_id"] == "order-7"


@pytest.mark.parametrize("unfit", ["", " ", "a b", "ä", "x" * 129, "a\tb"])
def test_an_unfit_request_id_is_as_if_it_were_not_there(unfit: str) -> None:
    answer = _predict(Gateway(), ROW, x_request_id=unfit)
    assert answer.headers["x-request-id"] == answer.body["request_id"] == GATEWAY_ID


def test_a_refusal_says_to_which_request_it_belongs() -> None:
    answer = _predict(Gateway(), x_request_id="order-7")
    assert answer.status == 422
    assert answer.headers["x-request-id"] == answer.body["request_id"] == "order-7"


def test_a_request_that_is_sent_again_gets_the_same_predictions_and_counts_once() -> None:
    gateway = Gateway()
    first, again = (_predict(gateway, ROW, {**ROW, "visits": 9}, idempotency_key=KEY).body for _ in "ab")
    assert first == again
    lines = [
        read_line(json.dumps(line).encode(), model="churn", now=datetime.now(UTC))
        for line in gateway.captured
    ]
    assert len({line.prediction_id for line in lines if isinstance(line, CapturedPrediction)}) == 2
    assert {line.event_time for line in lines if isinstance(line, CapturedPrediction)} == {FIRST_SENT}


def test_tensors_that_are_sent_again_get_the_same_predictions_as_their_rows() -> None:
    gateway = Gateway()
    [by_row] = _predict(gateway, ROW, idempotency_key=KEY).body["predictions"]
    tensors = {
        "inputs": [
            {"name": name, "shape": [1], "datatype": datatype, "data": [ROW[name]]}
            for name, datatype in (
                ("age", "FP64"),
                ("visits", "INT64"),
                ("active", "BOOL"),
                ("plan", "BYTES"),
            )
        ],
        "outputs": [{"name": "prediction_id"}],
    }
    raw = json.dumps(tensors).encode()
    answer = gateway.request("POST", "/v2/models/churn/infer", raw=raw, headers={"idempotency-key": KEY})
    assert answer.body["outputs"][0]["data"] == [by_row["prediction_id"]]


def test_without_a_key_every_prediction_has_an_id_of_its_own() -> None:
    gateway = Gateway()
    ids = {
        _predict(gateway, ROW, x_request_id="order-7").body["predictions"][0]["prediction_id"] for _ in "ab"
    }
    assert len(ids) == 2


@pytest.mark.parametrize(
    "key", ["order-7", "", new_prediction_id(FIRST_SENT - timedelta(days=2))], ids=["text", "empty", "old"]
)
def test_a_key_that_promises_nothing_is_400(key: str) -> None:
    gateway = Gateway()
    answer = _predict(gateway, ROW, idempotency_key=key)
    assert answer.status == 400
    assert answer.body["error"].startswith("idempotency-key ")
    assert gateway.captured == []


def test_every_answer_carries_the_security_headers() -> None:
    gateway = Gateway()
    answers = [
        gateway.predict(ROW),
        gateway.predict({}),
        gateway.request("GET", "/nowhere"),
        gateway.request("GET", "/v2/health/live"),
    ]
    assert [answer.status for answer in answers] == [200, 422, 404, 200]
    for answer in answers:
        assert SECURITY_HEADERS.items() <= answer.headers.items()


def test_every_answer_says_how_old_is_what_it_was_made_of() -> None:
    gateway = Gateway()
    assert gateway.predict(ROW).headers["x-model-age"] == "600"
    assert gateway.predict({}).headers["x-model-age"] == "600"
    gateway.slot.loaded_at = None
    assert "x-model-age" not in gateway.request("GET", "/v2/health/live").headers


@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress])
@pytest.mark.parametrize("named", ["gzip", "GZIP", "x-gzip", "deflate"])
def test_a_packed_body_is_the_same_body(pack: Any, named: str) -> None:
    body = json.dumps({"rows": [ROW]}).encode()
    answer = _predict(Gateway(), raw=pack(body), content_encoding=named)
    assert answer.status == 200


def test_a_packed_batch_may_be_larger_than_a_plain_one() -> None:
    body = json.dumps({"rows": [ROW] * 5000}).encode().ljust(MAX_UNPACKED_BYTES)
    assert _predict(Gateway(), raw=gzip.compress(body), content_encoding="gzip").status == 200


@pytest.mark.parametrize(
    ("content", "encoding", "status", "word"),
    [
        (b"{}", "gzip", 400, "is not gzip"),
        (gzip.compress(b"{}")[:-4], "gzip", 400, "one whole gzip stream"),
        (gzip.compress(b"{}") + b"{}", "gzip", 400, "one whole gzip stream"),
        (b"", "gzip", 400, "one whole gzip stream"),
        (gzip.compress(b" " * (MAX_UNPACKED_BYTES + 1)), "gzip", 413, "unpacks to more than"),
        (b"{}", "br", 415, "content-encoding must be one of"),
        (b"{}", "gzip, gzip", 415, "content-encoding must be one of"),
    ],
    ids=["plain", "cut", "longer", "empty", "too large", "unknown", "twice"],
)
def test_what_cannot_be_unpacked_is_refused(content: bytes, encoding: str, status: int, word: str) -> None:
    answer = _predict(Gateway(), raw=content, content_encoding=encoding)
    assert answer.status == status
    assert word in answer.body["error"]


def test_little_gzip_cannot_become_a_lot_of_memory() -> None:
    bomb = gzip.compress(b" " * 200_000_000, 9)
    assert len(bomb) < 300_000
    assert _predict(Gateway(), raw=bomb, content_encoding="gzip").status == 413


@pytest.mark.parametrize(
    ("path", "body", "status", "problems"),
    [
        ("/models/churn/predict", {"rows": [1] * 20_000}, 413, 0),
        ("/models/churn/explain", {"rows": [1] * 20_000}, 413, 0),
        ("/models/churn/predict", {"rows": [ROW], **dict.fromkeys(map(str, range(20_000)))}, 422, 0),
        ("/v2/models/churn/infer", {"inputs": [1] * 20_000}, 422, 1),
        ("/v2/models/churn/infer", {"inputs": [], "outputs": [1] * 20_000}, 422, 2),
    ],
)
def test_little_gzip_cannot_become_a_long_list_of_problems(
    path: str, body: object, status: int, problems: int
) -> None:
    """A list of the two million that 4 KB can hold took more memory than a function has."""
    raw = gzip.compress(json.dumps(body).encode())
    answer = Gateway().request("POST", path, raw=raw, headers={"content-encoding": "gzip"})
    assert (answer.status, len(answer.body["details"])) == (status, problems)


@pytest.mark.parametrize("accepted", ["gzip", "deflate, GZIP;q=0.5", "br, gzip"])
def test_a_long_answer_comes_in_gzip_where_that_is_welcome(accepted: str) -> None:
    gateway = Gateway()
    rows = json.dumps({"rows": [ROW] * 100})
    response = gateway.invoke({**_sent(**{"accept-encoding": accepted}), "body": rows})
    assert response["isBase64Encoded"]
    packed = base64.b64decode(response["body"])
    assert response["headers"]["content-encoding"] == "gzip"
    assert response["headers"]["vary"] == "accept-encoding"
    assert response["headers"]["content-length"] == str(len(packed))
    assert len(json.loads(gzip.decompress(packed))["predictions"]) == 100


@pytest.mark.parametrize("accepted", ["", "br", "gzip;q=0", "gzip; q=0.0", "*"])
def test_an_answer_comes_plain_where_gzip_is_not_welcome(accepted: str) -> None:
    rows = json.dumps({"rows": [ROW] * 100})
    response = Gateway().invoke({**_sent(**{"accept-encoding": accepted}), "body": rows})
    assert not response["isBase64Encoded"]
    assert "content-encoding" not in response["headers"]


def test_a_short_answer_is_not_worth_packing() -> None:
    response = Gateway().invoke(_sent(**{"accept-encoding": "gzip"}))
    assert len(response["body"]) < MIN_BYTES
    assert not response["isBase64Encoded"]


def test_a_row_is_described_by_a_schema() -> None:
    answer = Gateway().request("GET", "/models/churn/schema")
    assert answer.body["properties"]["visits"] == {"type": "integer", "minimum": 0, "maximum": 1000}
    assert answer.body["description"] == "As version 7 takes it."
    assert Gateway().request("GET", "/models/fraud/schema").status == 404
