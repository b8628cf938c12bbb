"""The real layers, built for the machine at hand, do their work in a process that sees nothing else.

The training layer trains a model; the serving layer answers predictions of that very model.
"""

import json
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from infra.assets import Asset
from infra.layer_assets import LAYERS
from infra.packages import Packages
from infra.targets import find_target
from lambdaloop.definition_schema import load_definition
from tests.infra.synthesis import DEFINITIONS, PROJECT

CANARIES = Path(__file__).with_name("canary")
PACKAGES = Packages(root=PROJECT, target=find_target("host"))
FITTING = (
    "collect_labelled",
    "resolve_dataset",
    "validate_dataset",
    "train_candidate",
    "evaluate_candidates",
    "package_model",
)


@pytest.fixture(scope="module")
def lambda_(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What Lambda unpacks: functions to task/, layers to opt/ (core, definition) and opt-LAYER/."""
    root = tmp_path_factory.mktemp("lambda")
    definition = load_definition(DEFINITIONS / "churn.yaml")
    for verb in (*FITTING, "check_parity", "inference"):
        _unpack(PACKAGES.function(verb), root / "task")
    for asset in (PACKAGES.core(), PACKAGES.definition(definition)):
        _unpack(asset, root / "opt")
    for layer in LAYERS:
        _unpack(PACKAGES.third_party(layer), root / f"opt-{layer}")
    return root


@pytest.fixture(scope="module")
def trained(lambda_: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("trained")
    definition = lambda_ / "opt/model/definition.json"
    return folder, _isolated(lambda_, "training", "train.py", str(definition), str(folder))


def _unpack(asset: Asset, folder: Path) -> None:
    with zipfile.ZipFile(asset.path) as archive:
        archive.extractall(folder)


def _isolated(lambda_: Path, layer: str, program: str, *arguments: str) -> dict[str, Any]:
    """Run a canary without site-packages (-S) and without its own folder on the path (-P)."""
    folders = [lambda_ / "task", lambda_ / "opt/python", lambda_ / f"opt-{layer}/python"]
    done = subprocess.run(
        [sys.executable, "-S", "-P", "-W", "error", CANARIES / program, *arguments],
        env={
            "PYTHONPATH": ":".join(map(str, folders)),
            "LAMBDALOOP_OPT": str(lambda_ / "opt"),
            "LAMBDALOOP_MODEL": "churn",
            "LAMBDALOOP_MODEL_BUCKET": "models",
            "LAMBDALOOP_ENTITY_SALT": "salt",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout.splitlines()[-1]))


def test_the_training_layer_trains_and_packages_a_model(trained: tuple[Path, dict[str, Any]]) -> None:
    _, report = trained
    assert {each["name"] for each in report["candidates"]} == {"linear", "forest"}
    assert all(each["score"] > 0.8 for each in report["candidates"])
    assert report["foreign_paths"] == []


@pytest.mark.parametrize(
    ("layer", "bundle"), [("serving", "bundle.zip"), ("serving-sklearn", "bundle-sklearn.zip")]
)
def test_a_serving_layer_answers_as_the_training_layer_did(
    layer: str, bundle: str, lambda_: Path, trained: tuple[Path, dict[str, Any]]
) -> None:
    folder, _ = trained
    report = _isolated(lambda_, layer, "predict.py", str(folder / bundle))
    assert report["values"] == ["yes", "no"]
    assert report["parity"]["rows"] > 0
    assert report["parity"]["worst_difference"] <= 1e-6
    assert report["status"] == 503, "nothing is released"
    assert report["foreign_paths"] == []


@pytest.mark.parametrize(
    ("layer", "absent"),
    [
        ("serving", ("fastapi", "sklearn", "pandas", "scipy", "joblib")),
        ("training", ("starlette", "mangum")),
    ],
)
def test_a_layer_holds_nothing_of_the_other_side(layer: str, absent: Sequence[str], lambda_: Path) -> None:
    present = {path.name for path in (lambda_ / f"opt-{layer}/python").iterdir()}
    assert present.isdisjoint(absent)


@pytest.mark.parametrize("layer", LAYERS)
def test_a_layer_is_compiled_throughout(layer: str, lambda_: Path) -> None:
    packages = lambda_ / f"opt-{layer}/python"
    assert list(packages.rglob("*.py")) == []
    flags = {path.read_bytes()[4] for path in packages.rglob("*.pyc")}
    assert flags == {0b01}, "hash-based, unchecked (PEP 552)"


@pytest.mark.parametrize(
    ("layer", "megabytes"), [("serving", 60), ("serving-sklearn", 250), ("training", 250)]
)
def test_a_layer_keeps_within_its_budget(layer: str, megabytes: int) -> None:
    assert PACKAGES.third_party(layer).unzipped_bytes <= megabytes * 1e6
