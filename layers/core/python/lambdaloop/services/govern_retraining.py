"""Decides whether a model is trained again, keeps the decision, and starts the training.

Decision first, training second: a start that was lost in between is made up for by whoever asks next, whatever for.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from lambdaloop.domain.alias import CHAMPION
from lambdaloop.domain.decision import Decision
from lambdaloop.domain.definition import ModelDefinition
from lambdaloop.domain.errors import ConflictError, DecisionOutdatedError
from lambdaloop.domain.governor import Known, decide
from lambdaloop.domain.retraining_occasion import Watched, find_occasion
from lambdaloop.domain.retraining_request import RetrainingRequest
from lambdaloop.domain.training_history import TrainingHistory, is_due
from lambdaloop.ports import (
    Clock,
    DecisionLog,
    ExperimentLog,
    ReleaseLog,
    RetrainingMetrics,
    RunLog,
    VersionRegistry,
    WindowLog,
    Workflows,
)

_TRIES = 5
_FEW_WINDOWS = 50
"""Read first to count labels; four times as many when these hold too few, and so on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GovernorPorts:
    """What the governor reads and writes."""

    runs: RunLog
    versions: VersionRegistry
    releases: ReleaseLog
    experiments: ExperimentLog
    windows: WindowLog
    decisions: DecisionLog
    workflows: Workflows
    metrics: RetrainingMetrics
    clock: Clock


def govern_retraining(
    definition: ModelDefinition, *, request: RetrainingRequest, workflow: str, ports: GovernorPorts
) -> tuple[Decision, str | None]:
    """The decision about this event, and the ARN of the training's execution where there is one to start.

    The same event gives the same decision and starts nothing twice. Of two events at once one decides after the other and
    sees its training; ConflictError when others kept being faster.
    """
    decision = _recorded(definition, request, ports)
    execution = _start(decision, workflow=workflow, ports=ports)
    if execution is None and (last := ports.decisions.last_retraining(definition.name)) is not None:
        _start(last, workflow=workflow, ports=ports)
    return decision, execution


def _recorded(definition: ModelDefinition, request: RetrainingRequest, ports: GovernorPorts) -> Decision:
    for _ in range(_TRIES):
        if (decision := ports.decisions.decision(definition.name, request.id)) is not None:
            return decision
        last = ports.decisions.last_retraining(definition.name)
        decision = decide(definition, request, _known(definition, request, last, ports))
        try:
            if ports.decisions.record_decision(decision, since=last):
                ports.metrics.record(decision)
                return decision
        except DecisionOutdatedError:
            continue
    raise ConflictError(
        f"others kept deciding about model {definition.name!r} through {_TRIES} tries: send the event again"
    )


def _start(decision: Decision, *, workflow: str, ports: GovernorPorts) -> str | None:
    """Start the training if it may be; its name and input are those of the decision, so that a second start is none."""
    if decision.run is None or not is_due(decision, now=ports.clock.now()):
        return None
    return ports.workflows.start(workflow=workflow, name=decision.run, document=decision.training_input)


def _known(
    definition: ModelDefinition, request: RetrainingRequest, last: Decision | None, ports: GovernorPorts
) -> Known:
    model, now = definition.name, ports.clock.now()
    history = TrainingHistory.of(
        ports.runs.runs(model),
        releases=ports.releases.releases(model),
        experiments=ports.experiments.experiments(model),
        automatic=definition.release.automatic,
        last=last,
        now=now,
    )
    champion = ports.versions.alias(model, CHAMPION)
    windows = ports.windows.windows(model, limit=definition.retraining.windows[1])
    uploaded_at = _latest(ports.decisions.last_upload(model), request.at if request.cause == "data" else None)
    occasion = find_occasion(
        request.cause,
        Watched(
            monitoring=definition.monitoring,
            retraining=definition.retraining,
            champion=champion,
            windows=windows,
            history=history,
            uploaded_at=uploaded_at,
            now=now,
        ),
    )
    asked = occasion.found or request.cause == "person"
    return Known(
        occasion=occasion,
        champion=champion,
        windows=windows,
        history=history,
        uploaded_at=uploaded_at,
        new_labels=_new_labels(definition, history, ports) if asked else None,
        now=now,
    )


def _new_labels(definition: ModelDefinition, history: TrainingHistory, ports: GovernorPorts) -> int:
    """Labels that came since the last training took its rows; counting ends where there are enough."""
    oldest = ports.clock.now() - timedelta(days=definition.monitoring.label_days)
    since = history.captured_until or oldest
    limit = _FEW_WINDOWS
    while True:
        windows = ports.windows.windows(definition.name, since=since, limit=limit)
        labels = sum(window.new_labels for window in windows if window.end > since)
        if labels >= definition.retraining.min_new_labels or len(windows) < limit:
            return labels
        limit *= 4


def _latest(*times: datetime | None) -> datetime | None:
    return max((time for time in times if time is not None), default=None)
