"""`lambdaloop versions`: the registry's model versions."""

import hashlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from lambdaloop.adapters.dynamo_registry import DynamoRegistry
from lambdaloop.adapters.s3_artifacts import S3ArtifactStore
from lambdaloop.domain.alias import CHAMPION
from lambdaloop.domain.documents import to_document
from lambdaloop.domain.runtime import MeasuredRuntime
from scripts.cli.arguments import Model, VersionNumber
from scripts.cli.output import AsJson, cell, console, print_fields, print_json, print_table
from scripts.cli.stacks import find_deployment

app = typer.Typer(help="Model versions: list, show, download, import.", no_args_is_help=True)

_TIME_FORMATS = ["%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d"]


@app.command("list")
def list_versions(model: Model, as_json: AsJson = False) -> None:
    """List the versions of a model, newest first."""
    registry = DynamoRegistry(table=find_deployment(model).registry_table)
    versions, champion = registry.versions(model), registry.alias(model, CHAMPION)
    if as_json:
        print_json(
            [
                {**to_document(v), "aliases": [CHAMPION] if champion and champion.version == v.number else []}
                for v in versions
            ]
        )
        return
    print_table(
        f"Versions of {model}",
        ("version", "alias", "estimator", "metric", "rows", "created", "digest"),
        (
            (
                version.number,
                CHAMPION if champion and champion.version == version.number else None,
                version.estimator,
                f"{version.metric} {cell(version.metrics.get(version.metric))}",
                version.rows,
                f"{version.created_at:%Y-%m-%d %H:%M}",
                version.digest[:10],
            )
            for version in versions
        ),
    )


@app.command("at")
def champion_at(
    model: Model,
    time: Annotated[
        datetime, typer.Argument(help="UTC, such as 2026-01-31T12:00:00.", formats=_TIME_FORMATS)
    ],
    as_json: AsJson = False,
) -> None:
    """Tell which version was champion at a time."""
    registry = DynamoRegistry(table=find_deployment(model).registry_table)
    alias = registry.alias_at(model, CHAMPION, time.replace(tzinfo=UTC))
    if as_json:
        print_json(None if alias is None else to_document(alias))
    elif alias is None:
        console.print(f"{model} had no champion at {time:%Y-%m-%d %H:%M:%S} UTC")
    else:
        console.print(
            f"version {alias.version} (release {alias.release}), champion since {cell(alias.moved_at)}"
        )


@app.command("show")
def show_version(model: Model, number: VersionNumber, as_json: AsJson = False) -> None:
    """Show one version: metrics, gate, data, files."""
    version = DynamoRegistry(table=find_deployment(model).registry_table).version(model, number)
    if as_json:
        print_json(to_document(version))
        return
    print_fields(
        f"{model} version {number}",
        {
            "estimator": version.estimator,
            "parameters": version.parameters,
            "metrics": version.metrics,
            "served by": version.runtime and version.runtime.name,
            "because": version.runtime and version.runtime.reason,
            "off by at most": version.runtime and version.runtime.worst_difference,
            "served model": version.runtime and _cost(version.runtime),
            "rows": version.rows,
            "trained on": version.trained_on and to_document(version.trained_on),
            "holdout": version.split and to_document(version.split),
            "imported from": version.imported and to_document(version.imported),
            "dataset": version.dataset_digest,
            "run": version.run,
            "created": version.created_at,
            "created by": version.created_by,
            "digest": version.digest,
        },
    )
    checks = version.gate.get("checks", [])
    print_table(
        "Gate", ("check", "passed", "reason"), ((c["name"], c["passed"], c.get("reason")) for c in checks)
    )
    print_table(
        "Files",
        ("name", "bytes", "sha256"),
        ((name, file.size, file.sha256) for name, file in version.files.items()),
    )


def _cost(runtime: MeasuredRuntime) -> str:
    speed = runtime.speed
    return (
        f"{runtime.bytes / 1e6:.2f} MB, loads in {speed.load_ms:g} ms, a row takes {speed.row_us:g} µs "
        f"({speed.batch_row_us:g} µs in a batch)"
    )


@app.command("download")
def download_version(
    model: Model,
    number: VersionNumber,
    to: Annotated[Path | None, typer.Option(help="Folder to write to (default: MODEL-vNUMBER).")] = None,
) -> None:
    """Download every file of a version; each is checked against the registry's sha256 before it is written."""
    deployment = find_deployment(model)
    version = DynamoRegistry(table=deployment.registry_table).version(model, number)
    store = S3ArtifactStore(bucket=deployment.model_bucket)
    folder = to or Path(f"{model}-v{number}")
    folder.mkdir(parents=True, exist_ok=True)
    for name, artifact in {"manifest.json": version.manifest, **version.files}.items():
        content = store.get(artifact)
        (folder / name).write_bytes(content)
        console.print(
            f"{folder / name}  {len(content):,} bytes  sha256 {hashlib.sha256(content).hexdigest()[:12]}…"
        )
