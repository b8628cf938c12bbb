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
from tests.fakes.app import RELEASE_WORKFLOW, FakeApp
from tests.fakes.clock import FakeClock
from tests.fakes.notices import FakeNotices
from tests.fakes.samples import MODEL, definition
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
        """As far as a release that is published and has no traffic."""
        open_release(self.document(execution), self.app)
        opened: Release = self.registry.release_of(MODEL, execution)
        return opened

    def release(self, execution: str) -> Release:
        """A release workflow to its good end."""
        opened = self.open(execution)
        if opened.status == "open":
            self.traffic.route(self.traffic.routing(), stable=opened.lambda_version)
        closed: Release = self.registry.close_release(opened, outcome="all traffic", at=self.clock.now())
        self.registry.free(model=MODEL, name=LEASE, owner=execution)
        return closed

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
