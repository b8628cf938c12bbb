"""`lambdaloop report`: a page about a version, a window, a release or an experiment, rendered here with the caller's rights."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from lambdaloop.adapters.aws_client import aws_client
from lambdaloop.adapters.aws_clock import AwsClock
from lambdaloop.adapters.dynamo_registry import DynamoRegistry
from lambdaloop.adapters.s3_artifacts import S3ArtifactStore
from lambdaloop.adapters.s3_capture import S3CaptureArchive
from lambdaloop.domain.errors import VersionNotFoundError
from lambdaloop.domain.report_subject import ReportKind, ReportSubject
from lambdaloop.services.gather_report import ReportPorts, gather_report
from scripts.cli.output import AsJson, console, print_json
from scripts.cli.stacks import Deployment, find_deployment, stack_names

Model = Annotated[str, typer.Argument(help="Name of the model.")]
_TIME_FORMATS = ["%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M"]


def report(
    model: Model,
    version: Annotated[
        int | None, typer.Option(help="A version: its model card (default: the newest).")
    ] = None,
    window: Annotated[
        datetime | None,
        typer.Option(help="A window of the watch, by when it ended, UTC: its drift.", formats=_TIME_FORMATS),
    ] = None,
    release: Annotated[int | None, typer.Option(help="A release: what each step showed.")] = None,
    experiment: Annotated[str | None, typer.Option(help="An experiment, by its id.")] = None,
    out: Annotated[
        Path | None, typer.Option(help="File to write (default: MODEL-KIND-ID.html in this folder).")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write a report as one HTML file that needs nothing else: it can be opened, mailed or put on any web server."""
    named: dict[ReportKind, str] = {}
    if version is not None:
        named["version"] = str(version)
    if window is not None:
        named["window"] = window.replace(tzinfo=UTC).isoformat()
    if release is not None:
        named["release"] = str(release)
    if experiment is not None:
        named["experiment"] = experiment
    if len(named) > 1:
        raise typer.BadParameter(
            f"a report is about one thing: give one of {', '.join('--' + name for name in named)}"
        )
    deployment = find_deployment(model)
    ports = report_ports(deployment)
    if not named:
        named["version"] = _newest_version(ports, model)
    kind, identity = next(iter(named.items()))
    subject = ReportSubject(model=model, kind=kind, id=identity)
    path = write_page(subject, ports, out)
    if as_json:
        print_json({"model": model, "kind": subject.kind, "id": subject.id, "file": str(path)})
        return
    console.print(f"{path}  {path.stat().st_size:,} bytes", highlight=False, soft_wrap=True)


def report_ports(deployment: Deployment) -> ReportPorts:
    """Read with the caller's credentials; written at the time of the records, for a local cloud may live in another one."""
    client = aws_client("dynamodb")
    return ReportPorts(
        records=DynamoRegistry(table=deployment.registry_table, client=client),
        artifacts=S3ArtifactStore(bucket=deployment.model_bucket),
        archive=S3CaptureArchive(bucket=deployment.capture_bucket),
        clock=AwsClock(client),
    )


def write_page(subject: ReportSubject, ports: ReportPorts, out: Path | None = None) -> Path:
    """The file that was written."""
    path = out or Path(f"{subject.model}-{subject.page_name}")
    page = gather_report(subject, ports=ports)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page, encoding="utf-8")
    return path


def _newest_version(ports: ReportPorts, model: str) -> str:
    for version in ports.records.versions(model):
        return str(version.number)
    raise VersionNotFoundError(
        f"model {model!r} has no version yet: run `{stack_names().command(f'train {model}')}`"
    )
