"""`lambdaloop rollback` through the deployed stack: at once, under load, without a failed request, and past a canary."""

import logging
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from itertools import count
from typing import Any

import boto3
import pytest

from lambdaloop.adapters.dynamo_registry import DynamoRegistry
from lambdaloop.domain.alias import CHAMPION
from lambdaloop.domain.run import Run
from lambdaloop.domain.version import VersionDraft
from scripts.cli.executions import follow
from scripts.cli.predict import SignedClient, input_types, read_csv
from tests.e2e.conftest import Site
from tests.e2e.test_canaries import start_release, wait_for_canary
from tests.e2e.test_cli import lambdaloop, read

pytestmark = pytest.mark.localcloud

LOG = logging.getLogger(__name__)
REQUESTS_PER_SECOND = 50
CALLERS = 6  # the local cloud runs eight invocations of a function at once


@dataclass(frozen=True)
class Answered:
    """One request: when it was sent, how it was answered, and by which version of the model."""

    sent: float
    status: int
    version: int | None
    problem: str = ""
    """What an answer that is no prediction says."""


@dataclass
class Load:
    """Callers who together send a fixed number of requests each second; one that comes late catches up."""

    site: Site
    answers: list[Answered] = field(default_factory=list)

    @contextmanager
    def applied(self) -> Iterator[None]:
        client = SignedClient()
        rows = read_csv(self.site.data, input_types(client, self.site.deployment))
        begin, ticks, over = time.monotonic(), count(), threading.Event()

        def call() -> None:
            mine = SignedClient()
            while not over.is_set():
                tick = next(ticks)
                if over.wait(max(0.0, begin + tick / REQUESTS_PER_SECOND - time.monotonic())):
                    return
                sent = time.monotonic()
                row = rows[tick % len(rows)]
                status, answer = mine.post(self.site.deployment.predict_url, {"rows": [row]})
                if status == 200:
                    answered = Answered(sent, status, answer["predictions"][0]["model_version"])
                else:
                    answered = Answered(sent, status, None, str(answer))
                self.answers.append(answered)

        with ThreadPoolExecutor(CALLERS) as pool:
            calls = [pool.submit(call) for _ in range(CALLERS)]
            try:
                yield
            finally:
                over.set()
        for each in calls:
            each.result()

    def wait(self, requests: int) -> None:
        """Until so many more are answered."""
        wanted, deadline = len(self.answers) + requests, time.monotonic() + 60
        while len(self.answers) < wanted:
            assert time.monotonic() < deadline, "nobody answers"
            threading.Event().wait(0.01)


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
        version = _registered_again(registry, model, older.version)
        ended = released_site.finish_release(start_release(released_site, "the-newer-one", version))
        assert ended.succeeded, ended.cause
        newer = registry.alias(model, CHAMPION)
        assert newer is not None
        two_releases.update(
            older=int(older.release or 0), version=older.version, newer=int(newer.release or 0)
        )
    return released_site


def _registered_again(registry: DynamoRegistry, model: str, number: int) -> int:
    """The same version once more under another number, so that answers tell which release gave them."""
    version, now = registry.version(model, number), datetime.now(UTC)
    registry.start_run(
        Run(id="again", model=model, reason="another number", requested_by="tests", started_at=now)
    )
    known = {each.name: getattr(version, each.name) for each in fields(VersionDraft)}
    again = VersionDraft(**{**known, "run": "again"})
    return registry.register_version(again, by="tests", at=now).number


def test_all_answers_are_the_old_ones_once_the_command_ends_and_none_fails_meanwhile(
    site: Site, two_releases: dict[str, int]
) -> None:
    model, load = site.definition.name, Load(site)
    older, newer = two_releases["older"], two_releases["newer"]
    with load.applied():
        load.wait(50)
        told = time.monotonic()
        lambdaloop("rollback", model, "--reason", "a test asks for it")
        back = time.monotonic()
        load.wait(50)
    new = [each.sent for each in load.answers if each.version != two_releases["version"]]
    assert min(new) < told
    assert max(new) < back
    LOG.info("until all answers were old: %.2f s", max(new) - told)
    # Beside the requirement, evidence that there was a load: the callers came near the rate that was asked for.
    rate = len(load.answers) / (load.answers[-1].sent - load.answers[0].sent)
    assert rate > REQUESTS_PER_SECOND / 2
    assert [each for each in load.answers if each.status != 200] == []

    release = site.registry.release(model, older)
    assert release.status == "live"
    assert site.routing() == {"stable": release.lambda_version, "weights": {}}
    assert site.registry.release(model, newer).outcome.startswith(f"went back to release {older}")  # type: ignore[union-attr]
    champion = site.registry.alias(model, CHAMPION)
    assert champion is not None
    assert champion.release == older
    again = read("rollback", model)
    assert (again["release"], again["moved"]) == (older, False)
    # The command's clock is this machine's, and the local cloud's is hours ahead by now.
    told_of = [
        each for each in read("events", model, "--limit", "1000") if each["kind"] == "release_returned"
    ]
    assert [each["detail"]["reason"] for each in told_of] == ["a test asks for it"]


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
