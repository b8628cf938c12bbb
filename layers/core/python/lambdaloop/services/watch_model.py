"""One run of the watch: reads what came in, judges the window that ended, and tells what it found."""

from dataclasses import dataclass
from datetime import datetime

from lambdaloop.domain.capture_layout import report_key
from lambdaloop.domain.definition import ModelDefinition
from lambdaloop.domain.window import WindowReport, trimmed
from lambdaloop.ports import (
    ArtifactStore,
    CaptureArchive,
    Clock,
    DatasetStore,
    Leases,
    ServedPredictions,
    VersionRegistry,
    WatchMetrics,
    WindowLog,
)
from lambdaloop.services.archived_documents import save_record
from lambdaloop.services.ingest_capture import Bounds, Ingest, ingest_capture
from lambdaloop.services.judge_window import Judge, judge_window
from lambdaloop.services.load_reference import References

LEASE = "watch"
LEASE_SECONDS = 960
"""Longer than a Lambda function may run: who holds the lease is alive, and a dead run can write nothing after it ends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchPorts:
    """What a watch needs from the world."""

    versions: VersionRegistry
    artifacts: ArtifactStore
    archive: CaptureArchive
    datasets: DatasetStore
    windows: WindowLog
    leases: Leases
    served: ServedPredictions
    metrics: WatchMetrics
    clock: Clock


def watch_model(
    definition: ModelDefinition,
    *,
    at: datetime,
    owner: str,
    ports: WatchPorts,
    bounds: Bounds | None = None,
) -> WindowReport:
    """The report of the window that ended with the last whole hour before `at`; doing it again gives the same.

    `owner` is the execution that asks. LeaseHeldError while another one is at work: then nothing is done.
    """
    ports.leases.acquire(
        model=definition.name, name=LEASE, owner=owner, at=ports.clock.now(), seconds=LEASE_SECONDS
    )
    try:
        return _watched(definition, at, ports, bounds or Bounds())
    finally:
        ports.leases.free(model=definition.name, name=LEASE, owner=owner)


def _watched(definition: ModelDefinition, at: datetime, ports: WatchPorts, bounds: Bounds) -> WindowReport:
    references = References(definition, versions=ports.versions, artifacts=ports.artifacts)
    run = ingest_capture(
        at,
        using=Ingest(
            definition=definition,
            references=references,
            archive=ports.archive,
            datasets=ports.datasets,
            clock=ports.clock,
            bounds=bounds,
        ),
    )
    report = judge_window(
        run,
        using=Judge(
            definition=definition,
            references=references,
            versions=ports.versions,
            archive=ports.archive,
            served=ports.served,
        ),
    )
    save_record(ports.archive, report_key(definition.name, report.end), report)
    ports.windows.record_window(trimmed(report))
    ports.metrics.record(report, definition)
    return report
