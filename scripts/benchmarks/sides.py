"""The two sides of every ratio as folders that a process can run from, made of the very packages that Lambda would get."""

import json
import os
import shutil
import subprocess
import sys
import time
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from infra import bytecode
from infra.layer_recipe import build_layer
from infra.packages import Packages
from infra.targets import find_target
from lambdaloop.domain.artifact import Artifact
from lambdaloop.domain.documents import Document, to_document
from lambdaloop.domain.gateway_event import post_event
from lambdaloop.domain.release import ReleasePin
from lambdaloop.settings import Settings
from scripts.benchmarks.trained_models import TrainedModel
from scripts.localcloud.lambda_host.runtime_dir import runtime_dir

PROJECT = Path(__file__).parents[2]
BUCKET = "bench-models"
_BASELINE_LAYER = Path(__file__).with_name("baseline_layer")
_SECONDS = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What one process measured."""

    cold_seconds: float
    """From starting the process to its first answer."""
    warm_seconds: list[float]
    """Of each further request."""
    resident_bytes: int
    """Of the process, after the last one."""
    answer: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """A handler, the folders on its path and what its environment says about a model."""

    name: str
    module: str
    path: list[Path]
    environments: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """By label of the model."""

    def run(self, model: TrainedModel, *, store: str, requests: int, folder: Path) -> Run:
        """One process: first answer, then that many requests. `store` is the address of the bucket."""
        event, figures = folder / "event.json", folder / "figures.json"
        event.write_text(json.dumps(request_event(model)))
        program = PROJECT / "scripts" / "benchmarks" / "measured_process.py"
        # -S and PYTHONPATH: the process sees the standard library and its own folders, never the virtual environment.
        command = [
            sys.executable,
            "-S",
            "-P",
            str(program),
            self.module,
            str(event),
            str(figures),
            str(requests),
        ]
        with (folder / "output").open("w") as output:
            started = time.perf_counter()
            process = subprocess.Popen(
                command,
                stdout=output,
                stderr=subprocess.PIPE,
                text=True,
                env={
                    "PATH": os.environ["PATH"],
                    "PYTHONPATH": os.pathsep.join(map(str, self.path)),
                    "AWS_REGION": "us-east-1",
                    "AWS_DEFAULT_REGION": "us-east-1",
                    "AWS_ACCESS_KEY_ID": "bench",
                    "AWS_SECRET_ACCESS_KEY": "bench",
                    "AWS_ENDPOINT_URL": store,
                    "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
                    **self.environments[model.label],
                },
            )
            with process:
                first = process.stderr.readline() if process.stderr else ""
                cold = time.perf_counter() - started
                _, rest = process.communicate(timeout=_SECONDS)
        if process.returncode != 0 or first != "answered\n":
            raise RuntimeError(f"{self.name} failed:\n{first}{rest}")
        result = json.loads(figures.read_text())
        return Run(
            cold_seconds=cold,
            warm_seconds=result["seconds"],
            resident_bytes=result["resident_bytes"],
            answer=result["answer"],
        )


def request_event(model: TrainedModel) -> Document:
    """What API Gateway hands on of a request with one row."""
    at = datetime.now(UTC)
    event = post_event("/models/bench/predict", {"rows": [model.row]}, request_id="bench", at=at)
    event["requestContext"]["apiId"] = "a1b2c3d4e5"  # traffic, so it is captured and counted
    return event


def lambdaloop_side(models: list[TrainedModel], folder: Path) -> Side:
    """The inference function with its three layers, unpacked as Lambda unpacks them."""
    packages = Packages(root=PROJECT, target=find_target("host"))
    opt, task = folder / "opt", folder / "task"
    for asset in (packages.core(), packages.third_party("serving")):
        _unpack(asset.path, opt)
    _unpack(packages.function("inference").path, task)
    environments = {}
    for model in models:
        _unpack(
            packages.definition(model.definition).path, opt
        )  # the same for all of them but for the candidate
        environments[model.label] = _pinned(model, opt)
    return Side(
        name="Lambdaloop",
        module="functions.inference.handler",
        path=[task, opt / "python", runtime_dir()],
        environments=environments,
    )


def baseline_side(models: list[TrainedModel], folder: Path) -> Side:
    """The baseline with the training layer's scikit-learn and pandas, and FastAPI in a layer made by the same recipe."""
    target = find_target("host")
    training, web, task = folder / "training", folder / "web", folder / "task"
    _unpack(Packages(root=PROJECT, target=target).third_party("training").path, training)
    (folder / "recipe").mkdir()
    build_layer(_BASELINE_LAYER, target=target, work=folder / "recipe", output=folder / "web.zip")
    _unpack(folder / "web.zip", web)
    task.mkdir(parents=True)
    shutil.copy(Path(__file__).parent / "baseline_handler.py", task)
    bytecode.compile_beside(task, interpreter=sys.executable, seen_at="/var/task")
    return Side(
        name="baseline",
        module="baseline_handler",
        path=[task, training / "python", web / "python", runtime_dir()],
        environments={model.label: {"BUCKET": BUCKET, "KEY": model.pipeline.name} for model in models},
    )


def _pinned(model: TrainedModel, opt: Path) -> Mapping[str, str]:
    content = model.bundle.read_bytes()
    bundle = Artifact(
        key=model.bundle.name, version_id="1", sha256=sha256(content).hexdigest(), size=len(content)
    )
    pin = json.dumps(to_document(ReleasePin(model="bench", release=1, version=1, bundle=bundle)))
    settings = Settings(model="bench", model_bucket=BUCKET, entity_salt="bench", pin=pin)
    return {**settings.to_env(), "LAMBDALOOP_OPT": str(opt)}


def _unpack(package: Path, folder: Path) -> None:
    with zipfile.ZipFile(package) as archive:
        archive.extractall(folder)
