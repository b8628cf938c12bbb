"""A model with registered versions and the rules that hold whatever dies, for the tests that let things die."""

import json
from typing import Any

from lambdaloop.domain.alias import CHAMPION
from lambdaloop.domain.documents import from_document
from lambdaloop.domain.release import ReleasePin
from lambdaloop.domain.version import BUNDLE
from tests.contract.aws import Aws
from tests.fakes.app import FakeApp
from tests.fakes.clock import FakeClock
from tests.fakes.inference import answer
from tests.fakes.observer import FakeObserver
from tests.fakes.samples import MODEL, MORNING, bundle, definition, draft, rules, run

STEPS = [50, 100]


def predict(variables: dict[str, str], event: dict[str, Any]) -> Any:
    """The inference function as Lambda runs it: the pin is in its environment."""
    text = variables.get("LAMBDALOOP_PIN")
    return answer(None if text is None else from_document(ReleasePin, json.loads(text)), event)


def app_on(aws: Aws, clock: FakeClock | None = None, observer: FakeObserver | None = None) -> FakeApp:
    """The functions' process on this AWS."""
    return FakeApp(
        clock=clock,
        definition=definition(steps=STEPS),
        registry=aws.registry,
        artifacts=aws.artifacts,
        traffic=aws.traffic,
        observer=observer or FakeObserver(),
    )


def register(aws: Aws, *runs: str) -> None:
    """A version with a real bundle for each run."""
    stored = aws.artifacts.put(MODEL, BUNDLE, bundle())
    for name in runs:
        aws.registry.start_run(run(name))
        aws.registry.register_version(draft(name, bundle=stored), by="ml-team", at=MORNING)


def make_live(aws: Aws, *, version: int = 1) -> None:
    """Version 1 live, as if a release workflow had done it."""
    registry, traffic = aws.registry, aws.traffic
    release = registry.open_release(
        model=MODEL,
        version=version,
        execution="first",
        requested_by="ml-team",
        reason="first",
        previous_lambda_version="1",
        first=True,
        rules=rules(steps=STEPS),
        at=MORNING,
    )
    stored = registry.version(MODEL, version).files[BUNDLE]
    pin = ReleasePin(model=MODEL, release=release.number, version=version, bundle=stored)
    lambda_version = traffic.publish(pin)
    registry.record_publication(release, lambda_version=lambda_version, at=MORNING)
    traffic.route(traffic.routing(), stable=lambda_version)
    registry.close_release(release, outcome="all traffic", at=MORNING)


def check_invariants(aws: Aws) -> None:
    """What must hold at every moment, also while a release is half-way or its workflow dead."""
    releases = aws.registry.releases(MODEL)
    live = [release for release in releases if release.status == "live"]
    assert len(live) <= 1
    champion = aws.registry.alias(MODEL, CHAMPION)
    assert (champion and (champion.version, champion.release)) == (
        (live[0].version, live[0].number) if live else None
    )
    _check_routing(aws, {"1", *(str(release.lambda_version) for release in releases)})
    for things in (releases, aws.registry.versions(MODEL)):
        numbers = [thing.number for thing in things]
        assert numbers == list(range(len(numbers), 0, -1))
    for release in live:
        pin = json.loads(
            aws.lambda_api.versions[str(release.lambda_version)]["Environment"]["Variables"]["LAMBDALOOP_PIN"]
        )
        assert (pin["release"], pin["version"]) == (release.number, release.version)


def check_settled(aws: Aws) -> None:
    """What holds besides when nothing is under way: all traffic goes to the live release."""
    check_invariants(aws)
    releases = aws.registry.releases(MODEL)
    assert {release.status for release in releases} <= {"live", "superseded", "rolled_back"}
    served = [str(release.lambda_version) for release in releases if release.status == "live"] or ["1"]
    routing = aws.traffic.routing()
    assert (routing.stable, routing.candidate) == (served[0], None)
    # One published Lambda version per release that came so far, and the bootstrap version.
    pins = [
        version["Environment"]["Variables"].get("LAMBDALOOP_PIN")
        for version in aws.lambda_api.versions.values()
    ]
    assert len(set(pins)) == len(pins)


def _check_routing(aws: Aws, known: set[str]) -> None:
    """Traffic goes to published versions that the registry knows."""
    routing = aws.traffic.routing()
    for lambda_version in (routing.stable, routing.candidate):
        if lambda_version is not None:
            assert lambda_version in known
            assert lambda_version in aws.lambda_api.versions
