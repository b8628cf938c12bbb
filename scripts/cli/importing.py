"""`lambdaloop versions import`: a model that MLflow logged becomes a version, by the road of a trained one."""

import io
import tempfile
import zipfile
from pathlib import Path, PurePosixPath
from typing import Annotated
from urllib.parse import urlsplit

import boto3
import typer
import yaml

from lambdaloop.adapters.s3_artifacts import S3ArtifactStore
from lambdaloop.domain.documents import to_document
from lambdaloop.domain.errors import ModelNotImportableError
from lambdaloop.domain.mlflow_model import ARCHIVE, KEPT, MLMODEL, ImportRequest, MlflowModel
from scripts.cli.arguments import Model
from scripts.cli.caller import caller_name
from scripts.cli.output import AsJson, console
from scripts.cli.stacks import find_deployment
from scripts.cli.train import follow_run, start_training

_WARNING = (
    "A pickle is code of whoever made it. It will not run here: it runs in the functions of {model}'s training workflow, which may read "
    "the training data of {model} and write its artifacts; and, once released, in its inference function. Import only what you trust."
)


def import_version(
    model: Model,
    source: Annotated[
        str, typer.Argument(help="The folder that mlflow.sklearn logged, on disk or as s3://BUCKET/PREFIX.")
    ],
    reason: Annotated[str | None, typer.Option(help="Why, for the audit trail.")] = None,
    yes: Annotated[
        bool, typer.Option("--yes", help="Do not ask whether the model is to be trusted.")
    ] = False,
    wait: Annotated[bool, typer.Option(help="Follow the run to its end.")] = True,
    as_json: AsJson = False,
) -> None:
    """Import a scikit-learn model that MLflow logged: evaluated, gated, packaged, registered and released like a trained one."""
    deployment = find_deployment(model)
    archive = pack(source)
    if not yes:
        console.print(_WARNING.format(model=model), style="yellow", highlight=False)
        typer.confirm("Import it?", abort=True)
    artifact = S3ArtifactStore(bucket=deployment.model_bucket).put(model, ARCHIVE, archive)
    request = ImportRequest(archive=artifact, source=_told(source))
    arn = start_training(
        deployment,
        requested_by=caller_name(),
        reason=reason or f"import of {request.source}",
        imported=to_document(request),
    )
    follow_run(arn, wait=wait, as_json=as_json)


def pack(source: str) -> bytes:
    """The zip file of a model's folder; ModelNotImportableError when it is none. The model is not loaded."""
    if not source.startswith("s3://"):
        return _packed(Path(source), source)
    with tempfile.TemporaryDirectory() as folder:
        _download(source, Path(folder))
        return _packed(Path(folder), source)


def _packed(folder: Path, source: str) -> bytes:
    description = folder / MLMODEL
    if not description.is_file():
        raise ModelNotImportableError(
            f"{source} has no file {MLMODEL}: give the folder that mlflow.sklearn logged"
        )
    try:
        model = MlflowModel.parse(yaml.safe_load(description.read_text(encoding="utf-8")))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ModelNotImportableError(f"{description} is no YAML: {error}") from error
    if not (folder / model.file).is_file():
        raise ModelNotImportableError(f"{source} has no file {model.file}, which {MLMODEL} names")
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in (MLMODEL, model.file, *KEPT):
            if (folder / name).is_file():  # the same files give the same bytes, whenever they were written
                archive.writestr(zipfile.ZipInfo(name), (folder / name).read_bytes())
    return stream.getvalue()


def _download(source: str, folder: Path) -> None:
    """The files directly below the prefix: MLflow puts the model and what describes it there."""
    place = urlsplit(source)
    prefix = place.path.strip("/") + "/"
    client = boto3.client("s3")
    pages = client.get_paginator("list_objects_v2").paginate(
        Bucket=place.netloc, Prefix=prefix, Delimiter="/"
    )
    for page in pages:
        for entry in page.get("Contents", []):
            name = PurePosixPath(entry["Key"]).name
            if entry["Key"] == prefix + name:
                client.download_file(place.netloc, entry["Key"], str(folder / name))


def _told(source: str) -> str:
    """Without what a machine calls its folders."""
    return source if source.startswith("s3://") else Path(source).resolve().name
