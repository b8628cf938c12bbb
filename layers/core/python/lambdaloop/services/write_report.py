"""Writes the page of a report where people can read it: again and again as its subject goes on, always under the same name."""

from lambdaloop.domain.report_subject import ReportSubject
from lambdaloop.ports import PageShelf
from lambdaloop.services.gather_report import ReportPorts, gather_report


def write_report(subject: ReportSubject, *, ports: ReportPorts, shelf: PageShelf) -> str:
    """The key of the page; writing it twice writes the present state twice."""
    shelf.put_page(subject.page_key, gather_report(subject, ports=ports))
    return subject.page_key
