"""Trains and packages a model with nothing but the core layer, the training layer and the functions' packages.

Run as a program in an isolated process: `train.py DEFINITION FOLDER`. Leaves in FOLDER a bundle for each runtime, prints what it did.
"""

import hashlib
import json
import random
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from functions.collect_labelled.handler import handle as collect_labelled
from functions.evaluate_candidates.handler import handle as evaluate_candidates
from functions.package_model.handler import handle as package_model
from functions.resolve_dataset.handler import handle as resolve_dataset
from functions.train_candidate.handler import handle as train_candidate
from functions.validate_dataset.handler import handle as validate_dataset
from lambdaloop.adapters.system_clock import SystemClock
from lambdaloop.domain.artifact import Artifact
from lambdaloop.domain.dataset import DataObject
from lambdaloop.domain.definition import ModelDefinition
from lambdaloop.domain.definition_digest import definition_digest
from lambdaloop.domain.documents import from_document


class Buckets:
    """All buckets, and a registry that knows nothing yet."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.stored: dict[str, bytes] = {}

    def objects(self, prefix: str, *, suffixes: tuple[str, ...]) -> list[DataObject]:  # noqa: ARG002
        return [DataObject(key=f"{prefix}data.csv", version_id="1", size=len(self.data))]

    def read(self, key: str, version_id: str, *, bucket: str | None = None) -> bytes:  # noqa: ARG002
        return self.data

    def put(self, model: str, name: str, content: bytes) -> Artifact:
        sha256 = hashlib.sha256(content).hexdigest()
        key = f"models/{model}/artifacts/{sha256}/{name}"
        self.stored[key] = content
        return Artifact(key=key, version_id="1", sha256=sha256, size=len(content))

    def get(self, artifact: Artifact) -> bytes:
        return self.stored[artifact.key]

    def start_run(self, run: Any) -> Any:
        return run

    def alias(self, model: str, name: str) -> None:
        """No champion."""


def customers(rows: int) -> bytes:
    """Long-standing customers with yearly contracts stay, more or less."""
    chance = random.Random(0)
    lines = ["customer,tenure,contract,churned"]
    for number in range(rows):
        tenure, contract = chance.randrange(100), chance.choice(["month", "year"])
        stays = tenure + 40 * (contract == "year") + chance.gauss(0, 15) > 60
        lines.append(f"c{number},{tenure},{contract},{'no' if stays else 'yes'}")
    return "\n".join(lines).encode()


def main(definition: Path, folder: Path) -> None:
    buckets = Buckets(customers(600))
    app: Any = SimpleNamespace(
        definition=from_document(ModelDefinition, json.loads(definition.read_bytes())),
        archive=buckets,
        artifacts=buckets,
        datasets=buckets,
        registry=buckets,
        clock=SystemClock(),
    )
    state: dict[str, Any] = {"run": {"id": "run", "model": "churn", "reason": "test", "requested_by": "test"}}
    state["captured"] = collect_labelled(state, app)
    state["dataset"] = resolve_dataset(state, app)
    state["validation"] = validate_dataset(state, app)
    names = state["validation"]["candidates"]
    state["candidates"] = [train_candidate({**state, "candidate": name}, app) for name in names]
    state["evaluation"] = evaluate_candidates(state, app)
    for name, runtime in (("bundle.zip", "compiled"), ("bundle-sklearn.zip", "sklearn")):
        serving = replace(app.definition.serving, runtime=runtime)
        app.definition = replace(app.definition, serving=serving)
        state["dataset"]["definition"] = definition_digest(app.definition)
        files = package_model(state, app)["files"]
        (folder / name).write_bytes(buckets.get(from_document(Artifact, files["bundle.zip"])))
    seen = sorted({str(path) for path in sys.path if "site-packages" in str(path)})
    sys.stdout.write(json.dumps({"candidates": state["candidates"], "foreign_paths": seen}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
