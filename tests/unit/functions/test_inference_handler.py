import json
from pathlib import Path

import pytest

from lambdaloop.domain.documents import Document
from tests.fakes.object_server import serve_objects
from tests.fakes.tiny_model import ROW, classifier
from tests.unit.functions.gateway import load_event
from tests.unit.functions.lambda_process import pin, run


@pytest.mark.localcloud
def test_a_process_fetches_its_pinned_model_once_and_answers(tmp_path: Path) -> None:
    content = classifier()
    with serve_objects() as bucket:
        bucket.answers = [(200, content)]
        done = run(
            tmp_path,
            [load_event("predict"), load_event("infer")],
            pin=pin(content),
            environment={"AWS_ENDPOINT_URL": bucket.address},
        )
    assert [answer["statusCode"] for answer in done.answers] == [200, 200]
    assert len(bucket.requests) == 1
    assert bucket.requests[0][0] == "/models-1/models/churn/bundle.zip?versionId=v1"
    lines = [json.loads(line) for line in done.log]
    assert [line.get("kind", "metrics") for line in lines] == [
        "prediction",
        "metrics",
        "prediction",
        "prediction",
        "metrics",
    ]
    assert lines[0]["features"] == {"age": 40.0}
    assert lines[0]["prediction_id"] == done.body(0)["predictions"][0]["prediction_id"]
    assert lines[1]["Release"] == "3"


@pytest.mark.localcloud
def test_once_it_has_its_model_a_process_answers_everything_while_all_of_aws_refuses(tmp_path: Path) -> None:
    content = classifier()
    labels = {"labels": [{"prediction_id": "0195a5c3f00070008000a1b2c3d4e5f6", "actual": "yes"}]}
    later = [
        ("POST", "/models/churn/predict", None),
        ("POST", "/models/churn/explain", {"rows": [ROW]}),
        ("POST", "/models/churn/feedback", labels),
        ("GET", "/models/churn/schema", None),
        ("GET", "/v2/models/churn", None),
        ("GET", "/v2/health/ready", None),
    ]
    with serve_objects() as aws:  # whatever is asked of AWS ends here
        aws.answers = [(200, content), (403, b"")]
        done = run(
            tmp_path,
            [load_event("predict"), *(_event(*one) for one in later)],
            pin=pin(content),
            environment={"AWS_ENDPOINT_URL": aws.address},
        )
    assert [answer["statusCode"] for answer in done.answers] == [200, 200, 200, 202, 200, 200, 200]
    assert all(int(answer["headers"]["x-model-age"]) >= 0 for answer in done.answers)
    assert len(aws.requests) == 1


def _event(method: str, path: str, body: object) -> Document:
    event = load_event("predict")
    event["rawPath"] = path
    event["requestContext"]["http"] |= {"method": method, "path": path}
    return event if body is None else {**event, "body": json.dumps(body)}


@pytest.mark.localcloud
def test_tampered_bytes_are_503_and_the_next_request_tries_again(tmp_path: Path) -> None:
    content = classifier()
    with serve_objects() as bucket:
        bucket.answers = [(200, content[:-1] + b"x"), (200, content[:-1] + b"x"), (200, content)]
        done = run(
            tmp_path,
            [load_event("predict")] * 3,
            pin=pin(content),
            environment={"AWS_ENDPOINT_URL": bucket.address},
        )
    assert [answer["statusCode"] for answer in done.answers] == [503, 200, 200]  # the init phase tried first
    assert done.body(0)["error"] == "the model cannot be loaded: try again"
    assert "ArtifactCorruptError" in done.errors
    failure = json.loads(done.log[0])
    assert failure["model_server_errors_total"] == 1
    assert failure["Release"] == "3"


def test_without_a_pin_predictions_are_503_while_the_function_lives(tmp_path: Path) -> None:
    health = load_event("metadata")
    health["rawPath"] = health["requestContext"]["http"]["path"] = "/v2/health/live"
    done = run(tmp_path, [load_event("predict"), health])
    assert [answer["statusCode"] for answer in done.answers] == [503, 200]
    assert "not released yet" in done.body(0)["error"]
    assert done.answers[0]["headers"]["retry-after"]


def test_importing_the_handler_builds_nothing_but_lambdas_init_phase_does(tmp_path: Path) -> None:
    assert not run(tmp_path, []).built_at_import
    assert run(tmp_path, [], environment={"AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand"}).built_at_import


def test_text_that_is_no_unicode_is_400(tmp_path: Path) -> None:
    event = load_event("predict")
    event["body"] = '{"rows": [{"plan": "\ud800"}]}'
    broken = load_event("predict_base64")
    broken["body"] = "abc"
    done = run(tmp_path, [event, broken])
    assert [answer["statusCode"] for answer in done.answers] == [400, 400]
    assert done.body(0)["error"] == "the request is not text in UTF-8"
    assert done.answers[0]["headers"]["content-type"] == "application/problem+json"
