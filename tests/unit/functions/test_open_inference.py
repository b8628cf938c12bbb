from typing import Any

import pytest

from lambdaloop.domain.errors import ArtifactCorruptError, ModelNotReleasedError
from lambdaloop.serving.served_model import LoadedBundle
from tests.fakes.tiny_model import ROW, classifier, regressor
from tests.unit.functions.gateway import Gateway, load_event

Json = dict[str, Any]


def _tensors(rows: int = 2, **changes: Json) -> list[Json]:
    tensors: dict[str, Json] = {
        "age": {"datatype": "FP64", "data": [40.0] * rows},
        "visits": {"datatype": "INT64", "data": [3] * rows},
        "active": {"datatype": "BOOL", "data": [True] * rows},
        "plan": {"datatype": "BYTES", "data": ["plus"] * rows},
    }
    for name, change in changes.items():
        tensors[name] = {**tensors.get(name, {}), **change}
    return [{"name": name, "shape": [rows], **tensor} for name, tensor in tensors.items()]


def _output(answer: Json, name: str) -> Json:
    return next(output for output in answer["outputs"] if output["name"] == name)


def test_an_event_of_api_gateway_is_answered_and_captured() -> None:
    gateway = Gateway()
    answer = gateway.send(load_event("infer"))
    assert answer.status == 200
    assert (answer.body["model_name"], answer.body["model_version"], answer.body["id"]) == (
        "churn",
        "7",
        "42",
    )
    assert _output(answer.body, "value") == {
        "name": "value",
        "datatype": "BYTES",
        "shape": [2],
        "data": ["yes", "no"],
    }
    ids = _output(answer.body, "prediction_id")["data"]
    assert [line["prediction_id"] for line in gateway.captured] == ids
    assert gateway.measured[0]["predictions"] == 2


def test_tensors_are_answered_as_their_rows_are() -> None:
    gateway = Gateway()
    [prediction] = gateway.predict(ROW).body["predictions"]
    answer = gateway.infer(*_tensors(1)).body
    probabilities = _output(answer, "probabilities")
    assert probabilities["shape"] == [1, 2]
    assert probabilities["parameters"] == {"classes": '["no", "yes"]'}
    assert probabilities["data"] == list(prediction["probabilities"].values())


@pytest.mark.parametrize(
    ("classes", "datatype", "value"),
    [
        (("no", "yes"), "BYTES", "yes"),
        ((0, 1), "INT64", 1),
        ((False, True), "BOOL", True),
        ((0, "one"), "BYTES", "one"),
    ],
)
def test_values_have_the_type_of_the_labels(classes: tuple[Any, ...], datatype: str, value: object) -> None:
    gateway = Gateway(LoadedBundle.from_bytes(classifier(classes=classes)))
    output = _output(gateway.infer(*_tensors(1)).body, "value")
    assert (output["datatype"], output["data"]) == (datatype, [value])


def test_a_regression_gives_numbers_and_no_probabilities() -> None:
    gateway = Gateway(LoadedBundle.from_bytes(regressor("churn")))
    answer = gateway.infer(*_tensors(1)).body
    assert [output["name"] for output in answer["outputs"]] == [
        "value",
        "prediction_id",
        "variant",
        "model_version",
    ]
    assert _output(answer, "value")["datatype"] == "FP64"
    assert _output(answer, "value")["data"] == [pytest.approx(3.2)]


def test_a_column_may_be_nested_and_hold_missing_values() -> None:
    nested = _tensors(3, age={"shape": [3, 1], "data": [[40.0], [None], [40]]})
    flat = _tensors(3, age={"shape": [3, 1], "data": [40.0, None, 40]})
    first, second = (_output(Gateway().infer(*tensors).body, "probabilities") for tensors in (nested, flat))
    assert first == second
    assert first["data"][2] != first["data"][0]


def test_nan_in_a_column_of_floats_is_a_missing_value() -> None:
    marked = _tensors(2, age={"datatype": "FP32", "data": [float("nan"), 40.0]})
    missing = _tensors(2, age={"datatype": "FP32", "data": [None, 40.0]})
    first, second = (
        _output(Gateway().infer(*tensors).body, "probabilities") for tensors in (marked, missing)
    )
    assert first == second


def test_a_nullable_feature_and_the_id_may_be_left_out() -> None:
    answer = Gateway().infer(*(tensor for tensor in _tensors() if tensor["name"] != "age"))
    assert answer.status == 200
    assert "id" not in answer.body


def test_the_entity_column_is_a_tensor_like_any_other() -> None:
    gateway = Gateway()
    gateway.infer(*_tensors(2, customer={"datatype": "BYTES", "data": ["a", "b"]}))
    gateway.predict({**ROW, "customer": "a"})
    first, second, again = (line["entity"] for line in gateway.captured)
    assert first == again
    assert first != second


def test_only_the_wanted_outputs_come() -> None:
    answer = Gateway().infer(*_tensors(), outputs=[{"name": "value"}])
    assert [output["name"] for output in answer.body["outputs"]] == ["value"]
    assert len(Gateway().infer(*_tensors(), outputs=[]).body["outputs"]) == 5


@pytest.mark.parametrize(
    ("change", "field", "word"),
    [
        ({"age": {"shape": [False]}}, "inputs[0].shape[0]", "valid integer"),
        ({"age": {"shape": []}}, "inputs[0].shape", "at least 1"),
        ({"age": {"shape": [2, 1, 1]}}, "inputs[0].shape", "at most 2"),
        ({"age": {"shape": ["2"]}}, "inputs[0].shape[0]", "valid integer"),
        ({"age": {"shape": [2.0]}}, "inputs[0].shape[0]", "valid integer"),
        ({"age": {"shape": [0]}}, "inputs[0].shape", "1 or more"),
        ({"age": {"shape": [-1]}}, "inputs[0].shape", "1 or more"),
        ({"visits": {"shape": [1]}}, "inputs[1].shape", "must be [2]"),
        ({"visits": {"shape": [1, 2]}}, "inputs[1].shape", "must be [2]"),
        ({"visits": {"data": [3]}}, "inputs[1].data", "2 values, got 1"),
        ({"visits": {"data": [[3, 4]], "shape": [2, 1]}}, "inputs[1].data", "2 values"),
        ({"age": {"datatype": "BF16"}}, "inputs[0].datatype", "FP64"),
        ({"age": {"datatype": "FP16", "data": [65504.0, 65505.0]}}, "age", "does not fit into FP16"),
        ({"age": {"datatype": "FP32", "data": [1e39, 1.0]}}, "age", "does not fit into FP32"),
        ({"age": {"data": [float("inf"), 1.0]}}, "age", "finite"),
        ({"visits": {"datatype": "UINT8", "data": [255, 256]}}, "visits", "does not fit into UINT8"),
        ({"visits": {"datatype": "UINT64", "data": [0, -1]}}, "visits", "does not fit into UINT64"),
        ({"visits": {"datatype": "INT8", "data": [127, -129]}}, "visits", "does not fit into INT8"),
        ({"age": {"datatype": "INT64"}}, "age", "must be INT64, got a float"),
        ({"visits": {"data": [3, True]}}, "visits", "got a bool"),
        ({"visits": {"data": [3, 2**63]}}, "visits", "does not fit into INT64"),
        ({"visits": {"datatype": "INT32", "data": [3, 2**31]}}, "visits", "does not fit into INT32"),
        ({"visits": {"data": [3, [3]]}}, "visits", "got a list"),
        ({"visits": {"data": [3, 2000]}}, "visits", "must be 0 to 1000"),
        ({"plan": {"datatype": "INT64", "data": [1, 2]}}, "plan", "must be text"),
        ({"surprise": {"datatype": "INT64", "data": [1, 2]}}, "inputs[4].name", "no feature"),
        ({"age": {"binary_data_size": 16}}, "inputs[0].binary_data_size", "unknown"),
    ],
)
def test_a_bad_tensor_is_422_with_its_place(change: dict[str, Json], field: str, word: str) -> None:
    gateway = Gateway()
    answer = gateway.infer(*_tensors(2, **change))
    assert answer.status == 422
    assert any(one["field"] == field and word in one["problem"] for one in answer.body["details"]), (
        answer.body
    )
    assert gateway.captured == []


def test_a_tensor_given_twice_is_422() -> None:
    answer = Gateway().infer(*_tensors(), _tensors()[0])
    assert answer.body["details"] == [
        {"row": None, "field": "inputs[4].name", "problem": "'age' is given twice: remove one"}
    ]


def test_a_missing_feature_is_told_for_every_row() -> None:
    answer = Gateway().infer(*_tensors(2)[:1])
    assert answer.status == 422
    assert {one["row"] for one in answer.body["details"]} == {0, 1}


def test_a_shape_of_more_rows_than_allowed_is_413_whatever_the_data() -> None:
    assert Gateway().infer(*_tensors(2, age={"shape": [10**12]})).status == 413


def test_unknown_outputs_are_422() -> None:
    answer = Gateway().infer(*_tensors(), outputs=[{"name": "scores"}])
    assert answer.status == 422
    assert answer.body["details"][0]["field"] == "outputs[0].name"


def test_an_output_that_this_model_does_not_have_is_422_and_no_prediction() -> None:
    gateway = Gateway(LoadedBundle.from_bytes(regressor("churn")))
    answer = gateway.infer(*_tensors(), outputs=[{"name": "value"}, {"name": "probabilities"}])
    assert answer.status == 422
    assert answer.body["details"][0]["field"] == "outputs[1].name"
    assert gateway.captured == []


def test_of_data_that_do_not_fit_their_shape_not_every_value_is_a_problem() -> None:
    answer = Gateway().infer(*_tensors(1, age={"data": ["?"] * 1000}))
    assert [one["field"] for one in answer.body["details"]] == ["inputs[0].data"]


def test_beyond_ten_thousand_problems_no_tensor_is_looked_at() -> None:
    wrong: Json = {"data": [{}] * 5000}
    answer = Gateway().infer(*_tensors(5000, age=wrong, visits=wrong, active=wrong))
    assert answer.body["error"].startswith("the tensors do not fit the model: 10000 problems or more")


def test_an_id_comes_back_whatever_it_is() -> None:
    assert Gateway().infer(*_tensors(), id="é\n\u2028").body["id"] == "é\n\u2028"


def test_metadata_describe_inputs_and_outputs() -> None:
    answer = Gateway().send(load_event("metadata"))
    assert answer.body == {
        "name": "churn",
        "versions": ["7"],
        "platform": "lambdaloop_sklearn",
        "inputs": [
            {"name": "age", "datatype": "FP64", "shape": [-1]},
            {"name": "visits", "datatype": "INT64", "shape": [-1]},
            {"name": "active", "datatype": "BOOL", "shape": [-1]},
            {"name": "plan", "datatype": "BYTES", "shape": [-1]},
        ],
        "outputs": [
            {"name": "value", "datatype": "BYTES", "shape": [-1]},
            {"name": "probabilities", "datatype": "FP64", "shape": [-1, 2]},
            {"name": "prediction_id", "datatype": "BYTES", "shape": [-1]},
            {"name": "variant", "datatype": "BYTES", "shape": [-1]},
            {"name": "model_version", "datatype": "INT64", "shape": [-1]},
        ],
    }


@pytest.mark.parametrize("rest", ["", "/ready"])
def test_the_served_version_answers_under_its_number_and_no_other_does(rest: str) -> None:
    gateway = Gateway()
    assert gateway.request("GET", f"/v2/models/churn/versions/7{rest}").status == 200
    for version in ("6", "07", "latest", "7%2F"):
        assert gateway.request("GET", f"/v2/models/churn/versions/{version}{rest}").status == 404


def test_predictions_can_ask_for_a_version() -> None:
    gateway = Gateway()
    assert gateway.infer(*_tensors(), path="/v2/models/churn/versions/7/infer").status == 200
    answer = gateway.infer(*_tensors(), path="/v2/models/churn/versions/8/infer")
    assert answer.status == 404
    assert answer.body["error"] == "unknown version '8': version 7 is served here"


def test_a_query_changes_nothing() -> None:
    event = load_event("metadata")
    event["rawQueryString"] = "version=9"
    assert Gateway().send(event).status == 200


def test_the_server_lives_and_is_ready() -> None:
    gateway = Gateway()
    assert gateway.request("GET", "/v2").body["name"] == "lambdaloop"
    assert gateway.request("GET", "/v2/health/live").body == {"live": True}
    assert gateway.request("GET", "/v2/health/ready").body == {"ready": True}
    assert gateway.request("GET", "/v2/models/churn/ready").body == {"name": "churn", "ready": True}


@pytest.mark.parametrize(
    "error", [ModelNotReleasedError("not released yet"), ArtifactCorruptError("bad bytes")]
)
def test_without_a_model_the_server_lives_but_is_not_ready(error: ModelNotReleasedError) -> None:
    gateway = Gateway(error)
    assert gateway.request("GET", "/v2/health/live").status == 200
    for path in ("/v2/health/ready", "/v2/models/churn/ready", "/v2/models/churn"):
        assert gateway.request("GET", path).status == 503
    assert gateway.infer(*_tensors()).status == 503


def test_questions_about_health_are_not_counted_as_requests_for_predictions() -> None:
    gateway = Gateway()
    gateway.request("GET", "/v2/health/ready")
    assert gateway.measured == []
