"""Compares what a new version predicted in a step with the version before it.

From the prediction log of the same minutes, and by asking both versions about the same logged rows. Everything is bounded,
and whatever cannot be measured is left out and said: the rule that judges decides what that means.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from lambdaloop.domain.behaviour import BehaviourFigures, holds_for, scale_of
from lambdaloop.domain.captured import CapturedLabel, CapturedPrediction
from lambdaloop.domain.definition import Label
from lambdaloop.domain.errors import VersionNotFoundError
from lambdaloop.domain.labels import resolve_labels
from lambdaloop.domain.prediction import Output
from lambdaloop.domain.release import Release
from lambdaloop.domain.release_rules import new_arms
from lambdaloop.domain.releasing_rules import Behaviour
from lambdaloop.domain.replay import (
    Replay,
    comparable_rows,
    percentile,
    replay_disagreement,
    sample_rows,
)
from lambdaloop.monitoring.answer_drift import AnswerDrift, answer_drift, profile_drift
from lambdaloop.monitoring.differences import certain_difference
from lambdaloop.monitoring.significance import excess_p_value
from lambdaloop.ports import CaptureArchive, Clock, Traffic
from lambdaloop.services.compare_versions import LONGEST_SECONDS, Side, compare_versions
from lambdaloop.services.load_reference import Reference, References
from lambdaloop.services.measure_answers import AnsweredRows
from lambdaloop.services.recent_log import RecentLog, read_recent_log

REPLAYED_ROWS = 200

Numbers = Mapping[str, float | int | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaved:
    """What was measured, and what could not be."""

    metric: str
    """The training metric of the new version."""
    figures: BehaviourFigures
    notes: tuple[str, ...]
    arms: Mapping[str, BehaviourFigures] = field(default_factory=dict)
    """Arms of an experiment that the release before did not serve: what each answers about the same rows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BehaviourPorts:
    """What the comparison reads and asks."""

    references: References
    archive: CaptureArchive
    traffic: Traffic
    clock: Clock


def observe_behaviour(
    release: Release,
    previous: Release,
    *,
    since: datetime,
    until: datetime,
    alone: bool,
    ports: BehaviourPorts,
) -> Behaved:
    """Compare `release` with `previous`, the one before it, in [since, until].

    `alone`: all traffic went to the release, so the version before is read in as long a time just before.
    """
    candidate, champion = _reference(ports, release), _reference(ports, previous)
    before = since - (until - since) if alone else since
    log = read_recent_log(
        model=release.model,
        archive=ports.archive,
        since=before,
        until=until,
        releases={release.number, previous.number},
        now=ports.clock.now(),
    )
    made = [row for row in log.of(release.number) if row.event_time >= since]
    theirs = [row for row in log.of(previous.number) if not alone or row.event_time < since]
    figures = BehaviourFigures(predictions=len(made), champion_predictions=len(theirs))
    classes = _common_classes(candidate, champion)
    if classes is None:
        note = f"version {previous.version} predicts something else, so nothing was compared"
        return Behaved(metric=candidate.version.metric, figures=figures, notes=(note,))
    step = _Step(
        release=release,
        previous=previous,
        candidate=candidate,
        champion=champion,
        classes=classes,
        made=[row for row in made if row.version == release.version],
        theirs=[row for row in theirs if row.version == previous.version],
        rules=release.rules.behaviour,
    )
    behaved, added = step.compare(figures, log, ports), new_arms(release, previous)
    arms = {
        arm.name: replace(
            step,
            arm=arm.name,
            seconds=LONGEST_SECONDS / len(added),
            candidate=_reference(ports, release, arm.version),
            made=[row for row in made if row.version == arm.version],
        )
        for arm in added
    }
    return replace(behaved, arms={name: each.compare_answers(ports) for name, each in arms.items()})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Step:
    """Two versions that predict the same thing, and what each logged."""

    release: Release
    previous: Release
    candidate: Reference
    champion: Reference
    classes: tuple[Label, ...]
    made: Sequence[CapturedPrediction]
    theirs: Sequence[CapturedPrediction]
    rules: Behaviour
    arm: str | None = None
    """Of the release's experiment, where not the release itself is compared."""
    seconds: float = LONGEST_SECONDS
    """For asking again."""

    def compare_answers(self, ports: BehaviourPorts) -> BehaviourFigures:
        """Only what both say about the same rows: how well they do is for the experiment to find out."""
        unheard: list[str] = []
        replay = self._replay(ports, unheard)
        ours, _ = self._sides(replay)
        numbers = {
            **self._yardstick(self._training_drift(ours), unheard),
            **(_replay_numbers(replay) if replay else {}),
        }
        figures = BehaviourFigures(predictions=len(self.made))
        return replace(figures, **numbers)  # type: ignore[arg-type]  # names are those of the fields

    def compare(self, figures: BehaviourFigures, log: RecentLog, ports: BehaviourPorts) -> Behaved:
        notes = _log_notes(log)
        replay = self._replay(ports, notes)
        ours, before = self._sides(replay)
        enough = min(len(ours.scores), len(before.scores)) >= self.rules.min_predictions
        training = self._training_drift(ours) if enough else None
        drift = answer_drift(ours.scores, before.scores, task=self.candidate.version.task) if enough else None
        numbers: dict[str, float | int | None] = {
            **_drift_numbers("prediction_drift", drift),
            **_drift_numbers("training_drift", training),
            **self._yardstick(training, notes),
            **(_replay_numbers(replay) if replay else {}),
            **self._invalid(),
            **self._performance(resolve_labels(log.labels).labels),
        }
        if enough:
            numbers |= _estimate_numbers(self.candidate.version.metric, ours, before)
            notes += [str(each.problem) for each in (self.candidate, self.champion) if not each.can_expect]
        return Behaved(
            metric=self.candidate.version.metric,
            figures=replace(figures, **numbers),  # type: ignore[arg-type]  # names are those of the fields
            notes=tuple(dict.fromkeys(notes)),
        )

    def _training_drift(self, ours: AnsweredRows) -> AnswerDrift | None:
        """How much its answers are distributed otherwise than its own on the holdout; None where there is too little."""
        profile = ours.holdout_profile()
        if profile is None or len(ours.scores) < self.rules.min_predictions:
            return None
        return profile_drift(ours.scores, profile, task=self.candidate.version.task)

    def _replay(self, ports: BehaviourPorts, notes: list[str]) -> Replay | None:
        """Both versions asked about rows of either side; None without rows that can be asked of both."""
        rows = [*self.made, *self.theirs]
        usable = comparable_rows(rows, self.candidate.signature, self.champion.signature)
        if not usable:
            if rows:
                notes.append("the log keeps not every feature of both versions, so they were not asked again")
            return None
        replay = compare_versions(
            sample_rows(usable, at_most=REPLAYED_ROWS),
            model=self.release.model,
            champion=Side(
                lambda_version=self.release.previous_lambda_version, signature=self.champion.signature
            ),
            candidate=Side(
                lambda_version=str(self.release.lambda_version),
                signature=self.candidate.signature,
                arm=self.arm,
            ),
            traffic=ports.traffic,
            clock=ports.clock,
            request_id=f"judge-{self.release.model}-{self.release.number}{f'-{self.arm}' if self.arm else ''}",
            seconds=self.seconds,
        )
        if not replay.answers:
            notes.append("Lambda had no room for asking both versions again")
            return None
        return replay

    def _sides(self, replay: Replay | None) -> tuple[AnsweredRows, AnsweredRows]:
        """The answers to compare: to the same rows where there are enough, else those that each version logged."""
        pairs = replay.pairs if replay else ()
        if len(pairs) < self.rules.min_predictions:
            return self._answered(self.candidate, self.made), self._answered(self.champion, self.theirs)
        return (
            self._answered(self.candidate, [_answering(each.row, each.candidate) for each in pairs]),
            self._answered(self.champion, [_answering(each.row, each.champion) for each in pairs]),
        )

    def _answered(self, reference: Reference, rows: Sequence[CapturedPrediction]) -> AnsweredRows:
        return AnsweredRows(reference=reference, classes=self.classes, rows=rows)

    def _yardstick(self, training: AnswerDrift | None, notes: list[str]) -> Numbers:
        """What the training expected, if that holds for this step."""
        known = self.candidate.version.comparison
        found = holds_for(
            known,
            champion=self.previous.version,
            champion_metrics=self.champion.version.metrics,
            rules=self.rules,
            training_drift=training.index if training else None,
            training_drift_p=training.p_value if training else None,
            training_drift_error=training.error if training else None,
        )
        if found is None:
            if known is not None:
                notes.append("what both versions answered in training is no yardstick for this step")
            return {}
        return {
            "expected_disagreement": found.disagreement,
            "expected_disagreement_error": found.disagreement_error,
            "expected_prediction_drift": found.prediction_drift,
            "expected_prediction_drift_error": found.prediction_drift_error,
            "champion_reached": found.champion_metric,
        }

    def _invalid(self) -> Numbers:
        """Both sides by what the new version expects."""
        ours, theirs = (self._answered(self.candidate, rows).invalid() for rows in (self.made, self.theirs))
        if min(ours[1], theirs[1]) < self.rules.min_predictions:
            return {}
        return {
            "invalid_rate": ours[0] / ours[1],
            "champion_invalid_rate": theirs[0] / theirs[1],
            "invalid_rate_p": excess_p_value(*ours, *theirs),
        }

    def _performance(self, labels: Mapping[str, CapturedLabel]) -> Numbers:
        metric = self.candidate.version.metric
        ours = self._answered(self.candidate, self.made).labelled(labels, metric)
        theirs = self._answered(self.champion, self.theirs).labelled(labels, metric)
        numbers: Numbers = {"labels": ours.rows, "champion_labels": theirs.rows}
        if min(ours.rows, theirs.rows) < self.rules.min_labels:
            return numbers
        apart = certain_difference(metric, ours.metric, theirs.metric)
        scale = scale_of(metric, theirs.metric.value or 0.0)
        return {
            **numbers,
            "performance": ours.metric.value,
            "champion_performance": theirs.metric.value,
            "performance_drop_low": apart.drop / scale if apart else None,
            "performance_gain_low": apart.gain / scale if apart else None,
        }


def _reference(ports: BehaviourPorts, release: Release, version: int | None = None) -> Reference:
    """Of the release's own version, or of another one that it serves."""
    number = version or release.version
    found = ports.references.of(number)
    if found is None:
        raise VersionNotFoundError(
            f"model {release.model!r} has no version {number}, which release {release.number} serves"
        )
    return found


def _common_classes(candidate: Reference, champion: Reference) -> tuple[Label, ...] | None:
    """The new version's, if the other one predicts the same thing; else None."""
    ours, theirs = candidate.signature, champion.signature
    return ours.classes if ours.task == theirs.task and set(ours.classes) == set(theirs.classes) else None


def _answering(row: CapturedPrediction, output: Output | None) -> CapturedPrediction:
    """The row as if it had been answered so."""
    if output is None:  # a pair has both
        return row
    return replace(row, prediction=output.value, probabilities=output.probabilities)


def _replay_numbers(replay: Replay) -> Numbers:
    apart = replay_disagreement(replay)
    return {
        "replayed_rows": len(replay.answers),
        "replay_failures": replay.new_failures,
        "champion_replay_failures": replay.champion_failures,
        "replay_p95_ms": percentile(replay.candidate_ms, 95),
        "champion_replay_p95_ms": percentile(replay.champion_ms, 95),
        "disagreement": apart.value if apart else None,
        "disagreement_low": apart.low if apart else None,
    }


def _estimate_numbers(metric: str, ours: AnsweredRows, before: AnsweredRows) -> Numbers:
    return {
        "estimated": ours.expected(metric),
        "estimated_error": ours.holdout_error(metric),
        "champion_estimated": before.expected(metric),
        "champion_estimated_error": before.holdout_error(metric),
    }


def _drift_numbers(name: str, drift: AnswerDrift | None) -> Numbers:
    if drift is None:
        return {}
    return {name: drift.index, f"{name}_p": drift.p_value, f"{name}_error": drift.error}


def _log_notes(log: RecentLog) -> list[str]:
    notes = [] if log.complete else ["the log is long: its newest part was read"]
    return notes + ([f"{log.unreadable} lines of the log could not be read"] if log.unreadable else [])
