"""Pipelines that may deploy, by CDK context `deployers`, with a token of theirs instead of a key of yours.

    "deployers": {
      "github": {"repository": "acme/churn", "branches": ["main"], "pull_requests": "dev"},
      "gitlab": {"project": "acme/churn", "branches": ["main"]}
    }

In a stage, GitHub's token must be of the environment that is called like the stage, so that who approves for prod approves
for prod's role. GitLab's token says nothing of environments: there, a branch deploys to every stage that trusts it.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from constructs import Node

from infra.errors import DeployerConfigurationError
from lambdaloop.domain.stage import Stage

_REPOSITORY = re.compile(r"[\w.-]+(@\d+)?/[\w.-]+(@\d+)?")
"""With numbers in the subjects of repositories that GitHub made or renamed since July 2026."""
_PROJECT = re.compile(r"[\w.-]+(/[\w.-]+)+")
_BRANCH = re.compile(r"[\w./-]+")
_KEYS = {
    "github": {"repository", "branches", "pull_requests", "provider"},
    "gitlab": {"project", "branches", "url", "provider"},
}
Claims = Mapping[str, Sequence[str]]
"""What a token must say, each value written out, so that no pattern lets in more than was meant."""


@dataclass(frozen=True, kw_only=True)
class Deployer:
    """A pipeline: whose tokens are believed, and which of them may do what in this stage."""

    kind: str
    url: str
    audience: str
    deploys: Claims
    reads: Claims | None
    """Of tokens that only compare; None where nobody does."""
    provider_exists: bool
    """Whether the account knows the provider already: it has one for each address, whoever made it."""

    @property
    def issuer(self) -> str:
        """What the conditions of a trust policy begin with."""
        return self.url.removeprefix("https://")


def deployers_from_context(node: Node, stage: Stage) -> list[Deployer]:
    """Of the context's `deployers`, for one stage; DeployerConfigurationError names the value and the fix."""
    described = node.try_get_context("deployers") or {}
    if not isinstance(described, dict):
        raise DeployerConfigurationError(
            f"context deployers is {described!r}: write an object with github or gitlab"
        )
    return [_deployer(kind, settings, stage) for kind, settings in described.items()]


def _deployer(kind: str, settings: Any, stage: Stage) -> Deployer:
    if kind not in _KEYS or not isinstance(settings, dict):
        raise DeployerConfigurationError(
            f"deployers has {kind!r}: write an object called {' or '.join(_KEYS)}"
        )
    if odd := sorted(set(settings) - _KEYS[kind]):
        raise DeployerConfigurationError(
            f"deployer {kind} has {odd[0]!r}: use {', '.join(sorted(_KEYS[kind]))}"
        )
    if settings.get("provider", "existing") != "existing":
        raise DeployerConfigurationError(
            f'deployer {kind} has provider {settings["provider"]!r}: write "existing", or leave it out to have it made'
        )
    return _github(settings, stage) if kind == "github" else _gitlab(settings)


def _github(settings: dict[str, Any], stage: Stage) -> Deployer:
    repository = f"repo:{_path('github', 'repository', _REPOSITORY, settings)}"
    refs = [f"refs/heads/{name}" for name in _branches("github", settings)]
    compared = settings.get("pull_requests")
    if compared is not None and not isinstance(compared, str):
        raise DeployerConfigurationError(
            f'deployer github has pull_requests {compared!r}: name the stage that they are compared with, such as "dev"'
        )
    return Deployer(
        kind="github",
        url="https://token.actions.githubusercontent.com",
        audience="sts.amazonaws.com",
        # The subject of a job in an environment has no branch: whoever may push any branch could name the environment.
        deploys={"sub": [f"{repository}:environment:{stage.name}"], "ref": refs}
        if stage.name
        else {"sub": [f"{repository}:ref:{ref}" for ref in refs]},
        reads={"sub": [f"{repository}:pull_request"]} if compared and compared == stage.name else None,
        provider_exists="provider" in settings,
    )


def _gitlab(settings: dict[str, Any]) -> Deployer:
    project = _path("gitlab", "project", _PROJECT, settings)
    branches = _branches("gitlab", settings)
    url = settings.get("url", "https://gitlab.com")
    if not isinstance(url, str) or not url.startswith("https://"):
        raise DeployerConfigurationError(
            f"deployer gitlab has url {url!r}: use the https address of the server"
        )
    return Deployer(
        kind="gitlab",
        url=url.rstrip("/"),
        audience=url.rstrip("/"),
        deploys={"sub": [f"project_path:{project}:ref_type:branch:ref:{name}" for name in branches]},
        reads=None,
        provider_exists="provider" in settings,
    )


def _path(kind: str, key: str, pattern: re.Pattern[str], settings: dict[str, Any]) -> str:
    value = settings.get(key)
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise DeployerConfigurationError(f"deployer {kind} has {key} {value!r}: use OWNER/NAME")
    return value


def _branches(kind: str, settings: dict[str, Any]) -> list[str]:
    """Names without wildcards: the trust policy compares them letter by letter."""
    values = settings.get("branches", [])
    if not isinstance(values, list) or not all(
        isinstance(each, str) and _BRANCH.fullmatch(each) for each in values
    ):
        raise DeployerConfigurationError(
            f"deployer {kind} has branches {values!r}: use a list of names, without wildcards"
        )
    if not values:
        raise DeployerConfigurationError(f"deployer {kind} may deploy from nowhere: give branches")
    return values
