"""A model with releases behind it, on any registry and traffic, without the workflow: what rollbacks start from."""

from dataclasses import dataclass, field, replace
from typing import Any

from lambdaloop.domain.experiment_pin import ArmPin, ExperimentPin
from lambdaloop.domain.release import Release, ReleasePin
from lambdaloop.domain.returning import way_back_of
from lambdaloop.domain.version import BUNDLE
from lambdaloop.services.prune_versions import Pruned, prune_versions
from lambdaloop.services.return_to_release import Returned, ReturnRequest, return_to_release
from lambdaloop.services.return_traffic import return_traffic
from tests.fakes.clock import FakeClock
from tests.fakes.registry import InMemoryRegistry
from tests.fakes.samples import MODEL, MORNING, draft, rules, run
from tests.fakes.traffic import InMemoryTraffic


@dataclass
class ReleaseHistory:
    """What happens to the model, one call each."""

    registry: Any = field(default_factory=InMemoryRegistry)
    traffic: Any = field(default_factory=InMemoryTraffic)
    clock: FakeClock = field(default_factory=FakeClock)

    def train(self) -> int:
        """Number of a new version."""
        name = f"run-{len(self.registry.versions(MODEL)) + 1}"
        self.clock.advance(60)
        self.registry.start_run(replace(run(name), started_at=self.clock.now()))
        number: int = self.registry.register_version(draft(name), by="ml-team", at=MORNING).number
        return number

    def open(self, version: int = 1, *, arms: tuple[int, ...] = ()) -> Release:
        """A release that is published, and has no traffic yet; with other versions as arms it serves an experiment."""
        releases = self.registry.releases(MODEL)
        live = next((release for release in releases if release.status == "live"), None)
        release = self.registry.open_release(
            model=MODEL,
            version=version,
            execution=f"execution-{len(releases) + 1}",
            requested_by="ml-team",
            reason="better",
            previous_lambda_version=live.lambda_version if live else "1",
            first=live is None,
            rules=rules(),
            at=self.clock.now(),
            experiment=self._experiment((version, *arms)) if arms else None,
        )
        pin = ReleasePin(
            model=MODEL,
            release=release.number,
            version=version,
            bundle=self.registry.version(MODEL, version).files[BUNDLE],
            experiment=release.experiment,
            previous_lambda_version=way_back_of(release, releases),
        )
        published = self.traffic.publish(pin)
        recorded: Release = self.registry.record_publication(
            release, lambda_version=published, at=self.clock.now()
        )
        return recorded

    def _experiment(self, versions: tuple[int, ...]) -> ExperimentPin:
        shares = [10_000 - 1000 * (len(versions) - 1), *(1000 for _ in versions[1:])]
        arms = tuple(
            ArmPin(
                name=f"arm-{number}",
                version=number,
                bundle=self.registry.version(MODEL, number).files[BUNDLE],
                share=share,
            )
            for number, share in zip(versions, shares, strict=True)
        )
        return ExperimentPin(
            id="checkout", salt="summer", namespace=MODEL, first_bucket=0, buckets=10_000, arms=arms
        )

    def canary(self, version: int = 1, *, weight: float = 0.1) -> Release:
        """A release that has a part of the traffic."""
        release = self.open(version)
        self.traffic.route(
            self.traffic.routing(),
            stable=release.previous_lambda_version,
            candidate=release.lambda_version,
            weight=weight,
        )
        return release

    def release(self, version: int = 1, *, arms: tuple[int, ...] = ()) -> Release:
        """A release that goes live."""
        self.clock.advance(60)
        release = self.open(version, arms=arms)
        self.traffic.route(self.traffic.routing(), stable=release.lambda_version)
        closed: Release = self.registry.close_release(release, outcome="all traffic", at=self.clock.now())
        return closed

    def failed_release(self, version: int = 1) -> Release:
        """A release that is rolled back by its own workflow."""
        self.clock.advance(60)
        return return_traffic(
            self.canary(version),
            outcome="too slow",
            releases=self.registry,
            traffic=self.traffic,
            clock=self.clock,
        )

    def roll_back(
        self, to: int | None = None, *, by: str = "anna", reason: str = "wrong prices", **ports: Any
    ) -> Returned:
        """`lambdaloop rollback`."""
        self.clock.advance(60)
        return return_to_release(
            ReturnRequest(model=MODEL, to=to, by=by, reason=reason),
            **{"releases": self.registry, "traffic": self.traffic, "clock": self.clock, **ports},
        )

    def prune(self, keep: int = 5) -> Pruned:
        """What every release does at its end."""
        return prune_versions(
            model=MODEL,
            keep=keep,
            bootstrap_version="1",
            releases=self.registry,
            traffic=self.traffic,
            clock=self.clock,
        )

    def statuses(self) -> list[str]:
        """Of all releases, oldest first."""
        return [release.status for release in reversed(self.registry.releases(MODEL))]

    def routed(self) -> tuple[str, str | None, float]:
        """Stable version, candidate and its weight."""
        routing = self.traffic.routing()
        return routing.stable, routing.candidate, routing.weight


def with_releases(count: int, **ports: Any) -> ReleaseHistory:
    """A history with so many releases that went live one after the other; release n is Lambda version n + 1."""
    history = ReleaseHistory(**ports)
    for _ in range(count):
        history.release(history.train())
    return history
