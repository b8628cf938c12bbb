"""`lambdaloop data`: training data, where the next training finds them."""

from pathlib import Path
from typing import Annotated, Any

import boto3
import typer
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from lambdaloop.domain.errors import LambdaloopError
from scripts.cli.arguments import Model
from scripts.cli.output import AsJson, console, print_json, print_table, progress_console
from scripts.cli.stacks import find_deployment, stack_names

app = typer.Typer(help="Training data: put, list.", no_args_is_help=True)

Models = Annotated[Path, typer.Option(help="Folder with the model's definition.")]


class DataEmptyError(LambdaloopError):
    """A file without content is no training data."""


@app.command("put")
def put(
    model: Model,
    files: Annotated[list[Path], typer.Argument(help="Files of training data.", exists=True, dir_okay=False)],
    models: Models = Path("models"),
    as_json: AsJson = False,
) -> None:
    """Upload training data to the model's location; a file of the same name is replaced, its old versions stay."""
    for file in files:
        if not file.stat().st_size:
            raise DataEmptyError(f"{file} is empty: give a file with a header and rows")
    bucket, location = _place(model, models)
    client: Any = boto3.client("s3")
    keys = []
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=progress_console, transient=True) as progress:
        for file in files:
            task = progress.add_task(file.name, total=file.stat().st_size)
            key = f"{location}{file.name}"
            client.upload_file(
                str(file), bucket, key, Callback=lambda count, task=task: progress.advance(task, count)
            )
            keys.append(key)
    if as_json:
        print_json({"bucket": bucket, "keys": keys})
        return
    for key in keys:
        console.print(f"Uploaded s3://{bucket}/{key}", highlight=False)
    console.print(f"Next: `{stack_names().command(f'train {model}')}`", highlight=False)


@app.command("list")
def list_data(model: Model, models: Models = Path("models"), as_json: AsJson = False) -> None:
    """List the files that the next training reads."""
    bucket, location = _place(model, models)
    client: Any = boto3.client("s3")
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=location)
    found = [each for page in pages for each in page.get("Contents", [])]
    if as_json:
        print_json(
            [
                {"key": each["Key"], "bytes": each["Size"], "modified": each["LastModified"].isoformat()}
                for each in found
            ]
        )
        return
    rows = ((each["Key"], f"{each['Size']:,}", each["LastModified"]) for each in found)
    print_table(f"Training data of {model} in {bucket}", ("file", "bytes", "uploaded"), rows)


def _place(model: str, models: Path) -> tuple[str, str]:
    """The data bucket, and the prefix that the definition names."""
    from lambdaloop.definition_schema import load_definition

    path = models / f"{model}.yaml"
    if not path.is_file():
        raise typer.BadParameter(
            f"{path} does not exist: the definition says where its data lie; pass --models FOLDER"
        )
    return find_deployment(model).data_bucket, load_definition(path).data.location
