"""A model with two versions, the first one live, and everything that the life of an experiment needs but its evaluation."""

from typing import Any

from functions.advance_experiment.handler import handle as advance
from functions.open_release.handler import handle as open_release
from functions.start_experiment.handler import handle as start
from lambdaloop.domain.documents import Document, to_document
from lambdaloop.domain.experiment import Arm, Experiment, ExperimentRules
from lambdaloop.domain.experiment_request import ExperimentRequest
from lambdaloop.domain.release import Release
from lambdaloop.domain.release_rules import LEASE
from lambdaloop.domain.version import BUNDLE
from tests.fakes.app import RELEASE_WORKFLOW, FakeApp
from tests.fakes.artifacts import InMemoryArtifactStore
from tests.fakes.clock import FakeClock
from tests.fakes.inference import answer
from tests.fakes.notices import FakeNotices
from tests.fakes.observer import FakeObserver
from tests.fakes.registry import InMemoryRegistry
from tests.fakes.release_workflow import run_release
from tests.fakes.samples import MODEL, MORNING, bundle, definition, draft, run
from tests.fakes.traffic import InMemoryTraffic
from tests.fakes.workflows import FakeWorkflows

RULES = ExperimentRules(outcome="correct", smallest_effect=0.1)
ARMS = (Arm(name="old", version=1, share=5000), Arm(name="new", version=2, share=5000))


def request(identity: str = "trial", **changes: Any) -> Document:
    """What `start` is asked with."""
    wanted = {"arms": ARMS, "rules": RULES, "requested_by": "ana", "reason": "is it better?", **changes}
    return to_document(ExperimentRequest(id=identity, **wanted))


class ExperimentDesk:
    """Functions of experiments on adapters that are given; release workflows run when they are told to."""

    def __init__(
        self,
        *,
        registry: Any,
        artifacts: Any,
        traffic: Any,
        workflows: Any = None,
        clock: FakeClock | None = None,
    ) -> None:
        self.registry, self.traffic = registry, traffic
        self.workflows: Any = workflows or FakeWorkflows()
        self.notices = FakeNotices()
        self.app = FakeApp(
            clock=clock,
            definition=definition(),
            registry=registry,
            artifacts=artifacts,
            traffic=traffic,
            workflows=self.workflows,
            notices=self.notices,
            observer=FakeObserver(),
        )
        self.clock = self.app.fake_clock

    def start(self, identity: str = "trial", **changes: Any) -> Document:
        return start(request(identity, **changes), self.app)

    def advance(self) -> str:
        """What an hour does; the status."""
        return str(advance({"at": self.clock.now().isoformat()}, self.app)["status"])

    def order(self, kind: str, **details: Any) -> str:
        order = {"kind": kind, "requested_by": "ana", "reason": "enough", **details}
        return str(advance({"order": order}, self.app)["status"])

    def experiment(self, identity: str = "trial") -> Experiment:
        found: Experiment = self.registry.experiment(MODEL, identity)
        return found

    def asked(self) -> list[str]:
        """Names of the release workflows that were started, in order."""
        return [name for _, name in self.workflows.started]

    def document(self, execution: str) -> Document:
        """What a release workflow was started with."""
        wanted: Document = self.workflows.started[RELEASE_WORKFLOW, execution]
        return {"request": wanted, "execution": execution}

    def open(self, execution: str) -> Release:
        """As far as a release that is published and has no traffic; or the live one, where that is what is wanted."""
        number = open_release(self.document(execution), self.app)["number"]
        opened: Release = self.registry.release(MODEL, number)
        return opened

    def release(self, execution: str) -> Release:
        """A release workflow to its good end."""
        opened = self.open(execution)
        if opened.status == "live":
            return opened
        if opened.status == "open":
            self.traffic.route(self.traffic.routing(), **_wanted(opened))
        if opened.share is None:
            closed: Release = self.registry.close_release(opened, outcome="all traffic", at=self.clock.now())
        else:
            closed = self.registry.share_release(opened, at=self.clock.now())
        self.registry.free(model=MODEL, name=LEASE, owner=execution)
        return closed

    def workflow(self, execution: str | None = None) -> Document:
        """Every step of the release workflow that was started last, or of that one."""
        name = execution or self.asked()[-1]
        asked = self.document(name)["request"]
        return run_release(
            self.app, version=asked["version"], execution=name, experiment=asked.get("experiment")
        )

    def refuse(self, execution: str) -> None:
        """A release workflow to its bad end."""
        opened = self.open(execution)
        self.registry.roll_back_release(opened, outcome="9 of 100 requests failed", at=self.clock.now())
        self.registry.free(model=MODEL, name=LEASE, owner=execution)

    def run(self) -> None:
        """From nothing to an experiment that runs."""
        self.start()
        self.release(self.asked()[-1])
        assert self.advance() == "running"


def _wanted(release: Release) -> dict[str, Any]:
    """Where its traffic goes at last."""
    if release.share is None:
        return {"stable": release.lambda_version}
    beside = {"candidate": release.lambda_version, "weight": release.share.percent / 100}
    return {"stable": release.previous_lambda_version, **beside}


def desk_with_live(*, live: bool = True) -> ExperimentDesk:
    """In memory, the first version live or not."""
    registry, artifacts = InMemoryRegistry(), InMemoryArtifactStore()
    stored = artifacts.put(MODEL, BUNDLE, bundle())
    for name in ("run-1", "run-2"):
        registry.start_run(run(name))
        registry.register_version(draft(name, bundle=stored), by="ml-team", at=MORNING)
    desk = ExperimentDesk(registry=registry, artifacts=artifacts, traffic=InMemoryTraffic(answer))
    if live:
        by_hand(desk, "first", version=1)
        desk.release("first")
    return desk


def by_hand(desk: ExperimentDesk, execution: str, *, version: int) -> Document:
    """A release that somebody asks for: what `open_release` is asked with."""
    wanted = {"model": MODEL, "version": version, "requested_by": "ana", "reason": "better"}
    workflow = desk.app.settings.need("release_workflow")
    desk.workflows.start(workflow=workflow, name=execution, document=wanted)
    return {"request": wanted, "execution": execution}
