"""The pages that a demo leaves behind: they stay when its folder and its cloud are gone."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from lambdaloop.adapters.dynamo_registry import DynamoRegistry
from lambdaloop.domain.report_subject import ReportSubject
from scripts.cli.console import export_console
from scripts.cli.demo_story import Story
from scripts.cli.report import report_ports, write_page
from scripts.cli.stacks import Deployment, find_deployment


def leave_reports(story: Story, to: Path | None) -> None:
    """Write a page about the newest of everything that the demo made and the console over it all, and tell where they are."""
    deployment = find_deployment(story.facts["model"])
    folder = to or Path(tempfile.mkdtemp(prefix="lambdaloop-reports-"))
    with story.step("report", "Write the reports and the console, each one HTML file"):
        ports = report_ports(deployment)
        files = [write_page(each, ports, folder / each.page_name) for each in _subjects(deployment)]
        overview = export_console(folder / "console.html")
    for file in [*files, overview]:
        story.tell(str(file))
    story.facts |= {"reports": [str(file) for file in files], "console": str(overview)}


def _subjects(deployment: Deployment) -> Iterator[ReportSubject]:
    model, registry = deployment.model, DynamoRegistry(table=deployment.registry_table)
    for version in registry.versions(model)[:1]:
        yield ReportSubject(model=model, kind="version", id=str(version.number))
    for release in registry.releases(model, limit=1):
        yield ReportSubject(model=model, kind="release", id=str(release.number))
    for window in registry.windows(model, limit=1):
        yield ReportSubject(model=model, kind="window", id=window.end.isoformat())
    for experiment in registry.experiments(model)[:1]:
        yield ReportSubject(model=model, kind="experiment", id=experiment.id)
