"""`lambdaloop predict`: signed HTTPS calls to a model."""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import boto3
import typer
import urllib3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.exceptions import NoCredentialsError

from lambdaloop.domain import csv_rows
from lambdaloop.domain.data_files import format_of
from lambdaloop.domain.errors import LambdaloopError
from scripts.cli.arguments import Model
from scripts.cli.output import AsJson, console, print_json, print_table
from scripts.cli.stacks import Deployment, find_deployment
from scripts.cli.typed_files import read_typed

_BATCH = 20  # also fits the size limit of models with a thousand classes


class PredictionRefusedError(LambdaloopError):
    """The endpoint answered with an error status."""


class SignedClient:
    """Posts JSON with the caller's AWS credentials (SigV4, service execute-api) over kept-alive connections."""

    def __init__(self) -> None:
        session = boto3.Session()
        credentials = session.get_credentials()
        if credentials is None:
            raise NoCredentialsError
        self._signer = SigV4Auth(credentials.get_frozen_credentials(), "execute-api", session.region_name)
        self._pool = urllib3.PoolManager(retries=False, timeout=urllib3.Timeout(connect=5, read=30))

    def post(self, url: str, document: Mapping[str, Any]) -> tuple[int, Any]:
        """Send one document; returns the status and the parsed answer."""
        return self._send("POST", url, json.dumps(document).encode())

    def get(self, url: str) -> tuple[int, Any]:
        """Read one document; returns the status and the parsed answer."""
        return self._send("GET", url, None)

    def _send(self, method: str, url: str, body: bytes | None) -> tuple[int, Any]:
        request = AWSRequest(method=method, url=url, data=body, headers={"content-type": "application/json"})
        self._signer.add_auth(request)
        try:
            answer = self._pool.request(method, url, body=body, headers=dict(request.headers.items()))
            return answer.status, json.loads(answer.data or b"null")
        except urllib3.exceptions.HTTPError as error:
            raise PredictionRefusedError(f"{url} cannot be reached: {error}") from error
        except json.JSONDecodeError as error:
            raise PredictionRefusedError(f"{url} answered with something else than JSON") from error


def predict(
    model: Model,
    row: Annotated[list[str] | None, typer.Option(help="One row as JSON; may be given again.")] = None,
    rows: Annotated[
        Path | None,
        typer.Option(
            help="A .json file with a list of rows, or a .csv, .parquet or .jsonl file.",
            exists=True,
            dir_okay=False,
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Ask a model for predictions."""
    deployment, client = find_deployment(model), SignedClient()
    wanted = [_parse(text) for text in row or ()]
    if rows is not None and rows.suffix.lower() == ".csv":
        wanted += read_csv(rows, _column_types(client, deployment, _csv_columns(rows)))
    elif rows is not None and format_of(rows.name):
        found = read_typed(rows)
        types = _column_types(client, deployment, found.columns)
        wanted += [
            {name: _fitting(value, types[name]) for name, value in row.items() if name in types}
            for row in found.rows()
        ]
    elif rows is not None:
        wanted += _parse_file(rows)
    if not wanted:
        raise typer.BadParameter("give --row or --rows")
    predictions: list[dict[str, Any]] = []
    for batch in _batches(wanted):
        predictions += _answered(
            deployment.predict_url, *client.post(deployment.predict_url, {"rows": batch})
        )["predictions"]
    if as_json:
        print_json(predictions)
        return
    print_table(
        f"Predictions of {model}",
        ("value", "probabilities", "version", "prediction id"),
        ((p["value"], p["probabilities"], p["model_version"], p["prediction_id"]) for p in predictions),
    )
    console.print(f"{len(predictions)} rows")


def input_types(client: SignedClient, deployment: Deployment) -> dict[str, str]:
    """The released model's input columns and their Open Inference Protocol datatypes, as its metadata names them."""
    url = f"{deployment.api_endpoint}/v2/models/{deployment.model}"
    return {tensor["name"]: tensor["datatype"] for tensor in _answered(url, *client.get(url))["inputs"]}


def _column_types(client: SignedClient, deployment: Deployment, columns: Collection[str]) -> dict[str, str]:
    """Those of the inputs; where the file lacks some, which may be stored, also whom its rows are about."""
    types = input_types(client, deployment)
    if types.keys() <= set(columns):
        return types
    url = f"{deployment.api_endpoint}/models/{deployment.model}/schema"
    others = [name for name in _answered(url, *client.get(url))["properties"] if name not in types]
    return {**types, **dict.fromkeys(others, "BYTES")}


def _fitting(value: Any, datatype: str) -> Any:
    """A whole number where text is wanted is an identifier or a category, and training took its digits, too."""
    return str(value) if datatype == "BYTES" and type(value) is int else value


def _csv_columns(path: Path) -> tuple[str, ...]:
    return csv_rows.read_csv(path.read_bytes(), source=str(path))[0]


def read_csv(path: Path, types: Mapping[str, str]) -> list[dict[str, Any]]:
    """The rows of a CSV file as the model takes them: its columns only, typed as it says, blanks as null."""
    columns, rows = csv_rows.read_csv(path.read_bytes(), source=str(path))
    known = [(name, columns.index(name), datatype) for name, datatype in types.items() if name in columns]
    return [{name: _cell(row[index], datatype) for name, index, datatype in known} for row in rows]


def _cell(text: str, datatype: str) -> Any:
    """One CSV cell; text that is not of the wanted type stays text, so that the endpoint can say which row it is."""
    if not text.strip():
        return None
    try:
        number = float(text) if datatype in ("FP64", "INT64") else 0.0
    except ValueError:
        return text
    if datatype == "INT64" and number.is_integer():
        return int(number)
    if datatype in ("FP64", "INT64"):
        return number
    return {"true": True, "false": False}.get(text.strip().lower(), text) if datatype == "BOOL" else text


def _answered(url: str, status: int, answer: Any) -> Any:
    if status != 200:
        raise PredictionRefusedError(f"{url} answered {status}: {json.dumps(answer)}")
    return answer


def _parse_file(path: Path) -> list[dict[str, Any]]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise typer.BadParameter(f"{path} must hold a list of JSON objects: {error}") from error
    rows = found if isinstance(found, list) else [found]
    if not all(isinstance(row, dict) for row in rows):
        raise typer.BadParameter(f"{path} must hold a list of JSON objects")
    return rows


def _parse(text: str) -> dict[str, Any]:
    try:
        row = json.loads(text)
    except json.JSONDecodeError as error:
        raise typer.BadParameter(
            f"--row must be a JSON object such as '{{\"age\": 41}}', got {text!r}"
        ) from error
    if not isinstance(row, dict):
        raise typer.BadParameter(f"--row must be a JSON object, got {text!r}")
    return row


def _batches(rows: Sequence[dict[str, Any]]) -> Iterator[Sequence[dict[str, Any]]]:
    for start in range(0, len(rows), _BATCH):
        yield rows[start : start + _BATCH]
