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
    prepare: Callable[[Path, Path, Mapping[str, Any], Path], Server]
    """(its environment, the joblib file, one row, an empty folder) → Server"""


def free_port() -> int:
    """One that nobody listens on, of the loopback interface."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


def _fastapi(environment: Path, pipeline: Path, row: Mapping[str, Any], folder: Path) -> Server:
    shutil.copy(_CODE / "fastapi_server.py", folder)
    port = free_port()
    return Server(
        command=[
            environment / "bin" / "uvicorn",
            "fastapi_server:app",
            "--host",
            "127.0.0.1",
            "--port",
            str(port),
        ],
        folder=folder,
        environment=_variables(environment, folder, PIPELINE=str(pipeline)),
        port=port,
        path="/predict",
        body=json.dumps({"rows": [row]}).encode(),
        probability=lambda answer: float(answer[0][1]),
    )


def _mlflow(environment: Path, pipeline: Path, row: Mapping[str, Any], folder: Path) -> Server:
    saved, row_file, port = folder / "model", folder / "row.json", free_port()
    row_file.write_text(json.dumps(row))
    variables = _variables(environment, folder, MLFLOW_DISABLE_TELEMETRY="true")
    script = _CODE / "save_for_mlflow.py"
    subprocess.run(
        [environment / "bin" / "python", script, pipeline, row_file, saved],
        check=True,
        env=variables,
        cwd=folder,
        capture_output=True,
        text=True,
    )
    options = ["--env-manager", "local", "--host", "127.0.0.1", "--port", str(port)]
    return Server(
        command=[environment / "bin" / "mlflow", "models", "serve", "--model-uri", saved, *options],
        folder=folder,
        environment=variables,
        port=port,
        path="/invocations",
        body=json.dumps({"dataframe_records": [row]}).encode(),
        probability=lambda answer: float(answer["predictions"][0][1]),
    )


def _bentoml(environment: Path, pipeline: Path, row: Mapping[str, Any], folder: Path) -> Server:
    shutil.copy(_CODE / "bentoml_server.py", folder)
    port = free_port()
    options = ["--host", "127.0.0.1", "--port", str(port)]
    return Server(
        command=[environment / "bin" / "bentoml", "serve", "bentoml_server:Forest", *options],
        folder=folder,
        environment=_variables(
            environment,
            folder,
            PIPELINE=str(pipeline),
            BENTOML_HOME=str(folder / "home"),
            BENTOML_DO_NOT_TRACK="True",
        ),
        port=port,
        path="/predict",
        body=json.dumps({"frame": [row]}).encode(),
        probability=lambda answer: float(answer[0][1]),
    )


def _mlserver(environment: Path, pipeline: Path, row: Mapping[str, Any], folder: Path) -> Server:
    port = free_port()
    settings = {"host": "127.0.0.1", "http_port": port, "grpc_port": free_port(), "metrics_port": free_port()}
    model = {
        "name": "forest",
        "implementation": "mlserver_sklearn.SKLearnModel",
        "parameters": {"uri": str(pipeline)},
    }
    (folder / "settings.json").write_text(json.dumps(settings))
    (folder / "model-settings.json").write_text(json.dumps(model))
    return Server(
        command=[environment / "bin" / "mlserver", "start", folder],
        folder=folder,
        environment=_variables(environment, folder),
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


def _variables(environment: Path, folder: Path, **more: str) -> dict[str, str]:
    """What a shell has in which the environment is activated, and little else."""
    return {
        "PATH": os.pathsep.join([str(environment / "bin"), os.environ["PATH"]]),
        "VIRTUAL_ENV": str(environment),
        "HOME": str(folder),
        "LANG": "C.UTF-8",
        **more,
    }


PEERS: Sequence[Peer] = (
    Peer(name="fastapi", label="FastAPI + joblib", package="fastapi", prepare=_fastapi),
    Peer(name="mlflow", label="mlflow models serve", package="mlflow", prepare=_mlflow),
    Peer(name="bentoml", label="BentoML", package="bentoml", prepare=_bentoml),
    Peer(name="mlserver", label="MLServer", package="mlserver", prepare=_mlserver),
)
