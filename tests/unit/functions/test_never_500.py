"""Whatever a caller sends, the answer is JSON with a status below 500: requests of any values, and noise."""

import json
from datetime import UTC, datetime
from functools import cache
from typing import get_args

from hypothesis import given, settings
from hypothesis import strategies as st

from functions.inference.messages import Datatype
from lambdaloop.domain.prediction_id import new_prediction_id
from tests.fakes.tiny_model import ROW
from tests.unit.functions.gateway import Answer, Gateway

gateway = cache(Gateway)  # made by the first test, when there is an event loop
PATHS = (
    "/models/churn/predict",
    "/models/churn/explain",
    "/models/churn/feedback",
    "/v2/models/churn/infer",
    "/v2/models/churn/versions/7/infer",
)

names = st.sampled_from(
    [*ROW, "customer", "rows", "labels", "inputs", "name", "shape", "datatype", "data", "entity_id"]
)
scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(min_value=10**300, max_value=10**400)
    | st.floats()
    | st.text()
    | st.sampled_from(["plus", "\ud800", "\x00", "FP64", "INT64", "BYTES", 1e308, -1e308, 2**63])
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names | st.text(), inner, max_size=4),
    max_leaves=12,
)
rows = st.lists(st.fixed_dictionaries(dict.fromkeys(ROW, values)) | values, max_size=4)
tensors = st.lists(
    st.fixed_dictionaries(
        {
            "name": names | st.text(),
            "shape": st.lists(st.integers(0, 3) | values, max_size=3),
            "datatype": st.sampled_from(get_args(Datatype)) | scalars,
            "data": st.lists(values, max_size=3),
        }
    ),
    max_size=5,
)
ids = st.sampled_from(
    [
        new_prediction_id(datetime(2026, 3, 1, tzinfo=UTC)),
        new_prediction_id(datetime(2999, 1, 1, tzinfo=UTC)),
        "f" * 12 + "7" + "0" * 3 + "8" + "0" * 15,  # of the year 10889
    ]
)
times = st.datetimes(timezones=st.none() | st.timezones()).map(datetime.isoformat) | st.sampled_from(
    ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"]
)
labels = st.lists(
    st.fixed_dictionaries(
        {"prediction_id": ids | scalars, "actual": st.sampled_from(["no", "yes"]) | values},
        optional={"observed_at": times | values},
    )
    | values,
    max_size=4,
)


def _check(answer: Answer) -> None:
    assert answer.status in (200, 202, 400, 404, 405, 413, 415, 422), answer
    if answer.status not in (200, 202):
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.body["status"] == answer.status
        assert all(one.keys() == {"row", "field", "problem"} for one in answer.body["details"])
        assert "Traceback" not in json.dumps(answer.body)


@given(st.sampled_from(PATHS), st.fixed_dictionaries({"rows": rows}, optional={"entity_id": values}))
@settings(max_examples=60)
def test_rows_of_any_values_are_answered(path: str, body: object) -> None:
    _check(gateway().request("POST", path, raw=json.dumps(body).encode()))


@given(
    st.sampled_from(PATHS),
    st.fixed_dictionaries(
        {"inputs": tensors}, optional={"id": scalars, "outputs": values, "parameters": values}
    ),
)
@settings(max_examples=60)
def test_tensors_of_any_values_are_answered(path: str, body: object) -> None:
    _check(gateway().request("POST", path, raw=json.dumps(body).encode()))


@given(st.sampled_from(PATHS), st.fixed_dictionaries({"labels": labels}))
@settings(max_examples=60)
def test_labels_of_any_values_are_answered(path: str, body: object) -> None:
    _check(gateway().request("POST", path, raw=json.dumps(body).encode()))


@given(
    st.sampled_from(PATHS),
    st.binary(max_size=200) | st.text().map(lambda text: text.encode("utf-8", "surrogatepass")),
)
def test_noise_is_answered(path: str, content: bytes) -> None:
    _check(gateway().request("POST", path, raw=content))


@given(st.sampled_from(["GET", "POST", "PUT", "HEAD", "BREW"]), st.text(max_size=30), st.text(max_size=20))
def test_any_path_method_and_content_type_is_answered(method: str, path: str, content_type: str) -> None:
    headers = {"content-type": content_type.encode("utf-8", "replace").decode()}
    _check(
        gateway().request(method, "/" + path.encode("utf-8", "replace").decode(), raw=b"{}", headers=headers)
    )


def test_deeply_nested_json_is_answered() -> None:
    for path in PATHS:
        for opening, closing in (("[", "]"), ('{"a":', "}")):
            for depth in (100, 199, 250, 1_000, 200_000):
                for key, field in (("rows", "age"), ("labels", "actual")):
                    value = opening * depth + "1" + closing * depth
                    body = f'{{"{key}": [{{"{field}": {value}}}]}}'
                    _check(gateway().request("POST", path, raw=body.encode()))
