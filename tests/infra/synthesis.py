"""Synthesizes the real app from a small checkout: real functions and library, third-party layers without packages.

The templates do not depend on what is in a layer, and so need no minute of installing.
"""

import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from infra.app import build, new_app
from infra.config import Config
from infra.layer_assets import LAYERS
from infra.packages import Packages
from infra.targets import find_target
from lambdaloop.definition_schema import load_definitions
from lambdaloop.domain.definition import ModelDefinition

PROJECT = Path(__file__).resolve().parents[2]
DEFINITIONS = Path(__file__).with_name("definitions")
Resource = Mapping[str, Any]


@dataclass(frozen=True)
class Template:
    """One stack's template."""

    text: str

    @cached_property
    def document(self) -> dict[str, Any]:
        return dict(json.loads(self.text))

    @property
    def resources(self) -> dict[str, Resource]:
        return dict(self.document["Resources"])

    def of_type(self, type_: str) -> dict[str, Resource]:
        """Properties by logical id."""
        return {id_: r.get("Properties", {}) for id_, r in self.resources.items() if r["Type"] == type_}

    def functions(self) -> dict[str, Resource]:
        """Properties by verb."""
        return {
            each["Handler"].split(".")[1]: each for each in self.of_type("AWS::Lambda::Function").values()
        }

    def grants(self, verb: str) -> Iterator[Resource]:
        """The statements of a function's role."""
        role = self.resources[self.functions()[verb]["Role"]["Fn::GetAtt"][0]]
        for policy in role["Properties"]["Policies"]:
            yield from policy["PolicyDocument"]["Statement"]


def small_checkout(root: Path) -> Path:
    """What the app reads, without third-party packages."""
    ignore = shutil.ignore_patterns("__pycache__")
    shutil.copytree(PROJECT / "functions", root / "functions", ignore=ignore)
    shutil.copytree(PROJECT / "layers" / "core", root / "layers" / "core", ignore=ignore)
    for layer in LAYERS:
        (root / "layers" / layer).mkdir()
        (root / "layers" / layer / "requirements.txt").touch()
        (root / "layers" / layer / "prune.txt").touch()
    return root


def synthesize(
    checkout: Path,
    outdir: Path,
    *,
    target: str = "host",
    definitions: Sequence[ModelDefinition] | None = None,
) -> dict[str, Template]:
    """Templates by stack name, written to `outdir`."""
    app = new_app(outdir=outdir)
    build(app, config_of(checkout, target=target, definitions=definitions))
    app.synth()
    return read_templates(outdir)


def config_of(
    checkout: Path, *, target: str = "host", definitions: Sequence[ModelDefinition] | None = None
) -> Config:
    """The test definitions unless others are given."""
    return Config(
        definitions=load_definitions(DEFINITIONS) if definitions is None else definitions,
        packages=Packages(root=checkout, target=find_target(target)),
    )


def read_templates(assembly: Path) -> dict[str, Template]:
    """Templates by stack name."""
    files = sorted(assembly.glob("*.template.json"))
    return {file.name.removesuffix(".template.json"): Template(file.read_text()) for file in files}
