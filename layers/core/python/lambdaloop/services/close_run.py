"""Records how a run ended that registered no version."""

from typing import Literal

from lambdaloop.domain.caught_error import describe
from lambdaloop.domain.documents import Document
from lambdaloop.domain.run import Run
from lambdaloop.ports import Clock, RunLog


def close_run(
    *, model: str, outcome: Literal["rejected", "failed"], document: Document, runs: RunLog, clock: Clock
) -> Run:
    """The run as it is recorded then. A run that registered its version before something else failed stays registered."""
    run = document["run"]
    runs.start_run(  # for a run that failed before its first step could record it
        Run(
            id=run["id"],
            model=model,
            reason=run["reason"],
            requested_by=run["requested_by"],
            started_at=clock.now(),
        )
    )
    found = _rejection(document["evaluation"]) if outcome == "rejected" else describe(document["error"])
    return runs.finish_run(model=model, run=run["id"], status=outcome, outcome=found, at=clock.now())


def _rejection(evaluation: Document) -> Document:
    """What the gate saw."""
    return {name: evaluation[name] for name in ("winner", "metrics", "checks", "report")}
