"""`lambdaloop rollback` through the deployed stack: at once, under load, without a failed request, and past a canary."""

import logging
import time
from datetime import datetime
from typing import Any

import boto3
import pytest

from lambdaloop.domain.alias import CHAMPION
from scripts.benchmarks.rollback_speed import register_again
from scripts.benchmarks.steady_load import SteadyLoad
from scripts.cli.executions import follow
from tests.e2e.conftest import Site
from tests.e2e.test_canaries import start_release, wait_for_canary
from tests.typed import lambdaloop, read

pytestmark = pytest.mark.localcloud

LOG = logging.getLogger(__name__)


@pytest.fixture(scope="module")
def two_releases() -> dict[str, int]:
    """Filled by the first test that needs it: release and version that served first, and the release that came after it."""
    return {}


@pytest.fixture
def site(released_site: Site, two_releases: dict[str, int]) -> Site:
    """A release that went live after one of another version."""
    if not two_releases:
        registry, model = released_site.registry, released_site.definition.name
        older = registry.alias(model, CHAMPION)
        assert older is not None
        version = register_again(registry, model, older.version)
        ended = released_site.finish_release(start_release(released_site, "the-newer-one", version))
        assert ended.succeeded, ended.cause
        newer = registry.alias(model, CHAMPION)
        assert newer is not None
        two_releases.update(
            older=int(older.release or 0), version=older.version, newer=int(newer.release or 0)
        )
    return released_site


def test_all_answers_are_the_old_ones_once_the_command_ends_and_none_fails_meanwhile(
    site: Site, two_releases: dict[str, int]
) -> None:
    model, load = site.definition.name, SteadyLoad(site.deployment, site.data)
    older, newer = two_releases["older"], two_releases["newer"]
    with load.applied():
        load.wait(50)
        told = time.monotonic()
        lambdaloop("rollback", model, "--reason", "a test asks for it")
        back = time.monotonic()
        load.wait(50)
    assert load.failures == []
    new = [each.sent for each in load.answers if each.version != two_releases["version"]]
    assert min(new) < told
    assert max(new) < back
    # How fast is a figure of `scripts/bench rollback`: it depends on the machine.
    LOG.info("old answers only after %.2f s, at %.0f requests per second", max(new) - told, load.rate)

    release = site.registry.release(model, older)
    assert release.status == "live"
    assert site.routing() == {"stable": release.lambda_version, "weights": {}}
    assert site.registry.release(model, newer).outcome.startswith(f"went back to release {older}")  # type: ignore[union-attr]
    champion = site.registry.alias(model, CHAMPION)
    assert champion is not None
    assert champion.release == older
    again = read("rollback", model)
    assert (again["release"], again["moved"]) == (older, False)
    # The local cloud's clock is hours ahead of this machine's by now, and the record goes by it.
    [returned, *_] = [each for each in read("events", model) if each["kind"] == "release_returned"]
    assert returned["detail"]["reason"] == "a test asks for it"
    assert 0 <= site.cloud.now() - datetime.fromisoformat(returned["at"]).timestamp() < 3600
    live_at = site.registry.release(model, newer).live_at
    assert live_at is not None
    assert datetime.fromisoformat(returned["at"]) > live_at


def test_a_canary_is_ended_its_workflow_stops_and_the_next_release_starts_at_once(site: Site) -> None:
    before = site.routing()
    execution = start_release(site, "canary-under-rollback")
    canary = wait_for_canary(site, execution)
    assert canary["weights"]

    ended = read("rollback", site.definition.name, "--reason", "wrong prices")
    assert site.routing() == before
    [number] = ended["ended"]
    assert site.registry.release(site.definition.name, number).status == "rolled_back"

    following = start_release(site, "after-the-rollback")
    assert wait_for_canary(site, following)["stable"] == before["stable"]

    site.cloud.advance(site.definition.release.bake_seconds)
    stopped = follow(execution)
    assert not stopped.succeeded
    assert site.routing()["weights"], (
        "the workflow of the ended release left the traffic of the other one alone"
    )
    assert lambdaloop("rollback", site.definition.name)
    site.cloud.advance(site.definition.release.bake_seconds)
    assert not follow(following).succeeded
    assert site.routing() == before

    lost = [site.registry.release(site.definition.name, each) for each in (number, number + 1)]
    assert all(each.lambda_version_deleted_at for each in lost)
    client: Any = boto3.client("lambda")
    there = client.list_versions_by_function(FunctionName=site.deployment.inference_function)["Versions"]
    assert not {each["Version"] for each in there} & {str(each.lambda_version) for each in lost}
    used = [each for each in site.cloud.control("iam/usage")["usage"] if "PruneVersions" in each["role"]]
    assert {"lambda:DeleteFunction"} <= {each["action"] for each in used if each["allowed"]}
    assert [each for each in used if not each["allowed"]] == []
