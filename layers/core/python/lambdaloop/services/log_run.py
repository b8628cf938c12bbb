"""Tells a tracking server about a run that has ended. Whatever goes wrong there is recorded and counted, and stops nothing."""

import logging
from dataclasses import dataclass

from lambdaloop.domain.artifact import Artifact
from lambdaloop.domain.definition import ModelDefinition
from lambdaloop.domain.documents import Document, from_document
from lambdaloop.domain.errors import ArtifactCorruptError, ArtifactMissingError, TrackingUnavailableError
from lambdaloop.domain.tracked_run import Outcome, tracked_run
from lambdaloop.ports import ArtifactStore, Clock
from lambdaloop.ports.tracking import RunTracker, TrackingMetrics

logger = logging.getLogger("lambdaloop.tracking")


@dataclass(frozen=True, slots=True, kw_only=True)
class Logged:
    """What became of it."""

    run: str | None = None
    """The server's id."""
    problem: str | None = None
    """Why it was not logged."""


def log_run(
    definition: ModelDefinition,
    *,
    outcome: Outcome,
    document: Document,
    artifacts: ArtifactStore,
    tracker: RunTracker,
    metrics: TrackingMetrics,
    clock: Clock,
) -> Logged:
    """Log the run with its candidates and its report."""
    try:
        run = tracker.log(
            tracked_run(document, outcome, definition), report=_report(document, artifacts), at=clock.now()
        )
    except (TrackingUnavailableError, ArtifactMissingError, ArtifactCorruptError) as error:
        logger.error("%s", error)  # noqa: TRY400  (its message says all)
        metrics.record(logged=False, at=clock.now())
        return Logged(problem=str(error)[:1000])
    metrics.record(logged=True, at=clock.now())
    return Logged(run=run)


def _report(document: Document, artifacts: ArtifactStore) -> bytes | None:
    evaluation = document.get("evaluation")
    return artifacts.get(from_document(Artifact, evaluation["report"])) if evaluation else None
