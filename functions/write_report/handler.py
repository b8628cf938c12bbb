"""Writes the page of a report: of a version, a window, a release or an experiment. Events of the product ask for it, and people."""

from lambdaloop.bootstrap import App, lambda_entrypoint
from lambdaloop.domain.documents import Document
from lambdaloop.domain.report_subject import subjects_of
from lambdaloop.services.gather_report import ReportPorts
from lambdaloop.services.write_report import write_report


def handle(event: Document, app: App) -> Document:
    """{"model", "kind", "id"}, or an event of the product's bus → where the pages lie; none for an event that is no reason."""
    ports = ReportPorts(records=app.registry, artifacts=app.artifacts, archive=app.archive, clock=app.clock)
    return {"pages": [write_report(each, ports=ports, shelf=app.pages) for each in subjects_of(event)]}


handler = lambda_entrypoint(handle)
