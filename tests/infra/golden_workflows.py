"""The state machines as reviewers read them. After a wanted change: `.venv/bin/python -m tests.infra.golden_workflows`."""

import json
import re
import tempfile
from pathlib import Path
from typing import Any

from infra.state_machines import state_machines
from tests.infra.synthesis import Template, small_checkout, synthesize

GOLDEN = Path(__file__).with_name("golden")
MACHINES = {
    "training": ("Lambdaloop-churn", "TrainingTrain"),
    "training-released-by-hand": ("Lambdaloop-price", "TrainingTrain"),
    "release": ("Lambdaloop-churn", "ReleasingRelease"),
    "release-after-shadow-and-approval": ("Lambdaloop-price", "ReleasingRelease"),
    "watch": ("Lambdaloop-churn", "WatchingWatch"),
    "experiment": ("Lambdaloop-churn", "ExperimentingExperiment"),
}
_HASH = re.compile(r"[0-9A-F]{8}\.Arn}")


def workflow(templates: dict[str, Template], name: str) -> dict[str, Any]:
    """A state machine's definition, with logical ids in it as people call them."""
    stack, prefix = MACHINES[name]
    machines = state_machines(templates[stack].document)
    [definition] = [each for logical_id, each in machines if logical_id.startswith(prefix)]
    return dict(json.loads(_HASH.sub(".Arn}", json.dumps(definition))))


def as_text(definition: dict[str, Any]) -> str:
    """The way golden files are written."""
    return json.dumps(definition, indent=2) + "\n"


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
