"""`lambdaloop feedback`: labels in bulk, as a CSV file that the watch reads from the data bucket."""

import hashlib
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import boto3
import typer

from lambdaloop.domain.capture_layout import feedback_prefix
from lambdaloop.domain.captured import LineUnreadableError, read_label_row
from lambdaloop.domain.csv_rows import read_csv
from lambdaloop.domain.definition import ModelDefinition
from lambdaloop.domain.errors import DefinitionInvalidError, LambdaloopError
from lambdaloop.domain.labels import TargetReader
from scripts.cli.arguments import Model
from scripts.cli.output import AsJson, console, print_json
from scripts.cli.stacks import find_deployment

_ID, _VALUES, _TIME = "prediction_id", ("actual", "reward"), "observed_at"
_SHOWN = 20
_END_OF_TIME = datetime(9999, 1, 1, tzinfo=UTC)


class FeedbackInvalidError(LambdaloopError):
    """A file of labels that the watch could not read; nothing was uploaded."""


def feedback(
    model: Model,
    file: Annotated[
        Path,
        typer.Argument(
            help="A CSV file with the columns prediction_id, actual or reward or both, and perhaps observed_at (ISO 8601 with a "
            "time zone).",
            exists=True,
            dir_okay=False,
        ),
    ],
    models: Annotated[Path, typer.Option(help="Folder with the model's definition.")] = Path("models"),
    as_json: AsJson = False,
) -> None:
    """Check a file of labels and upload it; labels may come late, twice and in any order."""
    content = file.read_bytes()
    count = check_labels(content, source=str(file), definition=_definition(models, model))
    bucket = find_deployment(model).data_bucket
    # Named by its content: the same file again is the same object, and another one never replaces it.
    key = f"{feedback_prefix(model)}{file.stem}-{hashlib.sha256(content).hexdigest()[:12]}.csv"
    client: Any = boto3.client("s3")
    client.put_object(Bucket=bucket, Key=key, Body=content, ContentType="text/csv")
    if as_json:
        print_json({"bucket": bucket, "key": key, "labels": count})
        return
    console.print(f"Uploaded {count} labels to s3://{bucket}/{key}: the next watch reads them.")


def check_labels(content: bytes, *, source: str, definition: ModelDefinition) -> int:
    """How many labels a file has, read as the watch reads them; only what the future is, its clock alone can say.

    DatasetInvalidError when it is no CSV, FeedbackInvalidError with the first problems of its header or its rows.
    """
    columns, rows = read_csv(content, source=source)
    if problem := _header_problem(columns):
        raise FeedbackInvalidError(f"{source}: {problem}")
    read = [dict(zip(columns, row, strict=True)) for row in rows]
    if not read:
        raise FeedbackInvalidError(f"{source}: the file has a header but no labels")
    problems = _problems(read, definition)
    if first := list(islice(problems, _SHOWN)):
        others = sum(1 for _ in problems)
        more = [f"and {others} more"] if others else []
        raise FeedbackInvalidError("\n".join([f"{source}: nothing was uploaded", *first, *more]))
    return len(read)


def _header_problem(columns: Sequence[str]) -> str | None:
    if _ID not in columns or not {*_VALUES} & {*columns}:
        missing = _ID if _ID not in columns else _VALUES[0]
        return (
            f"column {missing!r} is missing: the header must be prediction_id, then actual or reward or both, "
            "and observed_at if wanted"
        )
    if unknown := [name for name in columns if name not in (_ID, *_VALUES, _TIME)]:
        return f"column {unknown[0]!r} is unknown here: remove it"
    return None


def _problems(rows: Sequence[dict[str, str]], definition: ModelDefinition) -> Iterator[str]:
    target = TargetReader(definition.task, definition.classes)
    wanted = (
        f"one of the classes {', '.join(map(repr, definition.classes[:10]))}"
        if definition.classes
        else "a finite number"
    )
    for number, row in enumerate(rows, start=1):
        try:
            label = read_label_row(row, model=definition.name, now=_END_OF_TIME)
        except LineUnreadableError as error:
            yield f"row {number}: {error.reason}"
            continue
        if label.actual is not None and target.read(label.actual) is None:
            yield f"row {number}: actual must be {wanted}, got {label.actual!r}"


def _definition(models: Path, model: str) -> ModelDefinition:
    from lambdaloop.definition_schema import load_definitions  # it would keep every other command waiting

    for definition in load_definitions(models):
        if definition.name == model:
            return definition
    raise DefinitionInvalidError(
        f"no definition in {models} is of model {model!r}: pass --models with the folder that has it"
    )
