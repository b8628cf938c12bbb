"""Checks of what a deployment would send: `python -m infra.template_checks` synthesizes `models/` and judges the result.

Size limits while synthesizing, then CDK's own validation and cdk-nag (AwsSolutions), what costs money while idle, cfn-lint,
and asl-validator, which alone notices a state machine's transition to nowhere.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from aws_cdk import App, Validations
from cdk_nag import AwsSolutionsChecks

from infra.app import build, new_app
from infra.config import PROJECT, Config
from infra.costs.resource_types import classify
from infra.errors import SynthesisError
from infra.state_machines import state_machines
from lambdaloop.domain.errors import DefinitionInvalidError

_TOOLS = Path(sys.executable).parent


class TemplateError(SynthesisError):
    """A checker refused a template."""


def synthesize_with_nag(app: App, config: Config) -> None:
    """Synthesize; TemplateError with the report when cdk-nag finds something that is not acknowledged."""
    build(app, config)
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    try:
        app.synth()
    except RuntimeError as error:  # what jsii makes of a JavaScript error
        raise TemplateError(str(error)) from error


def lint_templates(folder: Path) -> None:
    """cfn-lint on every template of an assembly."""
    config = PROJECT / ".cfnlintrc.yaml"
    _run("cfn-lint", "--config-file", config, *sorted(folder.glob("*.template.json")))


def validate_state_machines(folder: Path) -> None:
    """asl-validator on every state machine of an assembly."""
    with tempfile.TemporaryDirectory() as work:
        files = []
        for template in sorted(folder.glob("*.template.json")):
            for logical_id, definition in state_machines(json.loads(template.read_text(encoding="utf-8"))):
                files.append(Path(work) / f"{logical_id}.asl.json")
                files[-1].write_text(json.dumps(definition), encoding="utf-8")
        validate_definitions(*files)


def refuse_what_is_always_on(folder: Path) -> None:
    """Nothing in an assembly costs money while idle but what infra.costs names; AlwaysOnResourceError says what else does."""
    for template in sorted(folder.glob("*.template.json")):
        list(classify(json.loads(template.read_text(encoding="utf-8"))))


def validate_definitions(*files: Path) -> None:
    """asl-validator on definitions; references to functions are no ARNs yet."""
    if files:
        _run("asl-validator", "--no-arn-check", *(each for file in files for each in ("--json-path", file)))


def _run(tool: str, *arguments: str | Path) -> None:
    done = subprocess.run([_TOOLS / tool, *arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise TemplateError(f"{tool} refuses the templates:\n{done.stdout}{done.stderr}")


def main() -> int:
    """Check the stacks of this checkout; problems go to stderr."""
    parser = argparse.ArgumentParser(prog="python -m infra.template_checks", description=__doc__)
    parser.add_argument("--target", default="python3.13-arm64", help="python3.13-arm64 or host")
    target: str = parser.parse_args().target
    with tempfile.TemporaryDirectory() as work:
        app = new_app(outdir=Path(work), context={"target": target})
        try:
            synthesize_with_nag(app, Config.from_context(app.node))
            refuse_what_is_always_on(Path(work))
            lint_templates(Path(work))
            validate_state_machines(Path(work))
        except (DefinitionInvalidError, SynthesisError) as error:
            sys.stderr.write(f"{error}\n")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
