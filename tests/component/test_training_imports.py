"""Each function of the training workflow imports what its layers hold, and nothing more."""

import subprocess
import sys

import pytest

TRAINING_ONLY = ("pandas", "sklearn", "scipy", "joblib", "threadpoolctl")
SERVING_ONLY = ("starlette", "mangum")
NEITHER = ("boto3", "pydantic", "yaml")


@pytest.mark.parametrize(
    ("functions", "absent"),
    [
        (["collect_labelled", "resolve_dataset"], (*TRAINING_ONLY, *SERVING_ONLY, "numpy")),
        (["validate_dataset", "train_candidate", "evaluate_candidates", "package_model"], SERVING_ONLY),
        (["check_parity"], TRAINING_ONLY),
    ],
)
def test_functions_load_without_what_their_layers_lack(functions: list[str], absent: tuple[str, ...]) -> None:
    hidden = ", ".join(f"{name!r}: None" for name in (*absent, *NEITHER))
    handlers = ", ".join(f"functions.{name}.handler" for name in functions)
    program = f"import sys; sys.modules.update({{{hidden}}}); import {handlers}"
    subprocess.run([sys.executable, "-c", program], check=True)
