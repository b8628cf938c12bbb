"""First step of the watch workflow: reads what came in and judges the window that ended."""

import secrets
from datetime import datetime

from lambdaloop.bootstrap import App, lambda_entrypoint
from lambdaloop.domain.documents import Document
from lambdaloop.services.watch_model import WatchPorts, watch_model

_NAMED = 10


def handle(event: Document, app: App) -> Document:
    """{"at": when the watch was due, "execution"?} → end, status and reason of the window, and its main figures."""
    report = watch_model(
        app.definition,
        at=datetime.fromisoformat(event["at"]),
        owner=event.get("execution") or f"by hand {secrets.token_hex(8)}",
        ports=WatchPorts(
            versions=app.registry,
            artifacts=app.artifacts,
            archive=app.archive,
            datasets=app.datasets,
            windows=app.windows,
            leases=app.registry,
            served=app.served,
            metrics=app.watch_metrics,
            clock=app.clock,
        ),
    )
    return {
        "end": report.end.isoformat(),
        "status": report.status,
        "reason": report.reason,
        "release": report.release,
        "version": report.version,
        "rows": report.drift.rows if report.drift else 0,
        "drift_share": report.drift and report.drift.share,
        "drifted": list(report.drift.drifted[:_NAMED]) if report.drift else [],
        "performance_drop": report.performance and report.performance.drop,
        "estimated_drop": report.estimated and report.estimated.drop,
        "new_rows": report.new_rows,
        "new_labels": report.new_labels,
        "quarantined": report.quarantined,
        "notes": list(report.notes[:_NAMED]),
    }


handler = lambda_entrypoint(handle)
