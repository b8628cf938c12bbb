"""`lambdaloop keys`: who may ask a model with an API key, and how often.

A key is shown once, when it is made; the registry keeps a hash of its secret.
"""

from datetime import UTC, datetime
from typing import Annotated, Any

import boto3
import typer

from lambdaloop.adapters.aws_clock import AwsClock
from lambdaloop.adapters.dynamo_api_keys import DynamoApiKeys
from lambdaloop.adapters.dynamo_table import DynamoTable
from lambdaloop.domain.api_key import ApiKey, PresentedKey, new_key
from lambdaloop.domain.documents import Document, to_document
from lambdaloop.domain.errors import LambdaloopError
from lambdaloop.domain.throttle import MAX_BURST, MAX_RATE, Throttle
from lambdaloop.ports import ApiKeys, Clock
from scripts.cli.caller import caller_name
from scripts.cli.output import AsJson, console, print_fields, print_json, print_table
from scripts.cli.stacks import find_deployment

app = typer.Typer(help="API keys of clients: create, list, revoke.", no_args_is_help=True)

Model = Annotated[str, typer.Option("--model", help="Name of the model.")]


class KeyInvalidError(LambdaloopError):
    """A key was asked for that cannot be made; the message says why."""


@app.command("create")
def create(
    client: Annotated[
        str, typer.Argument(help="Whom the key is for: a short name, which logs and limits show.")
    ],
    model: Annotated[list[str], typer.Option("--model", help="A model that it opens; may be given again.")],
    rate: Annotated[
        float,
        typer.Option(help="Requests per second in the long run, for each model.", min=0.001, max=MAX_RATE),
    ] = 10.0,
    burst: Annotated[int, typer.Option(help="Requests at once.", min=1, max=MAX_BURST)] = 50,
    expires: Annotated[
        datetime | None,
        typer.Option(
            help="When it ends by itself, UTC (default: never).", formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"]
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make a key and show it, once. A client may have several: to exchange one, make another and revoke the first."""
    tables = [find_deployment(each).registry_table for each in model]  # every model must be there
    keys, clock = _keys(tables[0])
    keys.keys(model[0])  # AWS tells its time with it
    secret, record = make_key(
        client,
        models=tuple(model),
        throttle=Throttle(rate=rate, burst=burst),
        expires=None if expires is None else expires.replace(tzinfo=UTC),
        by=caller_name(),
        keys=keys,
        clock=clock,
    )
    if as_json:
        print_json({"key": secret.text, **as_document(record, clock.now())})
        return
    print_fields(f"Key {record.id}", _fields(record, clock.now()))
    console.print("\nThe key, which is not shown again; send it as the header x-api-key:")
    typer.echo(secret.text)


@app.command("list")
def list_keys(model: Model, as_json: AsJson = False) -> None:
    """List the keys that were ever made for a model, newest first."""
    keys, clock = _keys(find_deployment(model).registry_table)
    found = keys.keys(model)
    now = clock.now()
    if as_json:
        print_json([as_document(each, now) for each in found])
        return
    print_table(
        f"Keys of {model}",
        ("key", "client", "status", "rate", "burst", "created", "by", "expires", "models"),
        (
            (
                each.id,
                each.client,
                each.status(now),
                f"{each.throttle.rate:g}/s",
                each.throttle.burst,
                each.created_at,
                each.created_by,
                each.expires_at,
                ", ".join(each.models),
            )
            for each in found
        ),
    )


@app.command("revoke")
def revoke(
    key: Annotated[str, typer.Argument(help="Id of the key, its part between the underscores.")],
    model: Model,
    as_json: AsJson = False,
) -> None:
    """End a key for all of its models, from the next request on."""
    keys, clock = _keys(find_deployment(model).registry_table)
    keys.keys(model)  # AWS tells its time with it
    ended = keys.revoke_key(model, key, actor=caller_name(), at=clock.now())
    if as_json:
        print_json(as_document(ended, clock.now()))
        return
    console.print(f"Key {ended.id} of {ended.client} is revoked for {', '.join(ended.models)}", markup=False)


def make_key(
    client: str,
    *,
    models: tuple[str, ...],
    throttle: Throttle,
    expires: datetime | None,
    by: str,
    keys: ApiKeys,
    clock: Clock,
) -> tuple[PresentedKey, ApiKey]:
    """A new key and its record; KeyInvalidError says what is wrong with what was asked for."""
    secret, now = new_key(), clock.now()
    try:
        record = ApiKey(
            id=secret.id,
            client=client,
            models=models,
            secret_sha256=secret.secret_sha256,
            created_by=by,
            created_at=now,
            throttle=throttle,
            expires_at=expires,
        )
    except ValueError as error:
        raise KeyInvalidError(str(error)) from error
    keys.create_key(record)
    return secret, record


def as_document(record: ApiKey, now: datetime) -> Document:
    """What programs are told about a key: all but the hash."""
    told = {name: value for name, value in to_document(record).items() if name != "secret_sha256"}
    return {**told, "status": record.status(now)}


def _fields(record: ApiKey, now: datetime) -> Document:
    return {
        "client": record.client,
        "models": ", ".join(record.models),
        "status": record.status(now),
        "rate": f"{record.throttle.rate:g} requests per second, {record.throttle.burst} at once",
        "expires": record.expires_at,
    }


def _keys(table: str) -> tuple[DynamoApiKeys, AwsClock]:
    """The keys, and the time of the cloud that they are in."""
    client: Any = boto3.client("dynamodb")
    return DynamoApiKeys(DynamoTable(table, client=client)), AwsClock(client)
