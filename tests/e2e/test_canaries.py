"""Releases through the deployed stack: who gets traffic, and what a deployment does to it."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
import pytest

from lambdaloop.adapters.step_functions import StepFunctionsWorkflows
from lambdaloop.domain.alias import CHAMPION
from scripts.cli.executions import follow
from tests.e2e.conftest import Site

pytestmark = pytest.mark.localcloud


def start_release(site: Site, name: str, version: int = 1) -> str:
    document = {"model": site.definition.name, "version": version, "requested_by": "tests", "reason": name}
    workflow = site.deployment.release_workflow
    return StepFunctionsWorkflows().start(workflow=workflow, name=name, document=document)


def wait_for_canary(site: Site, execution: str) -> dict[str, Any]:
    """Let the release run until it bakes with a share of the traffic; returns the routing."""

    class Baking(Exception):
        pass

    def stop_when_baking(state: str | None) -> None:
        if state == "Bake":
            raise Baking

    with pytest.raises(Baking):
        follow(execution, meanwhile=stop_when_baking)
    return site.routing()


def test_the_first_version_is_released_at_full_traffic_and_answers(released_site: Site) -> None:
    champion = released_site.registry.alias(released_site.definition.name, CHAMPION)
    assert champion is not None
    assert champion.release is not None
    release = released_site.registry.release(released_site.definition.name, champion.release)
    assert release.status == "live"
    assert released_site.routing() == {"stable": release.lambda_version, "weights": {}}

    traffic = released_site.traffic()
    traffic.send(50, show=False)
    assert traffic.statuses == {200: 50}


def test_a_code_deploy_leaves_traffic_where_it_was_during_and_after_a_canary(released_site: Site) -> None:
    site, definition = (
        released_site,
        released_site.folder / "models" / f"{released_site.definition.name}.yaml",
    )
    text = definition.read_text()

    execution = start_release(site, "canary-under-deploy")
    canary = wait_for_canary(site, execution)
    assert list(canary["weights"].values()) == [0.1]

    definition.write_text(
        text.replace("memory_mib: 1024", "memory_mib: 1280")
    )  # new configuration for the function
    site.deploy()
    assert site.routing() == canary

    assert site.finish_release(execution).succeeded
    promoted = site.routing()
    assert promoted["stable"] in canary["weights"]
    assert promoted["weights"] == {}

    definition.write_text(text)
    site.deploy()
    assert site.routing() == promoted


def test_of_two_concurrent_releases_one_proceeds_and_the_other_gets_a_typed_conflict(
    released_site: Site,
) -> None:
    first = start_release(released_site, "first-of-two")
    wait_for_canary(released_site, first)

    second = follow(start_release(released_site, "second-of-two"))
    assert not second.succeeded
    assert "ReleaseInProgressError" in second.cause

    assert released_site.finish_release(first).succeeded


def test_a_release_without_traffic_holds_and_is_then_rolled_back(released_site: Site) -> None:
    site = released_site
    before = site.routing()
    execution = start_release(site, "nobody-calls")

    def let_time_pass(state: str | None) -> None:
        if state == "Bake":
            site.cloud.advance(site.definition.release.bake_seconds)

    ended = follow(execution, meanwhile=let_time_pass)
    assert not ended.succeeded
    assert "still in doubt after 3 holds" in ended.cause
    assert site.routing() == before

    release = site.registry.releases(site.definition.name)[0]
    assert release.status == "rolled_back"
    assert [judgement.verdict for judgement in release.judgements] == ["hold"] * 3 + ["roll_back"]


def test_an_artifact_with_one_flipped_byte_is_refused_and_the_previous_release_keeps_serving(
    released_site: Site,
) -> None:
    site = released_site
    before = site.routing()
    version = site.registry.version(site.definition.name, 1)
    bundle = version.files["bundle.zip"]
    s3: Any = boto3.client("s3")
    content = bytearray(
        s3.get_object(Bucket=site.deployment.model_bucket, Key=bundle.key, VersionId=bundle.version_id)[
            "Body"
        ].read()
    )
    content[len(content) // 2] ^= 1
    tampered = s3.put_object(Bucket=site.deployment.model_bucket, Key=bundle.key, Body=bytes(content))
    dynamo: Any = boto3.client("dynamodb")
    key = {"pk": {"S": f"MODEL#{site.definition.name}"}, "sk": {"S": "VERSION#00000001"}}
    change = {
        "TableName": site.deployment.registry_table,
        "Key": key,
        "UpdateExpression": "SET #files.#bundle.#version = :version",
        "ExpressionAttributeNames": {"#files": "files", "#bundle": "bundle.zip", "#version": "version_id"},
    }
    dynamo.update_item(**change, ExpressionAttributeValues={":version": {"S": tampered["VersionId"]}})
    try:
        ended = follow(start_release(site, "tampered-bundle"))
        assert not ended.succeeded
        assert "ArtifactCorruptError" in ended.cause
        outcome = site.registry.releases(site.definition.name)[0].outcome
        assert ended.cause == f"ReleaseRolledBack: {outcome}"
        assert site.routing() == before
        traffic = site.traffic()
        traffic.send(20, show=False)
        assert traffic.statuses == {200: 20}
    finally:
        dynamo.update_item(**change, ExpressionAttributeValues={":version": {"S": bundle.version_id}})


def test_two_concurrent_trainings_register_two_different_versions(released_site: Site) -> None:
    before = {version.number for version in released_site.registry.versions(released_site.definition.name)}
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(released_site.train, ("first of two", "second of two"))
    numbers = {run.output["version"]["number"] for run in (first, second)}
    assert len(numbers) == 2
    assert numbers.isdisjoint(before)
    versions = [released_site.registry.version(released_site.definition.name, number) for number in numbers]
    assert len({version.digest for version in versions}) == 1, (
        "the same data, code and seed give the same digest"
    )

    # Both ask for a release at the same time, and the tests that follow want none under way.
    releases = [run.output["release"]["execution"] for run in (first, second)]
    assert sorted(released_site.finish_release(release).succeeded for release in releases) == [False, True]
