"""`lambdaloop init`: from a file of data to a commented model definition."""

from pathlib import Path
from typing import Annotated

import typer

from lambdaloop.domain.data_files import format_of
from lambdaloop.domain.definition import ModelDefinition
from lambdaloop.domain.definition_text import render_yaml
from scripts.cli.output import console
from scripts.cli.stacks import stack_names
from scripts.cli.typed_files import read_typed


def init(
    data: Annotated[
        Path,
        typer.Argument(
            help="A .csv file with a header, a .parquet or a .jsonl file.", exists=True, dir_okay=False
        ),
    ],
    target: Annotated[str, typer.Option(help="The column to predict.")],
    entity: Annotated[
        str | None, typer.Option(help="The column that says who a row is about; never a feature.")
    ] = None,
    name: Annotated[
        str | None, typer.Option(help="Name of the model (default: from the file's name).")
    ] = None,
    models: Annotated[Path, typer.Option(help="Folder to write to.")] = Path("models"),
    force: Annotated[bool, typer.Option(help="Replace an existing definition.")] = False,
) -> None:
    """Write models/NAME.yaml with the inferred schema, commented, ready to edit and deploy."""
    path = models / f"{name or model_name(data)}.yaml"
    if path.exists() and not force:
        console.print(
            f"{path} exists already: pass --force to replace it, or --name for another", style="red"
        )
        raise typer.Exit(1)
    definition = write_definition(data, target=target, entity=entity, name=name, models=models)
    names = stack_names()
    console.print(
        f"Wrote {path}: {definition.task}, {len(definition.features)} features, target {definition.target}."
    )
    console.print(
        f"Read it through, then `{names.cdk('deploy --all')}`, upload the data below {definition.data.location!r} and"
    )
    console.print(f"`{names.command(f'train {definition.name}')}`.")


def write_definition(
    data: Path, *, target: str, entity: str | None, name: str | None, models: Path
) -> ModelDefinition:
    """Infer the definition of a file, write it below `models` and read it back.

    Raises DatasetInvalidError when the file cannot be a training set for that target.
    """
    # Here, because what they load would keep every other command waiting.
    from lambdaloop.definition_schema import parse_definition
    from lambdaloop.domain.schema_inference import infer_definition, infer_from_columns

    name = name or model_name(data)
    if format_of(data.name) in (None, "csv"):
        inferred = infer_definition(data.read_bytes(), name=name, target=target, entity=entity)
    else:
        typed = read_typed(data)
        inferred = infer_from_columns(typed.texts, words=typed.words, name=name, target=target, entity=entity)
    text = render_yaml(inferred)
    path = models / f"{inferred.definition.name}.yaml"
    definition = parse_definition(text, source=str(path))
    models.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return definition


def model_name(data: Path) -> str:
    """A model name from a file name: lower case letters, digits and hyphens."""
    words = "".join(c if c.isascii() and c.isalnum() else " " for c in data.stem.lower()).split()
    name = "-".join(words)
    if not name[:1].isalpha() or len(name) < 2:
        name = f"model-{name}"
    return name[:40].rstrip("-")
