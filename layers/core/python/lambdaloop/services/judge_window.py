"""Judges the live release by the window that ended: drift, performance, and whether its log can be trusted."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import reduce
from typing import TypeVar

from lambdaloop.domain.alias import CHAMPION, Alias
from lambdaloop.domain.capture_layout import DAY, HOUR, hour_of
from lambdaloop.domain.capture_loss import capture_loss
from lambdaloop.domain.definition import ModelDefinition
from lambdaloop.domain.outcomes import Outcomes
from lambdaloop.domain.profile import Profile
from lambdaloop.domain.reading import RunReading
from lambdaloop.domain.summary import SliceSummary, Summary
from lambdaloop.domain.window import DriftReport, Performance, WindowReport
from lambdaloop.domain.window_words import drift_reason, reading_notes
from lambdaloop.monitoring.drift import compare
from lambdaloop.monitoring.estimates import certain_drop, estimates, estimator_error
from lambdaloop.ports import CaptureArchive, ServedPredictions, VersionRegistry
from lambdaloop.services.load_reference import Reference, References
from lambdaloop.services.load_summaries import Summaries

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Judge:
    """The ports and rules of a judgement."""

    definition: ModelDefinition
    references: References
    versions: VersionRegistry
    archive: CaptureArchive
    served: ServedPredictions


def judge_window(run: RunReading, *, using: Judge) -> WindowReport:
    """The report of the window that ended with the last whole hour before `run.at`."""
    rules = using.definition.monitoring
    end = hour_of(run.at)
    start = end - timedelta(hours=rules.window_hours)
    summaries = Summaries(using.definition.name, using.archive)
    gain = run.gain()
    report = WindowReport(
        model=using.definition.name,
        start=start,
        end=end,
        status="no_release",
        reason="no version is live: there is nothing to watch until one is released",
        new_rows=gain.rows,
        new_labels=gain.labels,
        unknown_labels=gain.unknown,
        expired_labels=sum(source.expired for source in run.sources.values()),
        quarantined=sum(source.quarantined for source in run.sources.values()),
        lines=sum(source.lines for source in run.sources.values()),
        capture_loss=_capture_loss(start, end, summaries, using),
        label_delay_hours=_label_delay(end, summaries, using.definition),
        notes=tuple(reading_notes(run)),
    )
    champion = using.versions.alias_at(using.definition.name, CHAMPION, end)
    if champion is None:
        return report
    report = replace(report, release=champion.release, version=champion.version)
    reference = using.references.of(champion.version)
    if reference is None:
        reason = f"version {champion.version} is not in the registry: release another one"
        return replace(report, status="no_baseline", reason=reason)
    age = max(timedelta(0), end - reference.version.created_at)
    report = replace(report, baseline_age_days=age / DAY)
    return _judged(report, _Live(champion, reference, summaries, using.references, using.definition))


class _Live:
    """What is known about the live release."""

    def __init__(
        self,
        champion: Alias,
        reference: Reference,
        summaries: Summaries,
        references: References,
        definition: ModelDefinition,
    ) -> None:
        self._champion = champion
        self._summaries = summaries
        self._references = references
        self.definition = definition
        self.reference = reference

    def between(self, start: datetime, end: datetime) -> list[SliceSummary]:
        """Its slices."""
        total = self._summaries.total(start, end)
        return [each for each in total.slices if self._champion.release in (None, each.key.release)]

    def whole(self, slices: Iterable[SliceSummary]) -> SliceSummary | None:
        """All of its own version's predictions."""
        own = [each for each in self._own(slices) if not each.key.segment]
        return reduce(SliceSummary.merge, own) if own else None

    def by_segment(self, slices: Iterable[SliceSummary]) -> Mapping[str, SliceSummary]:
        """Its own version's predictions of each segment."""
        found: dict[str, SliceSummary] = {}
        for each in self._own(slices):
            name = each.key.segment
            if name:
                found[name] = found[name].merge(each) if name in found else each
        return found

    def variants(self, slices: Sequence[SliceSummary]) -> Mapping[str, tuple[SliceSummary, Reference]]:
        """Each variant with what it is held against; none when there is only one."""
        found = {each.key.variant: each for each in slices if not each.key.segment}
        if len(found) < 2:
            return {}
        pairs = {name: (each, self._references.of(each.key.version)) for name, each in found.items()}
        return {name: (each, reference) for name, (each, reference) in pairs.items() if reference}

    def _own(self, slices: Iterable[SliceSummary]) -> Iterable[SliceSummary]:
        """Bins are those of a version's baseline: what other versions of an experiment predicted does not add up with it."""
        return (each for each in slices if each.key.version == self._champion.version)


def _judged(report: WindowReport, live: _Live) -> WindowReport:
    """With drift and performance, as far as there are a baseline and enough rows."""
    rules = live.definition.monitoring
    back = timedelta(hours=rules.performance_hours)
    window = live.between(report.start, report.end)
    labelled = live.between(report.end - back, report.end)
    now, lately = live.whole(window), live.whole(labelled)
    drift = _drift(now, live.reference, live)
    report = replace(
        report,
        drift=drift,
        performance=_performance(lately.outcomes, rules.min_labels, live.reference, live) if lately else None,
        estimated=_performance(now.expected, rules.min_rows, live.reference, live) if now else None,
        estimator_error=_estimator_error(lately, live),
        segments=_segments(window, report.start, live),
        segment_performance=_segment_performance(labelled, live),
        variants=_present(
            {name: _drift(each, reference, live) for name, (each, reference) in live.variants(window).items()}
        ),
        variant_performance=_present(
            {
                name: _performance(each.outcomes, rules.min_labels, reference, live)
                for name, (each, reference) in live.variants(labelled).items()
            }
        ),
    )
    if live.reference.baseline is None:
        return replace(report, status="no_baseline", reason=str(live.reference.problem))
    status = drift.status if drift else "insufficient_data"
    return replace(report, status=status, reason=drift_reason(drift, now.rows if now else 0, rules))


def _drift(slice_: SliceSummary | None, reference: Reference, live: _Live) -> DriftReport | None:
    if slice_ is None or slice_.profile is None or reference.baseline is None:
        return None
    return compare(slice_.profile, reference.baseline.profile, live.definition.monitoring)


def _performance(
    outcomes: Outcomes | None, needed: int, reference: Reference, live: _Live, *, held: bool = True
) -> Performance | None:
    """held: against the holdout of the version."""
    if outcomes is None or outcomes.rows < needed:
        return None
    task, metric = reference.signature.task, live.definition.training.metric
    metrics = estimates(outcomes, task)
    drop = None
    if held and reference.baseline is not None:
        drop = certain_drop(metric, metrics[metric], estimates(reference.baseline.outcomes, task)[metric])
    return Performance(rows=outcomes.rows, metrics=metrics, drop=drop)


def _estimator_error(slice_: SliceSummary | None, live: _Live) -> float | None:
    if slice_ is None or slice_.outcomes is None or slice_.expected_labelled is None:
        return None
    expected, real = slice_.expected_labelled, slice_.outcomes
    # Where the baseline could not be read for a while, less was expected than came.
    if real.rows < live.definition.monitoring.min_labels or abs(expected.rows - real.rows) >= 1:
        return None
    task = live.reference.signature.task
    return estimator_error(live.definition.training.metric, expected=expected, real=real, task=task)


def _segments(window: Sequence[SliceSummary], start: datetime, live: _Live) -> Mapping[str, DriftReport]:
    rules = live.definition.monitoring
    present = live.by_segment(window)
    if not present:
        return {}
    before = live.between(start - timedelta(hours=rules.performance_hours), start)
    past = {name: each.profile for name, each in live.by_segment(before).items()}
    found: dict[str, DriftReport] = {}
    for name, each in present.items():
        known = past.get(name)
        if each.profile is None:
            continue
        if known is None or known.rows < rules.min_rows:
            found[name] = DriftReport(
                status="insufficient_data", rows=each.profile.rows, share=None, features={}, predictions={}
            )
        else:
            found[name] = compare(_shared(each.profile, known), known, rules)
    return found


def _segment_performance(labelled: Sequence[SliceSummary], live: _Live) -> Mapping[str, Performance]:
    needed = live.definition.monitoring.min_labels
    return _present(
        {
            name: _performance(each.outcomes, needed, live.reference, live, held=False)
            for name, each in live.by_segment(labelled).items()
        }
    )


def _shared(profile: Profile, past: Profile) -> Profile:
    """Without the features that were not captured before."""
    return replace(
        profile,
        features={name: each for name, each in profile.features.items() if name in past.features},
        reconstruction=profile.reconstruction if past.reconstruction else None,
    )


def _present(found: Mapping[str, T | None]) -> dict[str, T]:
    return {name: each for name, each in found.items() if each is not None}


def _capture_loss(start: datetime, end: datetime, summaries: Summaries, using: Judge) -> float | None:
    """Of as many hours, one hour earlier: what was predicted last is still on its way into the log."""
    start, end = start - HOUR, end - HOUR
    served = using.served.served(using.definition.name, start=start, end=end)
    counts = [each.counts for each in summaries.between(start, end)]
    # A request that was sent again was served again, and its line repeats the id of the first one.
    captured = sum(each.predictions + each.repeated for each in counts)
    return capture_loss(served=served, captured=captured, rate=using.definition.serving.capture_rate)


def _label_delay(end: datetime, summaries: Summaries, definition: ModelDefinition) -> float | None:
    """How long the newest labelled prediction lies back; when labels are due and none came, the oldest unlabelled one."""
    due = definition.monitoring.max_label_delay_hours
    hours = max(definition.monitoring.performance_hours, (due or 0) + definition.monitoring.every_hours)
    found = summaries.between(end - timedelta(hours=hours), end)
    newest = [each.newest_labelled for summary in found for each in summary.slices if each.newest_labelled]
    if newest:
        return max(timedelta(0), end - max(newest)) / HOUR
    return (end - _first(found)) / HOUR if due is not None and found else None


def _first(found: Sequence[Summary]) -> datetime:
    return min(summary.start for summary in found)
