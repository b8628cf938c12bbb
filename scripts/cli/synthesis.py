"""The templates of this checkout, as `cdk deploy` would send them, for commands that read them."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lambdaloop.domain.errors import LambdaloopError
from scripts.cli.cdk import PROJECT, context
from scripts.cli.stacks import stack_names

Templates = Mapping[str, Mapping[str, Any]]
"""By the name of the stack."""


class SynthesisFailedError(LambdaloopError):
    """The app made no templates; the message is what it said."""


def synthesize(models: Path, *, stage: str | None = None) -> Templates:
    """Run the CDK app for the machine at hand: what packages hold has no price.

    Raises SynthesisFailedError with what the app said.
    """
    given = {
        **context(),
        "models": str(models.resolve()),
        "target": "host",
        **({"stage": stage} if stage else {}),
    }
    with tempfile.TemporaryDirectory() as work:
        done = subprocess.run(
            [sys.executable, "-m", "infra.app"],
            cwd=PROJECT,
            env={**os.environ, "CDK_OUTDIR": work, "CDK_CONTEXT_JSON": json.dumps(given)},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise SynthesisFailedError(f"the stacks cannot be synthesized: {done.stderr.strip()[-2000:]}")
        return read_templates(Path(work))


def read_templates(assembly: Path) -> Templates:
    """The templates in a folder such as cdk.out; SynthesisFailedError when there are none."""
    files = sorted(assembly.glob("*.template.json"))
    if not files:
        raise SynthesisFailedError(
            f"no template in {assembly}: run `{stack_names().cdk('synth')}` first, or leave --templates out"
        )
    return {
        file.name.removesuffix(".template.json"): json.loads(file.read_text(encoding="utf-8"))
        for file in files
    }
