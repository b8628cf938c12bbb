"""Reads what a report tells of, and renders it. The command line and the function that writes pages use the same code."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Protocol, TypeVar

from lambdaloop.domain.alias import CHAMPION
from lambdaloop.domain.artifact import Artifact
from lambdaloop.domain.baseline import Baseline
from lambdaloop.domain.capture_layout import report_key
from lambdaloop.domain.dataset import Dataset
from lambdaloop.domain.documents import from_document
from lambdaloop.domain.errors import ArtifactCorruptError, NotFoundError
from lambdaloop.domain.experiment import Look
from lambdaloop.domain.experiment_layout import look_prefix
from lambdaloop.domain.outcomes import Estimate
from lambdaloop.domain.profile import Profile
from lambdaloop.domain.report_subject import ReportSubject
from lambdaloop.domain.summary import SliceSummary
from lambdaloop.domain.training_report import TrainingReport
from lambdaloop.domain.version import BASELINE, REPORT, Version
from lambdaloop.domain.window import WindowReport
from lambdaloop.ports import (
    ApprovalLog,
    ArtifactReader,
    CaptureArchive,
    Clock,
    ExperimentLog,
    ReleaseLog,
    RunLog,
    VersionRegistry,
    WindowLog,
)
from lambdaloop.reporting.drift_report import WindowPage, drift_report
from lambdaloop.reporting.experiment_report import ExperimentPage, experiment_report
from lambdaloop.reporting.model_card import ModelCard, model_card
from lambdaloop.reporting.release_report import ReleasePage, release_report
from lambdaloop.services.archived_documents import load_all, load_record, unpack
from lambdaloop.services.load_summaries import Summaries

T = TypeVar("T")

_HISTORY = 60
"""Windows in a heat map: as many columns as can be told apart."""


class Records(RunLog, VersionRegistry, ReleaseLog, ExperimentLog, ApprovalLog, WindowLog, Protocol):
    """The registry, as far as reports read it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportPorts:
    """What a report needs from the world; it only reads."""

    records: Records
    artifacts: ArtifactReader
    archive: CaptureArchive
    clock: Clock


def gather_report(subject: ReportSubject, *, ports: ReportPorts) -> str:
    """The page; VersionNotFoundError and its like when there is no such subject."""
    return _KINDS[subject.kind](subject, ports)


def _version(subject: ReportSubject, ports: ReportPorts) -> str:
    version = ports.records.version(subject.model, subject.number)
    champion = ports.records.alias(subject.model, CHAMPION)
    card = ModelCard(
        version=version,
        report=_training_report(version, ports),
        baseline=_baseline(version, ports),
        dataset=_read(version.dataset, _dataset, ports),
        run=_found(lambda: ports.records.run(subject.model, version.run)),
        champion=champion is not None and champion.version == version.number,
    )
    return model_card(card, written_at=ports.clock.now())


def _window(subject: ReportSubject, ports: ReportPorts) -> str:
    kept = ports.records.window(subject.model, subject.end)
    # The registry has the report without its details where there are many.
    report = load_record(ports.archive, report_key(subject.model, kept.end), WindowReport) or kept
    earlier = ports.records.windows(subject.model, until=kept.end, limit=_HISTORY)
    number = report.version
    version = _found(lambda: ports.records.version(subject.model, number)) if number else None
    training = _training_report(version, ports) if version else None
    baseline = _baseline(version, ports) if version else None
    page = WindowPage(
        report=report,
        history=[*(each for each in reversed(earlier) if each.end < kept.end), report],
        metric=version.metric if version else None,
        holdout=_holdout(version, training),
        baseline=baseline.profile if baseline else None,
        current=_current(report, ports) if baseline else None,
    )
    return drift_report(page, written_at=ports.clock.now())


def _release(subject: ReportSubject, ports: ReportPorts) -> str:
    release = ports.records.release(subject.model, subject.number)
    previous = release.previous
    page = ReleasePage(
        release=release,
        version=_found(lambda: ports.records.version(subject.model, release.version)),
        before=_found(lambda: ports.records.release(subject.model, previous)) if previous else None,
        approval=ports.records.approval(subject.model, release.number),
    )
    return release_report(page, written_at=ports.clock.now())


def _experiment(subject: ReportSubject, ports: ReportPorts) -> str:
    experiment = ports.records.experiment(subject.model, subject.id)
    keys = ports.archive.keys(look_prefix(subject.model, subject.id))
    contents = load_all(ports.archive, keys)
    stored = [from_document(Look, unpack(each)) for each in contents if each is not None]
    # A look that is in the record, but whose document was lost, still counts.
    looks = {each.at: each for each in (*stored, *experiment.looks)}
    page = ExperimentPage(experiment=experiment, looks=[looks[at] for at in sorted(looks)])
    return experiment_report(page, written_at=ports.clock.now())


_KINDS: Mapping[str, Callable[[ReportSubject, ReportPorts], str]] = {
    "version": _version,
    "window": _window,
    "release": _release,
    "experiment": _experiment,
}


def _dataset(content: bytes) -> Dataset:
    return from_document(Dataset, json.loads(content))


def _training_report(version: Version, ports: ReportPorts) -> TrainingReport | None:
    file = version.files.get(REPORT)
    return _read(file, TrainingReport.from_json, ports) if file else None


def _baseline(version: Version, ports: ReportPorts) -> Baseline | None:
    file = version.files.get(BASELINE)
    return _read(file, Baseline.from_json, ports) if file else None


def _holdout(version: Version | None, training: TrainingReport | None) -> Mapping[str, Estimate]:
    if version is None:
        return {}
    if training is not None and training.findings is not None:
        return training.findings.metrics
    return {name: Estimate(value=value) for name, value in version.metrics.items()}


def _current(report: WindowReport, ports: ReportPorts) -> Profile | None:
    """The profile of the version's own predictions in the window, as the watch judged them."""
    total = Summaries(report.model, ports.archive).total(
        report.start.replace(minute=0, second=0, microsecond=0), report.end
    )
    own = [
        each
        for each in total.slices
        if each.key.version == report.version
        and report.release in (None, each.key.release)
        and not each.key.segment
    ]
    return reduce(SliceSummary.merge, own).profile if own else None


def _read(file: Artifact, parse: Callable[[bytes], T], ports: ReportPorts) -> T | None:
    """What cannot be read is left out: a page about the rest is better than none."""
    return _found(lambda: parse(ports.artifacts.get(file)))


def _found(ask: Callable[[], T]) -> T | None:
    try:
        return ask()
    except (NotFoundError, ArtifactCorruptError):
        return None
