"""A watched model with its governor, in memory: tests say what the watch found and how trainings end."""

import io
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Literal

from functions.govern_retraining.handler import handle
from lambdaloop.adapters.emf_retraining_metrics import EmfRetrainingMetrics
from lambdaloop.domain.definition import ModelDefinition
from lambdaloop.domain.documents import Document, from_document
from lambdaloop.domain.errors import WindowNotFoundError
from lambdaloop.domain.experiment import Arm, Experiment, ExperimentRules
from lambdaloop.domain.experiment_life import Change
from lambdaloop.domain.monitoring_rules import Monitoring, Retraining
from lambdaloop.domain.outcomes import Estimate
from lambdaloop.domain.run import Run
from lambdaloop.domain.window import Performance, WindowReport, WindowStatus
from lambdaloop.settings import Settings
from tests.fakes.app import FakeApp
from tests.fakes.clock import FakeClock
from tests.fakes.decisions import InMemoryDecisions
from tests.fakes.registry import InMemoryRegistry
from tests.fakes.samples import MODEL, definition, draft, rules
from tests.fakes.workflows import FakeWorkflows

TRAINING = "arn:aws:states:us-east-1:123456789012:stateMachine:churn-train"

End = Literal["champion", "rejected", "failed", "registered", "rolled_back"]


class WindowShelf:
    """The port WindowLog."""

    def __init__(self) -> None:
        self.reports: dict[tuple[str, datetime], WindowReport] = {}

    def record_window(self, report: WindowReport) -> None:
        self.reports[report.model, report.end] = report

    def windows(
        self, model: str, *, since: datetime | None = None, until: datetime | None = None, limit: int = 100
    ) -> Sequence[WindowReport]:
        found = [
            each
            for (name, end), each in self.reports.items()
            if name == model and (not since or end >= since) and (not until or end <= until)
        ]
        return sorted(found, key=lambda each: each.end, reverse=True)[:limit]

    def window(self, model: str, end: datetime) -> WindowReport:
        if (model, end) not in self.reports:
            raise WindowNotFoundError(f"model {model!r} has no window that ended at {end}")
        return self.reports[model, end]


class GovernedRegistry(InMemoryRegistry, InMemoryDecisions, WindowShelf):
    """The registry, with the governor's decisions and what the watch found."""

    def __init__(self) -> None:
        InMemoryRegistry.__init__(self)
        InMemoryDecisions.__init__(self)
        WindowShelf.__init__(self)


def governed(
    monitoring: Document | None = None, *, automatic: bool = True, **retraining: Any
) -> ModelDefinition:
    """The sample definition with other rules; enough labels come with every window unless a test says otherwise."""
    sample = definition()
    return replace(
        sample,
        release=replace(sample.release, automatic=automatic),
        serving=replace(sample.serving, capture=tuple(sample.features)),
        monitoring=from_document(Monitoring, monitoring or {}),
        retraining=from_document(Retraining, {"min_new_labels": 10, **retraining}),
    )


class GovernedModel:
    """One model in production, and everything around it."""

    def __init__(self, of: ModelDefinition | None = None, registry: Any = None) -> None:
        self.definition = of or governed()
        self.clock = FakeClock()
        self.registry: Any = registry or GovernedRegistry()
        self.workflows = FakeWorkflows()
        self.log = io.StringIO()
        self.app = FakeApp(
            clock=self.clock,
            definition=self.definition,
            settings=Settings(training_workflow=TRAINING),
            registry=self.registry,
            workflows=self.workflows,
            retraining_metrics=EmfRetrainingMetrics(stream=self.log),
        )

    # What the world does

    def ask(self, event: Document) -> Document:
        """Deliver an event to the governor's function; the answer travels as JSON."""
        answer: Document = json.loads(json.dumps(handle(event, self.app)))
        return answer

    def watch(self, status: WindowStatus = "ok", **found: Any) -> Document:
        """An hour passes, the watch finds this in the window that ended now, and the governor is asked."""
        self.look(status, **found)
        return self.ask({"cause": "watch", "at": self.clock.now().isoformat(), "execution": "x"})

    def look(self, status: WindowStatus = "ok", *, hours: float = 1, **found: Any) -> None:
        """Time passes, and the watch finds this in the window that ended now."""
        self.clock.advance(hours * 3600)
        self.registry.record_window(window(self.registry, self.clock.now(), status, **found))

    def pass_hours(self, hours: float) -> None:
        self.clock.advance(hours * 3600)

    # How trainings go

    @property
    def started(self) -> list[str]:
        """Names of the executions that were started."""
        return [name for _, name in self.workflows.started]

    def train(self, end: End | None = "champion", *, hours: float = 1.0, name: str | None = None) -> Run:
        """The next training that was started, or one by hand under a name, from its first step to this end."""
        begun = name or next(each for each in self.started if each not in self.runs)
        document = self.workflows.started.get((TRAINING, begun), {}).get("run", {})
        until = document.get("captured_until")
        run: Run = self.registry.start_run(
            Run(
                id=begun,
                model=MODEL,
                reason=document.get("reason", "asked for by hand"),
                requested_by=document.get("requested_by", "ml-team"),
                started_at=self.clock.now(),
                captured_until=until and datetime.fromisoformat(until),
            )
        )
        if end is None:
            return run
        self.pass_hours(hours)
        now = self.clock.now()
        if end in ("rejected", "failed"):
            self.registry.finish_run(model=MODEL, run=begun, status=end, outcome={}, at=now)
            return self.runs[begun]
        version = self.registry.register_version(draft(begun), by="ml-team", at=now).number
        if end != "registered":
            self.release(version, lives=end == "champion")
        return self.runs[begun]

    def release(self, version: int, *, lives: bool | None = True) -> None:
        """Open a release; let it become live, be rolled back, or (None) take traffic for now."""
        now = self.clock.now()
        release = self.registry.open_release(
            model=MODEL,
            version=version,
            execution=f"release-{version}-{now}",
            requested_by="ml-team",
            reason="new version",
            previous_lambda_version="1",
            first=version == 1,
            rules=rules(),
            at=now,
        )
        if lives:
            self.registry.close_release(release, outcome="fine", at=now)
        elif lives is not None:
            self.registry.roll_back_release(release, outcome="worse", at=now)

    def experiment(self, challenger: int = 1, *, began: bool = True) -> None:
        """Open an experiment that holds a version against the first one, and let it run or wait for its release."""
        now = self.clock.now()
        arms = (Arm(name="control", version=1, share=5000), Arm(name="b", version=challenger, share=5000))
        self.registry.open_experiment(
            Experiment(
                id="trial",
                model=MODEL,
                status="running" if began else "starting",
                arms=arms,
                salt="salt",
                namespace=MODEL,
                first_bucket=0,
                buckets=10_000,
                rules=ExperimentRules(outcome="correct", smallest_effect=0.01),
                requested_by="ml-team",
                reason="is it better?",
                created_at=now,
                started_at=now if began else None,
            ),
            anywhere=True,
        )

    def conclude(self) -> None:
        """The experiment that is under way ends, and its control stays."""
        before, now = self.registry.current_experiment(MODEL), self.clock.now()
        after = replace(before, status="concluded", ended_at=now, revision=before.revision + 1)
        change = Change(experiment=after, kind="experiment_ended", why="no difference", at=now)
        self.registry.record_experiment(before, change, by="ml-team")

    @property
    def runs(self) -> dict[str, Run]:
        return {run.id: run for run in self.registry.runs(MODEL)}

    def counted(self, metric: str) -> int:
        """The sum of a metric in the governor's log."""
        return sum(json.loads(line)[metric] for line in self.log.getvalue().splitlines())


def in_production(of: ModelDefinition | None = None) -> GovernedModel:
    """A first version that was trained a month ago and serves since then."""
    model = GovernedModel(of)
    model.train("champion", name="first")
    model.pass_hours(31 * 24)
    return model


def window(
    registry: Any,
    end: datetime,
    status: WindowStatus = "ok",
    *,
    drop: float | None = None,
    estimated_drop: float | None = None,
    labels: int = 10,
    **changes: Any,
) -> WindowReport:
    """A report about the release that is live."""
    champion = registry.alias(MODEL, "champion")
    report = WindowReport(
        model=MODEL,
        start=end - timedelta(hours=24),
        end=end,
        status=status,
        reason=f"the watch found {status}",
        release=champion and champion.release,
        version=champion and champion.version,
        performance=_performance(drop),
        estimated=_performance(estimated_drop),
        new_labels=labels,
    )
    return replace(report, **changes)


def _performance(drop: float | None) -> Performance | None:
    if drop is None:
        return None
    return Performance(rows=500, metrics={"roc_auc": Estimate(value=0.8)}, drop=drop)


def alarm(identity: str = "e-1", *, state: str = "ALARM", at: str = "2026-04-02T12:00:00Z") -> Document:
    """What EventBridge sends when an alarm changes."""
    return {
        "version": "0",
        "id": identity,
        "detail-type": "CloudWatch Alarm State Change",
        "source": "aws.cloudwatch",
        "account": "123456789012",
        "time": at,
        "region": "us-east-1",
        "resources": ["arn:aws:cloudwatch:us-east-1:123456789012:alarm:lambdaloop-churn-drift"],
        "detail": {
            "alarmName": "lambdaloop-churn-drift",
            "state": {"value": state, "reason": "Threshold Crossed", "timestamp": at},
            "previousState": {"value": "OK"},
        },
    }


def upload(
    key: str = "churn/new.csv", *, at: datetime, version: str = "v1", identity: str = "e-2"
) -> Document:
    """What EventBridge sends when an object arrives."""
    return {
        "version": "0",
        "id": identity,
        "detail-type": "Object Created",
        "source": "aws.s3",
        "account": "123456789012",
        "time": at.isoformat(),
        "region": "us-east-1",
        "resources": ["arn:aws:s3:::data"],
        "detail": {
            "version": "0",
            "bucket": {"name": "data"},
            "object": {"key": key, "size": 9, "etag": "e", "version-id": version, "sequencer": "00"},
            "reason": "PutObject",
        },
    }


def person(identity: str = "r-1", **changes: str) -> Document:
    """What the command line sends."""
    return {"cause": "person", "id": identity, "requested_by": "ml-team", "reason": "new campaign", **changes}
