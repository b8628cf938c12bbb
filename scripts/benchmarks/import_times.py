"""Where a cold start goes: what importing each part costs in a process that has imported nothing yet."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import median

from scripts.benchmarks.report import Section, Table
from scripts.benchmarks.sides import Side, baseline_side, lambdaloop_side

_ROUNDS = 7
_OURS: Mapping[str, str] = {
    "Starlette and Mangum": "import starlette.applications, starlette.routing, starlette.responses, mangum",
    "pydantic": "import pydantic",
    "numpy": "import numpy",
    "Lambdaloop's own signed download": "import lambdaloop.adapters.s3_artifact_reader",
    "botocore's signer instead": "import botocore.auth, botocore.awsrequest, botocore.credentials",
    "boto3 and an S3 client instead": "import boto3; boto3.client('s3')",
}
_BASELINE: Mapping[str, str] = {
    "FastAPI and Mangum instead": "import fastapi, mangum",
    "pandas": "import pandas",
    "scikit-learn's pipeline and forest": "import sklearn.pipeline, sklearn.compose, sklearn.ensemble",
}


def import_times(advance: Callable[[int, int], None]) -> Section:
    """Every part in a process of its own, in turns."""
    with tempfile.TemporaryDirectory(prefix="lambdaloop-bench-") as name:
        ours = lambdaloop_side([], Path(name) / "ours")
        baseline = baseline_side([], Path(name) / "baseline")
        parts = [(ours, part, code) for part, code in _OURS.items()]
        parts += [(baseline, part, code) for part, code in _BASELINE.items()]
        seconds: dict[str, list[float]] = {part: [] for _, part, _ in parts}
        for round_ in range(_ROUNDS):
            for place, (side, part, code) in enumerate(parts, start=1):
                seconds[part].append(_measure(side, code))
                advance(round_ * len(parts) + place, _ROUNDS * len(parts))
    return Section(
        title="What a cold start is made of",
        text=(
            f"Importing each part from the packages that Lambda gets, median of {_ROUNDS} fresh processes. Why the inference "
            "function downloads its model without boto3, and why it carries neither FastAPI nor pandas nor scikit-learn."
        ),
        table=Table(
            head=["part", "ms"],
            rows=[[part, f"{median(times) * 1e3:.0f}"] for part, times in seconds.items()],
        ),
    )


def _measure(side: Side, code: str) -> float:
    program = f"import time; t = time.perf_counter()\n{code}\nprint(time.perf_counter() - t)"
    done = subprocess.run(
        [sys.executable, "-S", "-P", "-c", program],
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": os.pathsep.join(map(str, side.path)),
            "AWS_DEFAULT_REGION": "us-east-1",
            "PYDANTIC_DISABLE_PLUGINS": "__all__",
        },
        capture_output=True,
        text=True,
        check=True,
    )
    seconds: float = json.loads(done.stdout)
    return seconds
