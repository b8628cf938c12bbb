"""Each function of the training workflow imports what its layers hold, and nothing more."""

import subprocess
import sys

import pytest

TRAINING_ONLY = ("pandas", "sklearn", "scipy", "joblib", "onnx")
SERVING_ONLY = ("onnxruntime", "fastapi", "mangum")
NEITHER = ("boto3", "pydantic", "yaml")


@pytest.mark.parametrize(
    ("function", "absent"),
    [
        ("resolve_dataset", (*TRAINING_ONLY, *SERVING_ONLY, "numpy")),
        ("validate_dataset", SERVING_ONLY),
        ("train_candidate", SERVING_ONLY),
        ("evaluate_candidates", SERVING_ONLY),
        ("package_model", SERVING_ONLY),
        ("check_parity", TRAINING_ONLY),
    ],
)
def test_a_function_loads_without_what_its_layers_lack(function: str, absent: tuple[str, ...]) -> None:
    hidden = ", ".join(f"{name!r}: None" for name in (*absent, *NEITHER))
    program = f"import sys; sys.modules.update({{{hidden}}}); import functions.{function}.handler"
    subprocess.run([sys.executable, "-c", program], check=True)
