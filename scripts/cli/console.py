"""`lambdaloop console`: all models on one page, read with the caller's rights and shown to nobody else."""

import webbrowser
from pathlib import Path
from threading import Lock
from typing import Annotated, Any

import boto3
import typer

from lambdaloop.adapters.aws_client import aws_client
from lambdaloop.adapters.aws_clock import AwsClock
from lambdaloop.adapters.cloudwatch_fleet import CloudWatchFleet
from lambdaloop.adapters.dynamo_registry import DynamoRegistry
from lambdaloop.adapters.lambda_traffic import LambdaTraffic
from lambdaloop.domain.console_snapshot import ConsoleSnapshot
from lambdaloop.domain.report_subject import ReportSubject
from lambdaloop.services.gather_console import ConsolePorts, gather_console
from lambdaloop.services.gather_report import gather_report
from scripts.cli.output import console as screen
from scripts.cli.report import report_ports
from scripts.cli.stacks import find_deployment, find_deployments
from scripts.console.page import still_page
from scripts.console.server import REPORTS, ConsoleServer


def console(
    port: Annotated[
        int, typer.Option(help="Port on this machine; 0 takes a free one.", min=0, max=65535)
    ] = 0,
    browser: Annotated[bool, typer.Option("--open/--no-open", help="Open it in the browser.")] = True,
    export: Annotated[
        Path | None,
        typer.Option(help="Write the page with the present state to this HTML file instead.", dir_okay=False),
    ] = None,
) -> None:
    """Show all models on one page, on this machine alone: versions, traffic, releases, experiments, drift, decisions, events."""
    if export is not None:
        export_console(export)
        screen.print(f"{export}  {export.stat().st_size:,} bytes", highlight=False, soft_wrap=True)
        return
    reader = ConsoleReader()
    with ConsoleServer(
        port=port, gather=lambda: reader.gather(reports=REPORTS), report=reader.report
    ) as server:
        screen.print(f"The console is at {server.address}", highlight=False, markup=False, soft_wrap=True)
        screen.print("Who has this address sees all models. Ctrl-C ends it.", style="dim")
        if browser:
            webbrowser.open(server.address_for_once())
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            screen.print("The console has ended.")


def export_console(to: Path) -> Path:
    """Write the page with the present state in it; NotDeployedError when there is no model."""
    page = still_page(ConsoleReader().gather())
    to.parent.mkdir(parents=True, exist_ok=True)
    to.write_text(page, encoding="utf-8")
    return to


class ConsoleReader:
    """Reads what is deployed at that moment with the caller's credentials; NotDeployedError from the start when nothing is.

    One answer at a time: each asks CloudWatch for figures that cost money, and boto3 makes clients for one thread only.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._stacks: Any = boto3.client("cloudformation")
        self._lambda = aws_client("lambda")
        # A local cloud may live in another time than this machine, and so do its metrics.
        self._clock = AwsClock(self._lambda)
        # All models share the platform's registry.
        self._records = DynamoRegistry(table=find_deployments(self._stacks)[0].registry_table)
        self._figures = CloudWatchFleet()
        meta = self._stacks.meta
        local = "" if ".amazonaws.com" in meta.endpoint_url else f" at {meta.endpoint_url}"
        self._place = f"{meta.region_name}{local}"

    def gather(self, *, reports: str | None = None) -> ConsoleSnapshot:
        """Everything as it is now."""
        with self._lock:
            found = find_deployments(self._stacks)
            ports = ConsolePorts(
                records=self._records,
                traffic={
                    each.model: LambdaTraffic(function=each.inference_function, client=self._lambda)
                    for each in found
                },
                figures=self._figures,
                clock=self._clock,
            )
            return gather_console(ports=ports, place=self._place, reports=reports)

    def report(self, subject: ReportSubject) -> str:
        """The page about one thing of a model; NotFoundError where there is no such thing or model."""
        with self._lock:
            return gather_report(subject, ports=report_ports(find_deployment(subject.model)))
