"""A training that cannot succeed: told why, recorded, and nothing else changed."""

import boto3
import pytest

from tests.e2e.conftest import Site

pytestmark = pytest.mark.localcloud


def test_bad_data_fail_the_run_with_every_problem_and_register_nothing(released_site: Site) -> None:
    site, model = released_site, released_site.definition.name
    versions, routing = len(site.registry.versions(model)), site.routing()
    key = f"{site.definition.data.location}later.csv"
    header = site.uploaded.read_text().splitlines()[0]
    row = "C99999,basic,not a number,1.0,2.0,true,perhaps,2026-01-01"
    s3 = boto3.client("s3")
    s3.put_object(Bucket=site.deployment.data_bucket, Key=key, Body=f"{header}\n{row}\n".encode())
    try:
        ended = site.train("data with mistakes")
    finally:
        s3.delete_object(Bucket=site.deployment.data_bucket, Key=key)
    assert not ended.succeeded
    run = site.registry.runs(model)[0]
    assert run.status == "failed"
    for told in ("DatasetInvalidError", "later.csv", "months", "not a number", "renewed", "perhaps"):
        assert told in str(run.outcome)
    assert len(site.registry.versions(model)) == versions
    assert site.routing() == routing
