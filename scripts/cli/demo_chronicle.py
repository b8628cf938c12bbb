"""What happened to a watched model since somebody looked last: read from the registry and the alarms, told line by line."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from lambdaloop.adapters.dynamo_registry import DynamoRegistry
from lambdaloop.domain.decision import Decision
from lambdaloop.domain.definition import ModelDefinition
from lambdaloop.domain.release import Release
from lambdaloop.domain.run import Run
from lambdaloop.domain.version import Version
from lambdaloop.domain.window import WindowReport
from scripts.cli.demo_alarms import AlarmBegan, AlarmHistory, CloudWatchAlarmHistory
from scripts.cli.output import cell
from scripts.cli.stacks import Deployment

_SHOWN_FEATURES = 4
_ORDER = ("drift", "performance", "alarm", "decision", "training", "release")
_MOST_DECISIONS = 40  # between two looks: the watch, and one for each alarm
_SOMETHING = "the data as a whole"
_ORDINARY = frozenset({"triggers", "persistence", "new_data", "schedule", "single_flight", "release"})
"""Checks of the governor that fail on ordinary days, and while what was asked for is under way."""


class Records(Protocol):
    """What the registry tells, everything newest first."""

    def windows(
        self, model: str, /, *, since: datetime | None = None, limit: int = 100
    ) -> Sequence[WindowReport]:
        """Those that ended at or after `since`."""
        ...

    def decisions(self, model: str, /, *, limit: int = 100) -> Sequence[Decision]:
        """What the governor decided."""
        ...

    def runs(self, model: str, /) -> Sequence[Run]:
        """What was trained."""
        ...

    def version(self, model: str, /, number: int) -> Version:
        """What a run registered."""
        ...

    def releases(self, model: str, /) -> Sequence[Release]:
        """What serves and served."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """One line of the story."""

    at: datetime
    kind: str
    """drift, performance, alarm, decision, training or release."""
    text: str


@dataclass(slots=True)
class Chronicle:
    """Remembers all that was found; `update` tells what is new."""

    registry: Records
    definition: ModelDefinition
    history: AlarmHistory
    start: datetime
    windows: list[WindowReport] = field(default_factory=list)
    alarms: list[AlarmBegan] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)
    trainings: dict[str, Run] = field(default_factory=dict)
    releases: dict[int, Release] = field(default_factory=dict)
    _looked: datetime = field(init=False)
    _drifted: set[str] = field(default_factory=set)
    """What was told to have drifted and has not come back."""
    _refused: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        self._looked = self.start

    @classmethod
    def of(cls, deployment: Deployment, definition: ModelDefinition, *, start: datetime) -> "Chronicle":
        """Of what happens from `start` on."""
        registry = DynamoRegistry(table=deployment.registry_table)
        return cls(registry, definition, CloudWatchAlarmHistory(definition.name), start)

    def update(self, now: datetime, tell: Callable[[Happening], None]) -> None:
        """Read what happened until `now`, and tell it in order."""
        news = [*self._new_windows(), *self._new_alarms(now), *self._new_decisions(), *self._new_runs()]
        news += self._new_releases()
        # Cause before effect: within a minute clocks of different functions say little.
        for happening in sorted(
            news, key=lambda one: (one.at.replace(second=0, microsecond=0), _ORDER.index(one.kind))
        ):
            tell(happening)
        self._looked = now

    def _new_windows(self) -> Iterator[Happening]:
        last = self.windows[-1].end if self.windows else self.start
        found = self.registry.windows(self.definition.name, since=last + timedelta(microseconds=1))
        for window in reversed(found):
            before = self.windows[-1] if self.windows else None
            self.windows.append(window)
            yield from self._drift(window)
            drop = _drop(window, self.definition)
            if drop is not None and (before is None or _drop(before, self.definition) is None):
                text = _drop_text(window, self.definition, drop)
                yield Happening(at=window.end, kind="performance", text=text)

    def _drift(self, window: WindowReport) -> Iterator[Happening]:
        """The first window with drift, each one with another drifted feature, and the end of it."""
        if window.status == "ok" and self._drifted:
            self._drifted = set()
            yield Happening(at=window.end, kind="drift", text="none any more")
        if window.status == "drift":
            found = {*(window.drift.drifted if window.drift else ()), _SOMETHING}
            if found - self._drifted:
                self._drifted |= found
                yield Happening(at=window.end, kind="drift", text=_drift_text(window))

    def _new_alarms(self, now: datetime) -> Iterator[Happening]:
        for alarm in self.history.began(after=self._looked, until=now):
            self.alarms.append(alarm)
            yield Happening(at=alarm.at, kind="alarm", text=f"{alarm.name} began")

    def _new_decisions(self) -> Iterator[Happening]:
        known = {decision.id for decision in self.decisions}
        for decision in reversed(self.registry.decisions(self.definition.name, limit=_MOST_DECISIONS)):
            if decision.id in known:
                continue
            self.decisions.append(decision)
            worth = decision.failed != self._refused and not decision.failed & _ORDINARY
            if decision.retrain or worth:
                yield Happening(at=decision.at, kind="decision", text=decision.reason)
            self._refused = decision.failed

    def _new_runs(self) -> Iterator[Happening]:
        for run in reversed(self.registry.runs(self.definition.name)):
            before = self.trainings.get(run.id)
            if run.started_at < self.start or (before and before.status == run.status):
                continue
            self.trainings[run.id] = run
            if run.status != "running":
                yield Happening(at=run.finished_at or run.started_at, kind="training", text=self._ended(run))

    def _ended(self, run: Run) -> str:
        if run.version is None:
            failed = [check["reason"] for check in run.outcome.get("checks", ()) if not check["passed"]]
            return f"{run.status}: {'; '.join(failed) or run.outcome}"
        version = self.registry.version(self.definition.name, run.version)
        checks = {check["name"]: check["reason"] for check in version.gate["checks"]}
        return f"version {run.version} accepted: {checks.get('champion') or '; '.join(checks.values())}"

    def _new_releases(self) -> Iterator[Happening]:
        for release in reversed(self.registry.releases(self.definition.name)):
            before = self.releases.get(release.number)
            if before and before.status == release.status:
                continue
            self.releases[release.number] = release
            told = f"release {release.number} with version {release.version}"
            if release.status == "live":
                yield Happening(
                    at=release.closed_at or release.created_at, kind="release", text=f"{told} is live"
                )
            elif release.status == "rolled_back":
                yield Happening(
                    at=release.closed_at or release.created_at,
                    kind="release",
                    text=f"{told} rolled back: {release.outcome}",
                )


def _drift_text(window: WindowReport) -> str:
    report = window.drift
    if report is None or not report.drifted:
        return window.reason
    shown = [
        f"{name} {(report.features[name].distance or 0.0) / report.features[name].threshold:.1f}×"
        for name in report.drifted[:_SHOWN_FEATURES]
    ]
    more = len(report.drifted) - len(shown)
    shown += [f"{more} more"] if more > 0 else []
    return f"{', '.join(shown)} ({len(report.drifted)} of {len(report.features)} features)"


def _drop(window: WindowReport, definition: ModelDefinition) -> float | None:
    drop = window.performance.drop if window.performance else None
    return drop if drop is not None and drop >= definition.monitoring.max_performance_drop else None


def _drop_text(window: WindowReport, definition: ModelDefinition, drop: float) -> str:
    metric = definition.training.metric
    found = window.performance.metrics[metric].value if window.performance else None
    return f"{metric} {cell(found)}, beyond doubt {drop:.3f} worse than on the holdout"
