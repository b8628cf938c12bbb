"""`lambdaloop features`: puts features into the online store and its history, and shows what is stored about an entity."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Protocol

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from lambdaloop.adapters.dynamo_features import DynamoFeatureStore
from lambdaloop.adapters.s3_feature_history import S3FeatureHistory
from lambdaloop.domain.data_files import format_of
from lambdaloop.domain.documents import to_document
from lambdaloop.domain.errors import FeaturesInvalidError
from lambdaloop.domain.feature_file import read_feature_file, read_feature_records
from lambdaloop.domain.shared_groups import SharedGroup, shared_groups
from lambdaloop.domain.stored_features import StoredRow, read_values
from lambdaloop.services.put_features import put_features
from scripts.cli.output import AsJson, console, print_json, print_table, progress_console
from scripts.cli.stacks import find_features
from scripts.cli.typed_files import read_typed

app = typer.Typer(no_args_is_help=True, help="Stored features, which requests need not bring along.")

_Models = Annotated[Path, typer.Option(help="Folder with the definitions of all models.")]


@app.command("put")
def put(
    file: Annotated[
        Path,
        typer.Argument(
            help="A .csv, .jsonl or .parquet file with the entity's column, event_time (ISO 8601, UTC unless it says otherwise) and every "
            "feature of the group.",
            exists=True,
            dir_okay=False,
        ),
    ],
    group: Annotated[str, typer.Option(help="The group of the features, as definitions name it.")],
    models: _Models = Path("models"),
    as_json: AsJson = False,
) -> None:
    """Put rows: all of a file or, if something in it is wrong, nothing. After an interruption, put the same file again."""
    now = datetime.now(UTC)
    shared = _shared(models, group)
    rows = _read(file, shared, now)
    deployed = find_features()
    with _bar(len(rows)) as advance:
        done = put_features(
            rows,
            group=shared,
            store=DynamoFeatureStore(table=deployed.table),
            history=S3FeatureHistory(bucket=deployed.data_bucket),
            now=now,
            progress=advance,
        )
    if as_json:
        print_json({"group": group, **to_document(done)})
        return
    console.print(
        f"Put {done.rows} rows into {group}: {done.written} entities have new values, {done.kept} had as new ones already"
        + (f", {done.expired} are too old for any model." if done.expired else ".")
    )


def _read(file: Path, group: SharedGroup, now: datetime) -> list[StoredRow]:
    if format_of(file.name) != "parquet":
        return read_feature_file(file.read_bytes(), group, source=str(file), now=now)
    return read_feature_records(read_typed(file).rows(), group, source=str(file), now=now)


@app.command("get")
def get(
    entity: Annotated[str, typer.Argument(help="Whom the features are about.")],
    group: Annotated[list[str] | None, typer.Option(help="Only this group; may be given again.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show what is stored about an entity, expired or not."""
    deployed = find_features()
    if unknown := [name for name in group or () if name not in deployed.groups]:
        raise FeaturesInvalidError(
            f"no group is called {unknown[0]!r}: deployed are {', '.join(deployed.groups)}"
        )
    found = DynamoFeatureStore(table=deployed.table).stored(group or deployed.groups, entity)
    records = {name: _record(item) for name, item in sorted(found.items())}
    if as_json:
        print_json({"entity": entity, "groups": records})
        return
    print_table(
        f"Stored about {entity}",
        ("group", "event time", "put at", "expires", "values"),
        [
            (name, item["event_time"], item["put_at"], item.get("expires"), item["values"])
            for name, item in records.items()
        ],
    )


def _record(item: Any) -> dict[str, Any]:
    expires = item.get("expires")
    return {
        "event_time": item["event_time"],
        "put_at": item["put_at"],
        **({"expires": datetime.fromtimestamp(int(expires), UTC).isoformat()} if expires else {}),
        "values": read_values(item["values"]),
    }


def _shared(models: Path, group: str) -> SharedGroup:
    from lambdaloop.definition_schema import load_definitions  # it would keep every other command waiting

    groups = shared_groups(load_definitions(models))
    if group not in groups:
        known = ", ".join(groups) or "none"
        raise FeaturesInvalidError(
            f"no definition in {models} names a group {group!r} under online.groups: they name {known}"
        )
    return groups[group]


class _Advance(Protocol):
    def __call__(self, done: int, /) -> None: ...


@contextmanager
def _bar(rows: int) -> Iterator[_Advance]:
    with Progress(
        TextColumn("putting"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=progress_console,
        transient=True,
    ) as bar:
        task = bar.add_task("rows", total=rows)

        def advance(done: int, /) -> None:
            bar.advance(task, done)

        yield advance
