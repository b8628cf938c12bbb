"""The peers: how each one serves the pipeline, by its own documentation and with its own defaults."""

import json
import os
import shutil
import socket
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_CODE = Path(__file__).parent / "peer_code"


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """One peer that is ready to be started."""

    command: Sequence[str | Path]
    folder: Path
    environment: Mapping[str, str]
    port: int
    path: str
    body: bytes
    probability: Callable[[Any], float]
    """Of the second class, in the parsed answer to a request of one row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """A server that other people wrote."""

    name: str
    label: str
    package: str
    """Whose version is told."""
    prepare: Callable[["Place", Mapping[str, Any]], Server]
    """To be asked about that row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What a peer finds when it comes."""

    environment: Path
    """Its virtual environment."""
    pipeline: Path
    """The joblib file."""
    folder: Path
    """An empty one of its own."""
    new_port: Callable[[], int]


def free_port() -> int:
    """One that nobody listens on, of the loopback interface."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


def _fastapi(place: Place, row: Mapping[str, Any]) -> Server:
    shutil.copy(_CODE / "fastapi_server.py", place.folder)
    port = place.new_port()
    return Server(
        command=[
            place.environment / "bin" / "uvicorn",
            "fastapi_server:app",
            "--host",
            "127.0.0.1",
            "--port",
            str(port),
        ],
        folder=place.folder,
        environment=_variables(place, PIPELINE=str(place.pipeline)),
        port=port,
        path="/predict",
        body=json.dumps({"rows": [row]}).encode(),
        probability=lambda answer: float(answer[0][1]),
    )


def _mlflow(place: Place, row: Mapping[str, Any]) -> Server:
    saved, row_file, port = place.folder / "model", place.folder / "row.json", place.new_port()
    row_file.write_text(json.dumps(row))
    variables = _variables(place, MLFLOW_DISABLE_TELEMETRY="true")
    script = _CODE / "save_for_mlflow.py"
    done = subprocess.run(
        [place.environment / "bin" / "python", script, place.pipeline, row_file, saved],
        check=False,
        env=variables,
        cwd=place.folder,
        capture_output=True,
        text=True,
    )
    if done.returncode != 0:
        raise RuntimeError(f"MLflow cannot save the pipeline:\n{done.stderr[-3000:]}")
    options = ["--env-manager", "local", "--host", "127.0.0.1", "--port", str(port)]
    return Server(
        command=[place.environment / "bin" / "mlflow", "models", "serve", "--model-uri", saved, *options],
        folder=place.folder,
        environment=variables,
        port=port,
        path="/invocations",
        body=json.dumps({"dataframe_records": [row]}).encode(),
        probability=lambda answer: float(answer["predictions"][0][1]),
    )


def _bentoml(place: Place, row: Mapping[str, Any]) -> Server:
    shutil.copy(_CODE / "bentoml_server.py", place.folder)
    port = place.new_port()
    options = ["--host", "127.0.0.1", "--port", str(port)]
    return Server(
        command=[place.environment / "bin" / "bentoml", "serve", "bentoml_server:Forest", *options],
        folder=place.folder,
        environment=_variables(
            place,
            PIPELINE=str(place.pipeline),
            BENTOML_HOME=str(place.folder / "home"),
            BENTOML_DO_NOT_TRACK="True",
        ),
        port=port,
        path="/predict",
        body=json.dumps({"frame": [row]}).encode(),
        probability=lambda answer: float(answer[0][1]),
    )


def _mlserver(place: Place, row: Mapping[str, Any]) -> Server:
    port = place.new_port()
    settings = {
        "host": "127.0.0.1",
        "http_port": port,
        "grpc_port": place.new_port(),
        "metrics_port": place.new_port(),
    }
    model = {
        "name": "forest",
        "implementation": "mlserver_sklearn.SKLearnModel",
        "parameters": {"uri": str(place.pipeline)},
    }
    (place.folder / "settings.json").write_text(json.dumps(settings))
    (place.folder / "model-settings.json").write_text(json.dumps(model))
    return Server(
        command=[place.environment / "bin" / "mlserver", "start", place.folder],
        folder=place.folder,
        environment=_variables(place),
        port=port,
        path="/v2/models/forest/infer",
        body=json.dumps(
            {
                "parameters": {"content_type": "pd"},
                "inputs": [_tensor(name, value) for name, value in row.items()],
                "outputs": [{"name": "predict_proba"}],
            }
        ).encode(),
        probability=lambda answer: float(answer["outputs"][0]["data"][1]),
    )


def _tensor(name: str, value: object) -> Mapping[str, Any]:
    if isinstance(value, str):
        return {
            "name": name,
            "datatype": "BYTES",
            "shape": [1, 1],
            "data": [value],
            "parameters": {"content_type": "str"},
        }
    return {"name": name, "datatype": "FP64", "shape": [1, 1], "data": [value]}


def _variables(place: Place, **more: str) -> dict[str, str]:
    """What a shell has in which the environment is activated, and little else."""
    return {
        "PATH": os.pathsep.join([str(place.environment / "bin"), os.environ["PATH"]]),
        "VIRTUAL_ENV": str(place.environment),
        "HOME": str(place.folder),
        "LANG": "C.UTF-8",
        **more,
    }


PEERS: Sequence[Peer] = (
    Peer(name="fastapi", label="FastAPI + joblib", package="fastapi", prepare=_fastapi),
    Peer(name="mlflow", label="mlflow models serve", package="mlflow", prepare=_mlflow),
    Peer(name="bentoml", label="BentoML", package="bentoml", prepare=_bentoml),
    Peer(name="mlserver", label="MLServer", package="mlserver", prepare=_mlserver),
)
