"""A model with two registered versions in memory, ready to be released."""

import io
from typing import Any

from lambdaloop.adapters.emf_shadow_metrics import EmfShadowMetrics
from lambdaloop.domain.version import BUNDLE
from lambdaloop.settings import Settings
from tests.fakes.app import RELEASE_WORKFLOW, FakeApp
from tests.fakes.artifacts import InMemoryArtifactStore
from tests.fakes.inference import answer
from tests.fakes.notices import FakeNotices
from tests.fakes.observer import FakeObserver
from tests.fakes.registry import InMemoryRegistry
from tests.fakes.samples import MODEL, MORNING, bundle, definition, draft, run
from tests.fakes.traffic import InMemoryTraffic
from tests.fakes.workflows import FakeWorkflows


class ReleaseDesk:
    """The app with its fakes under their own types."""

    def __init__(self, *, golden_rows: int = 3, observer: FakeObserver | None = None, **rules: Any) -> None:
        self.registry = InMemoryRegistry()
        self.artifacts = InMemoryArtifactStore()
        self.traffic = InMemoryTraffic(answer)
        self.observer = observer or FakeObserver()
        self.workflows, self.notices, self.metrics = FakeWorkflows(), FakeNotices(), io.StringIO()
        self.app = FakeApp(
            definition=definition(**rules),
            registry=self.registry,
            artifacts=self.artifacts,
            traffic=self.traffic,
            observer=self.observer,
            workflows=self.workflows,
            notices=self.notices,
            shadow_metrics=EmfShadowMetrics(self.metrics),
            settings=Settings(
                bootstrap_version="1",
                api_endpoint="https://api.example.com",
                release_workflow=RELEASE_WORKFLOW,
            ),
        )
        self.clock = self.app.fake_clock
        stored = self.artifacts.put(MODEL, BUNDLE, bundle(golden_rows))
        for name in ("run-1", "run-2"):
            self.registry.start_run(run(name))
            self.registry.register_version(draft(name, bundle=stored), by="ml-team", at=MORNING)

    def statuses(self) -> list[str]:
        """Of all releases, newest first."""
        return [release.status for release in self.registry.releases(MODEL)]

    def routed(self) -> tuple[str, str | None, float]:
        """Stable version, candidate and its weight."""
        routing = self.traffic.routing()
        return routing.stable, routing.candidate, routing.weight
