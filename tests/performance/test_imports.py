"""Cold starts are imports: which modules each function may load, checked by name because seconds differ between machines."""

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from tests.fakes.object_server import serve_objects
from tests.fakes.tiny_model import classifier
from tests.unit.functions.gateway import load_event
from tests.unit.functions.lambda_process import pin, run

FUNCTIONS = Path(__file__).parents[2] / "functions"
NAMES = sorted(path.parent.name for path in FUNCTIONS.glob("*/handler.py"))
TRAINING = frozenset(
    {
        "validate_dataset",
        "train_candidate",
        "evaluate_candidates",
        "package_model",
        "watch_model",
        "judge_release",
        "evaluate_experiment",
    }
)
SERVING = frozenset({"check_parity", "inference"})

_AWS = frozenset({"boto3", "botocore"})
_WEB = frozenset({"starlette", "mangum", "pydantic", "uvicorn"})
_RUNTIME = frozenset({"numpy"})
_SCIENCE = frozenset({"scipy", "pandas", "sklearn", "joblib", "threadpoolctl"})
_NEVER_IN_LAMBDA = frozenset({"fastapi", "yaml", "typer", "aws_cdk", "moto", "pytest"})


@cache
def _imports(name: str) -> frozenset[str]:
    """What importing a handler loads, in a process without any setting."""
    program = f"import json, sys, functions.{name}.handler; json.dump(list(sys.modules), sys.stdout)"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return frozenset(module.partition(".")[0] for module in json.loads(done.stdout))


@pytest.mark.parametrize("name", NAMES)
def test_a_handler_is_imported_without_settings_clients_or_tools(name: str) -> None:
    assert not _imports(name) & (_AWS | _WEB | _NEVER_IN_LAMBDA)


@pytest.mark.parametrize("name", [name for name in NAMES if name not in TRAINING | SERVING])
def test_a_step_with_only_the_core_layer_imports_only_the_standard_library_and_ours(name: str) -> None:
    assert not _imports(name) & (_RUNTIME | _SCIENCE)


def test_serving_imports_neither_scikit_learn_nor_pandas() -> None:
    for name in SERVING:
        assert not _imports(name) & _SCIENCE


def test_inference_imports_no_third_party_package_before_lambda_starts_it() -> None:
    assert not _imports("inference") & (_RUNTIME | _SCIENCE | _WEB | _AWS)


def test_without_a_release_inference_loads_no_runtime(tmp_path: Path) -> None:
    done = run(tmp_path, [load_event("predict")])
    assert "starlette" in done.modules
    assert not done.modules & _RUNTIME


@pytest.mark.localcloud
def test_a_prediction_needs_the_serving_layer_and_nothing_else(tmp_path: Path) -> None:
    content = classifier()
    with serve_objects() as bucket:
        bucket.answers = [(200, content)]
        done = run(
            tmp_path,
            [load_event("predict")],
            pin=pin(content),
            environment={"AWS_ENDPOINT_URL": bucket.address},
        )
    assert done.answers[0]["statusCode"] == 200
    assert done.modules >= _RUNTIME
    assert not done.modules & (_SCIENCE | _AWS | _NEVER_IN_LAMBDA)
