"""`lambdaloop doctor`: whether this machine and this account are ready, and what to do about what is not."""

import os
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import boto3
import typer

from scripts.cli.cdk import context
from scripts.cli.doctor_account import account_findings
from scripts.cli.doctor_machine import machine_findings
from scripts.cli.finding import Finding
from scripts.cli.local_process import DEFAULT_STATE
from scripts.cli.output import AsJson, console, print_json
from scripts.cli.stacks import stack_names

_STYLES = {"ok": "green", "warning": "yellow", "failed": "red", "unknown": "dim"}


def doctor(
    models: Annotated[Path, typer.Option(help="Folder of model definitions.")] = Path("models"),
    state: Annotated[Path, typer.Option(help="Folder of the local cloud's state.")] = DEFAULT_STATE,
    as_json: AsJson = False,
) -> None:
    """Look at tools, pins, definitions, credentials, bootstrap and quotas; each line that is not ok says what to do.

    Exit status 1 when something will not work until it is mended. Changes nothing.
    """
    session = boto3.Session()
    findings: list[Finding] = []
    for finding in (
        *machine_findings(models, state),
        *account_findings(
            _client,
            stack_names(),
            region=session.region_name,
            endpoint=os.environ.get("AWS_ENDPOINT_URL"),
            stages=context().get("stages"),
        ),
    ):
        findings.append(finding)
        if not as_json:
            _tell(finding)
    if as_json:
        print_json([asdict(finding) for finding in findings])
    if any(finding.status == "failed" for finding in findings):
        raise typer.Exit(1)


def _client(service: str) -> Any:
    make: Any = boto3.client
    return make(service)


def _tell(finding: Finding) -> None:
    console.print(f"{finding.status:8}", style=_STYLES[finding.status], end="")
    console.print(f"{finding.name}: {finding.told}", highlight=False, markup=False)
    if finding.fix:
        console.print(f"{'':8}→ {finding.fix}", highlight=False, markup=False)
