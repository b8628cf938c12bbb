"""Arguments that many commands take, and what a shell completes them with.

Completion runs while somebody presses a key: it must be quick and say nothing, whatever happens.
"""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from botocore.exceptions import BotoCoreError, ClientError

from lambdaloop.domain.errors import LambdaloopError

_MODELS = Path("models")


def complete_models(incomplete: str) -> Sequence[str]:
    """Names of the definitions at hand; no network is asked for them."""
    return sorted(path.stem for path in _MODELS.glob("*.yaml") if path.stem.startswith(incomplete))


def complete_versions(ctx: typer.Context, incomplete: str) -> Sequence[tuple[str, str]]:
    """Numbers of the versions of the model that stands before, with their estimators."""
    return _numbered(
        ctx, incomplete, lambda registry, model: [(v.number, v.estimator) for v in registry.versions(model)]
    )


def complete_releases(ctx: typer.Context, incomplete: str) -> Sequence[tuple[str, str]]:
    """Numbers of the releases of the model that stands before, with their status."""
    return _numbered(
        ctx, incomplete, lambda registry, model: [(r.number, r.status) for r in registry.releases(model)]
    )


def _numbered(
    ctx: typer.Context, incomplete: str, read: Callable[[Any, str], Sequence[tuple[int, str]]]
) -> Sequence[tuple[str, str]]:
    """What the registry has, and nothing when it cannot be reached at once."""
    from lambdaloop.adapters.dynamo_registry import DynamoRegistry
    from scripts.cli.stacks import find_deployment

    os.environ |= {"AWS_MAX_ATTEMPTS": "1", "AWS_EC2_METADATA_DISABLED": "true"}
    model: str = ctx.params["model"]
    try:
        found = read(DynamoRegistry(table=find_deployment(model).registry_table), model)
    except (BotoCoreError, ClientError, LambdaloopError):
        return []
    return [(str(number), told) for number, told in found if str(number).startswith(incomplete)]


Model = Annotated[str, typer.Argument(help="Name of the model.", autocompletion=complete_models)]
VersionNumber = Annotated[
    int, typer.Argument(help="Number of the version.", autocompletion=complete_versions)
]
ReleaseNumber = Annotated[
    int, typer.Argument(help="Number of the release.", min=1, autocompletion=complete_releases)
]
