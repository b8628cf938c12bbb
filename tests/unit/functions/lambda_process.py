"""Runs the inference handler in a process of its own, as Lambda does: events in, responses out."""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lambdaloop.domain.artifact import Artifact
from lambdaloop.domain.documents import Document, to_document
from lambdaloop.domain.release import ReleasePin
from lambdaloop.settings import Settings
from tests.fakes.tiny_model import DEFINITION

_PROGRAM = """
import json, sys
from functions.inference.handler import handler
built = "starlette" in sys.modules
answers = [handler(json.loads(line), None) for line in sys.stdin]
with open(sys.argv[1], "w") as file:
    json.dump({"built_at_import": built, "answers": answers, "modules": list(sys.modules)}, file)
"""


@dataclass(frozen=True)
class Run:
    """What one process did."""

    built_at_import: bool
    answers: list[Document]
    log: list[str]
    """Lines of standard output."""
    errors: str
    modules: frozenset[str]
    """Everything that was imported in the end."""

    def body(self, number: int) -> Any:
        """JSON of one answer."""
        return json.loads(self.answers[number]["body"])


def pin(content: bytes) -> str:
    """A pin on that bundle, as the release workflow writes it."""
    bundle = Artifact(
        key="models/churn/bundle.zip",
        version_id="v1",
        sha256=hashlib.sha256(content).hexdigest(),
        size=len(content),
    )
    return json.dumps(to_document(ReleasePin(model="churn", release=3, version=7, bundle=bundle)))


def run(
    folder: Path,
    events: list[Document],
    *,
    pin: str | None = None,
    environment: Mapping[str, str] | None = None,
) -> Run:
    """One process that gets these events one after the other."""
    (folder / "model").mkdir(exist_ok=True)
    (folder / "model" / "definition.json").write_text(json.dumps(to_document(DEFINITION)))
    settings = Settings(model="churn", model_bucket="models-1", entity_salt="stack-1", pin=pin)
    answers = folder / "answers.json"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", _PROGRAM, str(answers)],
        input="".join(json.dumps(event) + "\n" for event in events),
        env={
            "PATH": os.environ["PATH"],
            "AWS_REGION": "eu-west-1",
            "AWS_ACCESS_KEY_ID": "local",
            "AWS_SECRET_ACCESS_KEY": "local",
            "LAMBDALOOP_OPT": str(folder),
            **settings.to_env(),
            **(environment or {}),
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    result = json.loads(answers.read_text())
    return Run(
        result["built_at_import"],
        result["answers"],
        done.stdout.splitlines(),
        done.stderr,
        frozenset(result["modules"]),
    )
