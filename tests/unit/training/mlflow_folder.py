"""Writes a model as `mlflow.sklearn.save_model` of MLflow 3.17 lays it out; `mlflow` itself stays out of the environment."""

import io
import json
import pickle
import sys
import zipfile
from pathlib import Path
from typing import Any

import cloudpickle
import sklearn
import yaml


def mlmodel(inputs: dict[str, str] | None, **changes: Any) -> dict[str, Any]:
    """What MLmodel says; `changes` are of the scikit-learn flavor."""
    document: dict[str, Any] = {
        "flavors": {
            "python_function": {
                "env": {"conda": "conda.yaml", "virtualenv": "python_env.yaml"},
                "loader_module": "mlflow.sklearn",
                "model_path": "model.pkl",
                "predict_fn": "predict",
                "python_version": ".".join(map(str, sys.version_info[:3])),
            },
            "sklearn": {
                "code": None,
                "pickled_model": "model.pkl",
                "serialization_format": "cloudpickle",
                "sklearn_version": sklearn.__version__,
                "skops_trusted_types": None,
            }
            | changes,
        },
        "mlflow_version": "3.17.2",
        "model_uuid": "54dcf269926844fd9a6e174d84b7e1c4",
        "run_id": "6c7d0b3f9e4a4f0d8a1f6f5b7e2c1d00",
        "utc_time_created": "2026-11-22 02:16:25.757721",
    }
    if inputs is not None:
        columns = [{"type": kind, "name": name, "required": True} for name, kind in inputs.items()]
        document["signature"] = {"inputs": json.dumps(columns), "outputs": None, "params": None}
    return document


def write_folder(folder: Path, model: Any, inputs: dict[str, str] | None, **changes: Any) -> Path:
    """The folder with MLmodel, the model and its requirements."""
    folder.mkdir(parents=True, exist_ok=True)
    document = mlmodel(inputs, **changes)
    dump = (
        pickle.dumps
        if document["flavors"]["sklearn"]["serialization_format"] == "pickle"
        else cloudpickle.dumps
    )
    (folder / "MLmodel").write_text(yaml.safe_dump(document), encoding="utf-8")
    (folder / "model.pkl").write_bytes(dump(model))
    (folder / "requirements.txt").write_text(f"mlflow==3.17.2\nscikit-learn=={sklearn.__version__}\n")
    return folder


def archive(document: Any, model: bytes = b"") -> bytes:
    """The zip file that the command line makes of such a folder."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as folder:
        folder.writestr("MLmodel", yaml.safe_dump(document))
        folder.writestr("model.pkl", model)
    return stream.getvalue()
