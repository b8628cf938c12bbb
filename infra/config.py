"""What `cdk -c name=value` and cdk.json may say; the only other input of a synthesis is the checkout."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from constructs import Node

from infra.deployers import Deployer, deployers_from_context
from infra.errors import ModelsFolderMissingError
from infra.packages import Packages
from infra.stages import StageSettings, stage_from_context
from infra.targets import find_target
from lambdaloop.definition_schema import load_definitions
from lambdaloop.domain.definition import ModelDefinition

PROJECT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, kw_only=True)
class Config:
    """The models to deploy and the packages to deploy them with."""

    definitions: Sequence[ModelDefinition]
    packages: Packages
    stage: StageSettings = field(default_factory=StageSettings)
    deployers: Sequence[Deployer] = ()
    """Pipelines that may deploy."""

    @classmethod
    def from_context(cls, node: Node) -> "Config":
        """Context `models`: a folder; `target`: python3.13-arm64, or host for the local cloud; `stage` and `deployers`: their modules."""
        models: str = node.try_get_context("models") or "models"
        target: str = node.try_get_context("target") or "python3.13-arm64"
        if not (PROJECT / models).is_dir():
            raise ModelsFolderMissingError(
                f"models folder {models!r} does not exist: make it, or pass -c models=FOLDER"
            )
        stage = stage_from_context(node)
        return cls(
            definitions=[_at(stage, each) for each in load_definitions(PROJECT / models)],
            packages=Packages(root=PROJECT, target=find_target(target)),
            stage=stage,
            deployers=deployers_from_context(node),
        )


def _at(settings: StageSettings, definition: ModelDefinition) -> ModelDefinition:
    """The definition with its release's alarms by the names that they have in the stage."""
    alarms = tuple(settings.stage.alarm(name) for name in definition.release.alarms)
    return replace(definition, release=replace(definition.release, alarms=alarms))
