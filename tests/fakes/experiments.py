"""The experiments of the registry in memory, and what a look asks and tells."""

from dataclasses import replace

from lambdaloop.domain.audit import AuditEvent
from lambdaloop.domain.errors import (
    ExperimentChangedError,
    ExperimentNotFoundError,
    ExperimentRunningError,
)
from lambdaloop.domain.experiment import ENDED, Experiment, Look
from lambdaloop.domain.experiment_life import Change
from lambdaloop.domain.namespace import BucketRange, find_room


class InMemoryExperiments:
    """The port ExperimentLog; part of the registry in memory, whose list of events it writes to."""

    _events: list[AuditEvent]
    _experiments: dict[tuple[str, str], Experiment]

    def open_experiment(self, experiment: Experiment, *, anywhere: bool) -> Experiment:
        key = (experiment.model, experiment.id)
        if key in self._experiments:
            return self._experiments[key]
        current = self.current_experiment(experiment.model)
        if current is not None:
            raise ExperimentRunningError(f"experiment {current.id!r} is not over yet")
        held = self._held(experiment)
        first = find_room(
            held,
            namespace=experiment.namespace,
            buckets=experiment.buckets,
            first=None if anywhere else experiment.first_bucket,
        )
        self._experiments[key] = replace(experiment, first_bucket=first)
        self._note("experiment_opened", self._experiments[key], experiment.reason, experiment.requested_by)
        return self._experiments[key]

    def record_experiment(self, before: Experiment, change: Change, *, by: str) -> Experiment:
        after = change.experiment
        current = self.experiment(after.model, after.id)
        if current == after:
            return current
        if current != before:
            raise ExperimentChangedError(f"experiment {after.id!r} changed meanwhile")
        if after.status not in ENDED:
            find_room(
                self._held(after),
                namespace=after.namespace,
                buckets=after.buckets,
                first=after.first_bucket,
            )
        self._experiments[after.model, after.id] = after
        if change.kind:
            self._note(change.kind, after, change.why, by)
        return after

    def experiment(self, model: str, experiment: str) -> Experiment:
        if (model, experiment) not in self._experiments:
            raise ExperimentNotFoundError(f"no experiment {experiment!r}")
        return self._experiments[model, experiment]

    def current_experiment(self, model: str) -> Experiment | None:
        return next((each for each in self.experiments(model) if each.status not in ENDED), None)

    def experiments(self, model: str) -> list[Experiment]:
        found = [each for each in self._experiments.values() if each.model == model]
        return sorted(found, key=lambda each: each.created_at, reverse=True)

    def _held(self, experiment: Experiment) -> list[BucketRange]:
        """By others."""
        return [
            BucketRange(model=each.model, experiment=each.id, first=each.first_bucket, buckets=each.buckets)
            for each in self._experiments.values()
            if each.namespace == experiment.namespace and each.status not in ENDED
            if (each.model, each.id) != (experiment.model, experiment.id)
        ]

    def _note(self, kind: str, experiment: Experiment, why: str, by: str) -> None:
        detail = {"experiment": experiment.id, "why": why}
        at = experiment.ended_at or experiment.created_at
        self._events.append(AuditEvent(model=experiment.model, at=at, kind=kind, actor=by, detail=detail))


class FakeExperimentMetrics:
    """The port ExperimentMetrics: remembers looks."""

    def __init__(self) -> None:
        self.looks: list[Look] = []

    def record(self, experiment: Experiment, look: Look) -> None:  # noqa: ARG002
        self.looks.append(look)


class FakeFailures:
    """The port FailedRequests: as many for an arm in every release, or for a release as a whole."""

    def __init__(self) -> None:
        self.of: dict[str, float] = {}
        """By arm, or by the number of a release."""

    def failed(self, model: str, *, release: int, variant: str | None, start: object, end: object) -> float:  # noqa: ARG002
        return self.of.get(str(release) if variant is None else variant, 0.0)
