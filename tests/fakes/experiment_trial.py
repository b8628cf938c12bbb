"""An experiment of tiny models that runs, its log, and looks at it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from functions.evaluate_experiment.handler import handle as evaluate
from lambdaloop.domain.documents import Document
from lambdaloop.domain.experiment import ArmFigures
from tests.fakes.capture import InMemoryCaptureArchive
from tests.fakes.datasets import InMemoryDatasetStore
from tests.fakes.experiment_desk import RULES, ExperimentDesk, desk_with_live
from tests.fakes.experiment_log import deliver
from tests.fakes.experiments import FakeExperimentMetrics, FakeFailures

HOUR = timedelta(hours=1)


class Trial:
    """An experiment that runs, its log, and looks at it."""

    def __init__(self, *, start: Document | None = None, buckets: int = 10_000, **changes: Any) -> None:
        rules = replace(RULES, **{"min_units": 20, **changes})
        self.desk: ExperimentDesk = desk_with_live()
        self.desk.start(rules=rules, buckets=buckets, **(start or {}))
        self.desk.release("churn-trial-1")
        self.desk.advance()
        self.archive, self.datasets = InMemoryCaptureArchive(), InMemoryDatasetStore()
        self.failures, self.metrics = FakeFailures(), FakeExperimentMetrics()
        self.desk.app.__dict__.update(
            archive=self.archive,
            datasets=self.datasets,
            served=self.failures,
            experiment_metrics=self.metrics,
        )
        self.begin = self.desk.clock.now()

    def log(self, lines: Sequence[Document], name: str = "part") -> None:
        deliver(self.archive, lines, at=self.desk.clock.now(), name=name)

    def look(self, after: timedelta = HOUR) -> Document:
        self.desk.clock.advance(after.total_seconds())
        return evaluate({"at": self.desk.clock.now().isoformat()}, self.desk.app)

    def figures(self, arm: str) -> ArmFigures:
        return self.desk.experiment().looks[-1].figures[arm]
