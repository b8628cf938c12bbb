"""The whole road of capture: what callers send over HTTP arrives in the capture bucket, and nothing else does."""

import gzip
import json
import re
import time
from collections.abc import Mapping
from typing import Any

import boto3
import pytest

from lambdaloop.domain.capture_layout import feedback_prefix
from lambdaloop.domain.prediction_id import time_of
from lambdaloop.domain.stage import ONLY
from scripts.cli.predict import SignedClient, input_types, read_csv
from tests.e2e.conftest import Site
from tests.typed import read

pytestmark = pytest.mark.localcloud

CUSTOMER = "C00042 of Kolkata"
_PATIENCE_SECONDS = 60


def capture_bucket() -> str:
    """Its name, from the platform stack's outputs."""
    client: Any = boto3.client("cloudformation")
    [stack] = client.describe_stacks(StackName=ONLY.platform_stack)["Stacks"]
    return next(str(one["OutputValue"]) for one in stack["Outputs"] if one["OutputKey"] == "CaptureBucket")


def raw_objects(model: str) -> dict[str, bytes]:
    """Everything that was delivered so far."""
    client: Any = boto3.client("s3")
    pages = client.get_paginator("list_objects_v2").paginate(
        Bucket=capture_bucket(), Prefix=f"raw/model={model}/"
    )
    keys = [one["Key"] for page in pages for one in page.get("Contents", [])]
    return {key: client.get_object(Bucket=capture_bucket(), Key=key)["Body"].read() for key in keys}


def delivered(site: Site, *prediction_ids: str) -> dict[str, list[tuple[str, Mapping[str, Any]]]]:
    """Keys and lines about these predictions, by kind, as soon as both kinds of all have arrived."""
    site.cloud.advance(301)  # longer than Firehose waits
    deadline = time.monotonic() + _PATIENCE_SECONDS
    found: dict[str, list[tuple[str, Mapping[str, Any]]]] = {}
    while time.monotonic() < deadline:
        found = {"prediction": [], "label": []}
        for key, content in raw_objects(site.definition.name).items():
            for line in gzip.decompress(content).decode().splitlines():
                record = json.loads(line)
                if record["prediction_id"] in prediction_ids:
                    found[record["kind"]].append((key, record))
        if all(len(lines) >= len(prediction_ids) for lines in found.values()):
            return found
        site.cloud.advance(30)
    raise AssertionError(f"not everything arrived within {_PATIENCE_SECONDS} seconds: {found}")


def predict_one(site: Site, **changes: Any) -> dict[str, Any]:
    client = SignedClient()
    rows = read_csv(site.data, input_types(client, site.deployment))
    row = next(row for row in rows if None not in row.values())
    status, answer = client.post(site.deployment.predict_url, {"rows": [{**row, **changes}]})
    assert status == 200, answer
    return {**answer["predictions"][0], "row": row}


def test_a_prediction_and_its_label_arrive_with_exactly_the_allowed_features(released_site: Site) -> None:
    site = released_site
    prediction = predict_one(site, customer=CUSTOMER)
    identity = prediction["prediction_id"]
    label = {"prediction_id": identity, "actual": "yes"}
    status, answer = SignedClient().post(site.deployment.feedback_url, {"labels": [label]})
    assert (status, answer["accepted"]) == (202, 1), answer

    lines = delivered(site, identity)
    [(key, line)] = lines["prediction"]
    at = time_of(identity)
    assert at is not None
    assert re.fullmatch(r"raw/model=subscriptions/day=\d{4}-\d\d-\d\d/hour=\d\d/[^/]+\.gz", key)
    assert key >= f"raw/model=subscriptions/day={at:%Y-%m-%d}/hour={at:%H}/"
    assert line["features"] == {name: prediction["row"][name] for name in site.definition.serving.capture}
    assert (line["prediction"], line["probabilities"]) == (prediction["value"], prediction["probabilities"])
    assert (line["model"], line["model_version"]) == ("subscriptions", prediction["model_version"])
    [(_, label_line)] = lines["label"]
    assert (label_line["actual"], label_line["model"]) == ("yes", "subscriptions")
    assert label_line["observed_at"] == label_line["received_at"] >= line["event_time"]


def test_whom_a_prediction_is_about_leaves_the_process_as_a_keyed_hash_only(released_site: Site) -> None:
    one, same = (predict_one(released_site, customer=CUSTOMER)["prediction_id"] for _ in range(2))
    other = predict_one(released_site, customer="C00043")["prediction_id"]
    labels = [{"prediction_id": identity, "actual": "no"} for identity in (one, same, other)]
    assert SignedClient().post(released_site.deployment.feedback_url, {"labels": labels})[0] == 202
    lines = delivered(released_site, one, same, other)["prediction"]
    entities = {line["prediction_id"]: line["entity"] for _, line in lines}
    assert entities[one] == entities[same] != entities[other]
    assert re.fullmatch(r"[0-9a-f]{64}", entities[one])
    everything = b"".join(map(gzip.decompress, raw_objects("subscriptions").values()))
    assert CUSTOMER.encode() not in everything


def test_nothing_but_predictions_and_labels_is_delivered(released_site: Site) -> None:
    predict = released_site.deployment.predict_url
    assert SignedClient().post(predict, {"rows": [{"months": "never captured"}]})[0] == 422
    prediction = predict_one(released_site)["prediction_id"]
    label = {"prediction_id": prediction, "actual": "no"}
    assert SignedClient().post(released_site.deployment.feedback_url, {"labels": [label]})[0] == 202
    delivered(released_site, prediction)
    for content in raw_objects("subscriptions").values():
        lines = [json.loads(line) for line in gzip.decompress(content).splitlines()]
        assert {line["kind"] for line in lines} <= {"prediction", "label"}
        assert b"never captured" not in gzip.decompress(content)


def test_labels_that_do_not_fit_are_refused_with_their_problems(released_site: Site) -> None:
    label = {"prediction_id": "order-7", "actual": "perhaps", "observed_at": "yesterday"}
    status, answer = SignedClient().post(released_site.deployment.feedback_url, {"labels": [label]})
    assert status == 422
    assert [one["field"] for one in answer["details"]] == ["prediction_id", "actual", "observed_at"]


def test_a_file_of_labels_is_checked_and_uploaded(released_site: Site, tmp_path: Any) -> None:
    site, model = released_site, released_site.definition.name
    file = tmp_path / "march labels.csv"
    file.write_text(f"prediction_id,actual\n{predict_one(site)['prediction_id']},yes\n")
    told = read("feedback", model, str(file), "--models", str(site.folder / "models"))
    assert told["labels"] == 1
    assert told["key"].startswith(feedback_prefix(model))
    client: Any = boto3.client("s3")
    body = client.get_object(Bucket=site.deployment.data_bucket, Key=told["key"])["Body"].read()
    assert body == file.read_bytes()
