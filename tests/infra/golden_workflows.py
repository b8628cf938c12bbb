"""The state machines as reviewers read them. After a wanted change: `.venv/bin/python -m tests.infra.golden_workflows`."""

import json
import re
import tempfile
from pathlib import Path
from typing import Any

from tests.infra.synthesis import Template, small_checkout, synthesize

GOLDEN = Path(__file__).with_name("golden")
MACHINES = {
    "training": ("Lambdaloop-churn", "TrainingTrain"),
    "training-released-by-hand": ("Lambdaloop-price", "TrainingTrain"),
    "release": ("Lambdaloop-churn", "ReleasingRelease"),
}
_HASH = re.compile(r"[0-9A-F]{8}$")


def workflow(templates: dict[str, Template], name: str) -> dict[str, Any]:
    """A state machine's definition; `${Function.Arn}` stands for what CloudFormation fills in."""
    stack, prefix = MACHINES[name]
    machines = templates[stack].of_type("AWS::StepFunctions::StateMachine")
    [machine] = [each for id_, each in machines.items() if id_.startswith(prefix)]
    _, parts = machine["DefinitionString"]["Fn::Join"]
    return dict(json.loads("".join(map(_text, parts))))


def as_text(definition: dict[str, Any]) -> str:
    """The way golden files are written."""
    return json.dumps(definition, indent=2) + "\n"


def _text(part: Any) -> str:
    if isinstance(part, str):
        return part
    logical_id, attribute = part["Fn::GetAtt"]
    return f"${{{_HASH.sub('', logical_id)}.{attribute}}}"


def main() -> None:
    """Write the golden files anew."""
    with tempfile.TemporaryDirectory() as folder:
        checkout = Path(folder) / "checkout"
        checkout.mkdir()
        templates = synthesize(small_checkout(checkout), Path(folder) / "out")
        GOLDEN.mkdir(exist_ok=True)
        for name in MACHINES:
            (GOLDEN / f"{name}.asl.json").write_text(as_text(workflow(templates, name)))


if __name__ == "__main__":
    main()
