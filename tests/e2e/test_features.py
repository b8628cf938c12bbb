"""Stored features in a deployment: put by a command and by a file that arrives, looked up, and joined in training."""

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest

from lambdaloop.domain.dataset import Dataset
from lambdaloop.domain.documents import from_document
from lambdaloop.domain.stored_features import history_prefix, incoming_prefix, quarantine_prefix
from scripts.cli.predict import SignedClient, input_types, read_csv
from tests.e2e.conftest import Site
from tests.e2e.stored_features import GROUP, STORED
from tests.typed import read

pytestmark = pytest.mark.localcloud

_PATIENCE_SECONDS = 90


def probabilities(site: Site, row: dict[str, Any]) -> dict[str, float]:
    status, answer = SignedClient().post(site.deployment.predict_url, {"rows": [row]})
    assert status == 200, answer
    found: dict[str, float] = answer["predictions"][0]["probabilities"]
    return found


def stored(customer: str) -> Any:
    return read("features", "get", customer)["groups"].get(GROUP, {}).get("values")


def wait_until(site: Site, holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < deadline, "it did not become true"
        site.cloud.advance(1)


def arrive(site: Site, name: str, *lines: str) -> None:
    content = "\n".join(["customer,event_time,signed_up", *lines]).encode()
    key = f"{incoming_prefix(GROUP)}{name}"
    boto3.client("s3").put_object(Bucket=site.deployment.data_bucket, Key=key, Body=content)


def objects(site: Site, prefix: str) -> list[str]:
    found = boto3.client("s3").list_objects_v2(Bucket=site.deployment.data_bucket, Prefix=prefix)
    return [each["Key"] for each in found.get("Contents", [])]


def used(site: Site) -> set[tuple[str, str]]:
    """What the function that puts files has used of its rights."""
    found = site.cloud.control("iam/usage")["usage"]
    return {("PutFeatures", entry["action"]) for entry in found if "PutFeatures" in entry["role"]}


def use_stored_features(site: Site, customer: str) -> None:
    """A look-up, a file that is put, the look-up that sees it, and a file that is not put."""
    rows = read_csv(site.data, input_types(SignedClient(), site.deployment))
    whole = next(row for row in rows if None not in row.values())
    row = {name: value for name, value in whole.items() if name != STORED}
    known = stored(customer)[STORED]
    assert probabilities(site, {**row, "customer": customer}) == probabilities(site, {**row, STORED: known})

    newer = known + 40_000_000
    now = datetime.fromtimestamp(site.cloud.now(), UTC)
    arrive(site, f"{customer}.csv", f"{customer},{now:%Y-%m-%dT%H:%M:%SZ},{newer}")
    wait_until(site, lambda: stored(customer) == {STORED: newer})
    assert probabilities(site, {**row, "customer": customer}) == probabilities(site, {**row, STORED: newer})

    before = len(objects(site, history_prefix(GROUP)))
    late = f"{customer},2020-01-01,1"
    arrive(site, f"{customer}-late.csv", late)
    wait_until(site, lambda: len(objects(site, history_prefix(GROUP))) > before)
    arrive(site, f"{customer}-late-again.csv", late)
    wait_until(site, lambda: ("PutFeatures", "s3:GetObject") in used(site))  # it finds what was put
    arrive(site, f"{customer}-wrong.csv", f"{customer},2020-01-01,soon")
    wait_until(
        site, lambda: any(f"{customer}-wrong" in key for key in objects(site, quarantine_prefix(GROUP)))
    )
    assert len(objects(site, history_prefix(GROUP))) == before + 1
    assert stored(customer) == {STORED: newer}, "what arrives late or wrong replaces nothing"


def test_what_is_stored_is_looked_up_and_files_that_arrive_are_put(released_site: Site) -> None:
    use_stored_features(released_site, "C00007")


def test_the_version_was_trained_on_rows_joined_with_the_pinned_history(released_site: Site) -> None:
    site = released_site
    version = site.registry.version(site.definition.name, 1)
    s3 = boto3.client("s3")
    manifest = s3.get_object(Bucket=site.deployment.model_bucket, Key=version.dataset.key)["Body"].read()
    dataset = from_document(Dataset, json.loads(manifest))
    assert STORED not in dataset.columns
    [file] = dataset.history
    assert file.key in objects(site, history_prefix(GROUP))
