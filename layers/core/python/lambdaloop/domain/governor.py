"""The governor: whether a model is trained again. Every question it asks is answered with its numbers and kept.

Drift alone proves little: it may pass, there may be nothing new to learn from, or the last training may not have helped
either. So trouble must last, labels must have come, and trainings that give no better model become rarer and rarer.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from lambdaloop.domain.alias import Alias
from lambdaloop.domain.decision import CheckName, Decision, DecisionCheck
from lambdaloop.domain.definition import ModelDefinition
from lambdaloop.domain.documents import Document
from lambdaloop.domain.labelled_rows import uncaptured_features
from lambdaloop.domain.monitoring_rules import Retraining
from lambdaloop.domain.retraining_occasion import Occasion, moment
from lambdaloop.domain.retraining_request import RetrainingRequest
from lambdaloop.domain.training_history import TrainingHistory
from lambdaloop.domain.window import WindowReport

_OVERRIDDEN: frozenset[CheckName] = frozenset(
    {"triggers", "persistence", "new_labels", "cooldown", "release", "baseline"}
)
"""What does not keep a person from training: nobody trains twice at once, or beyond what trainings may cost."""
_TOLD_TRAININGS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the governor knows when it decides."""

    occasion: Occasion
    champion: Alias | None
    windows: Sequence[WindowReport]
    """The newest ones, newest first."""
    history: TrainingHistory
    uploaded_at: datetime | None
    """When the newest training data came that asked for a training."""
    new_labels: int | None
    """Labels that no training has seen, or as many as are enough; None where nothing asks for a training."""
    now: datetime


def decide(definition: ModelDefinition, request: RetrainingRequest, known: Known) -> Decision:
    """The answer to one request, with every check and its numbers."""
    checks = tuple(_overridden(check, request) for check in _checks(definition, known))
    failed = [check for check in checks if not check.passed]
    nothing_wrong = not known.occasion.found and not known.occasion.bad and _baseline(known).passed
    if failed:
        reason = f"not retrained because {'; '.join(check.reason for check in failed)}"
    elif request.cause == "person":
        reason = f"retrained because {request.requested_by} asked: {request.reason}"
    else:
        reason = f"retrained because {checks[0].reason}"
    return Decision(
        id=request.id,
        model=definition.name,
        at=known.now,
        cause=request.cause,
        requested_by=request.requested_by,
        asked_at=request.at,
        retrain=not failed,
        reason=reason,
        checks=checks,
        inputs=_inputs(request, known),
        run=None if failed else _run(definition.name, request, known.now),
        captured_until=None if failed else known.now,
        quiet=request.cause == "watch" and nothing_wrong,
    )


def _checks(definition: ModelDefinition, known: Known) -> list[DecisionCheck]:
    rules = definition.retraining
    checks = [known.occasion.check, _single_flight(known.history), _release(definition, known)]
    if known.new_labels is not None and not _is_due_anyway(known):
        checks.append(_new_labels(definition, known, known.new_labels))
    checks += [
        _cooldown(rules, known),
        _weekly_limit(rules, known.history),
        _budget(rules, known.history),
        _baseline(known),
    ]
    return checks


def _overridden(check: DecisionCheck, request: RetrainingRequest) -> DecisionCheck:
    if request.cause != "person" or check.passed or check.name not in _OVERRIDDEN:
        return check
    return replace(check, passed=True, reason=f"{check.reason}, which {request.requested_by} overrides")


def _single_flight(history: TrainingHistory) -> DecisionCheck:
    if history.at_work:
        run = history.at_work[0]
        reason = f"training {run.id} has been running since {moment(run.started_at)}"
    elif history.dead:
        reason = f"no training is running: {history.dead[0].id} never ended and is taken for dead"
    else:
        reason = "no training is running"
    return DecisionCheck(name="single_flight", passed=not history.at_work, reason=reason)


def _is_due_anyway(known: Known) -> bool:
    """Whether new data or the schedule ask, which no training answered that came before them."""
    return bool({"data", "schedule"} & set(known.occasion.found))


def _release(definition: ModelDefinition, known: Known) -> DecisionCheck:
    """Whether a new version could take traffic, and none waits for it that might do."""
    history = known.history
    release, experiment, waiting = history.releasing, history.experimenting, history.waiting
    reason = None
    if experiment is not None:
        reason = f"experiment {experiment.id!r} is {experiment.status}, and no other release can begin before it ends"
    elif release is not None:
        reason = f"release {release.number} is still taking traffic"
    elif waiting is not None and not _is_due_anyway(known):
        start = f"lambdaloop releases start {definition.name} --version {waiting.version}"
        reason = f"version {waiting.version} waits for its release: `{start}`"
    return DecisionCheck(
        name="release", passed=reason is None, reason=reason or "no release is taking traffic"
    )


def _new_labels(definition: ModelDefinition, known: Known, labels: int) -> DecisionCheck:
    """Whether there is anything to learn that the last training did not know."""
    needed, last = definition.retraining.min_new_labels, known.history.last_complete
    if known.uploaded_at is not None and (last is None or known.uploaded_at > last.started_at):
        passed, reason = True, f"training data were uploaded at {moment(known.uploaded_at)}"
    elif lacking := uncaptured_features(definition):
        passed, reason = (
            False,
            f"labels teach nothing without the features {', '.join(map(repr, lacking))}, which serving.capture leaves out",
        )
    else:
        passed = labels >= needed
        count = f"{labels} or more" if passed else f"only {labels}"
        reason = f"{count} labels came since the last training ({needed} needed)"
    return DecisionCheck(name="new_labels", passed=passed, reason=reason)


def _cooldown(rules: Retraining, known: Known) -> DecisionCheck:
    history = known.history
    last = history.last
    if last is None:
        return DecisionCheck(name="cooldown", passed=True, reason="there was no training before")
    hours = rules.cooldown_hours * 2 ** min(history.in_vain, rules.cooldown_doublings)
    ends = history.ended(last) + timedelta(hours=hours)
    why = f" after {history.in_vain} without a new champion" if history.in_vain else ""
    over = known.now >= ends
    return DecisionCheck(
        name="cooldown",
        passed=over,
        reason=f"the cooldown of {hours} h{why} {'ended' if over else 'ends'} at {moment(ends)}",
    )


def _weekly_limit(rules: Retraining, history: TrainingHistory) -> DecisionCheck:
    count = len(history.since(7))
    return DecisionCheck(
        name="weekly_limit",
        passed=count < rules.max_per_week,
        reason=f"trainings in the last 7 days: {count} (at most {rules.max_per_week})",
    )


def _budget(rules: Retraining, history: TrainingHistory) -> DecisionCheck:
    """The next training is expected to take as long as the last one."""
    used = sum(history.hours(run) for run in history.since(30))
    next_ = 0.0 if history.last is None else history.hours(history.last)
    budget = rules.budget_hours_per_month
    return DecisionCheck(
        name="budget",
        passed=used + next_ <= budget and used < budget,
        reason=f"trainings ran {used:.2f} h in the last 30 days and the next may take {next_:.2f} h (at most {budget:g} h)",
    )


def _baseline(known: Known) -> DecisionCheck:
    unusable = bool(known.windows) and known.windows[0].status == "no_baseline"
    return DecisionCheck(
        name="baseline",
        passed=not unusable,
        reason=f"the watch has no baseline: {known.windows[0].reason}"
        if unusable
        else "the watch has not missed a baseline",
    )


def _run(model: str, request: RetrainingRequest, now: datetime) -> str:
    """Also the name of the workflow's execution, which lasts for 90 days and has 80 characters at most."""
    return f"{model}-{now:%Y%m%dT%H%M%S}-{hashlib.sha256(request.id.encode()).hexdigest()[:8]}"


def _inputs(request: RetrainingRequest, known: Known) -> Document:
    """For people who wonder about a decision later."""
    history = known.history
    return {
        "event": request.reason,
        "champion": known.champion and known.champion.version,
        "windows": [_told_window(each) for each in known.occasion.windows],
        "new_labels": known.new_labels,
        "uploaded_at": known.uploaded_at and known.uploaded_at.isoformat(),
        "trainings_in_vain": history.in_vain,
        "trainings": [
            {
                "run": run.id,
                "status": run.status,
                "version": run.version,
                "started_at": run.started_at.isoformat(),
                "hours": history.hours(run),
            }
            for run in history.runs[:_TOLD_TRAININGS]
        ],
    }


def _told_window(report: WindowReport) -> Document:
    return {
        "end": report.end.isoformat(),
        "status": report.status,
        "drift_share": report.drift and report.drift.share,
        "drop": report.performance and report.performance.drop,
        "estimated_drop": report.estimated and report.estimated.drop,
    }
