"""Pipelines that may deploy, by CDK context `deployers`, with a token of theirs instead of a key of yours.

    "deployers": {
      "github": {"repository": "acme/churn", "environments": ["dev", "staging", "prod"], "pull_requests": true},
      "gitlab": {"project": "acme/churn", "branches": ["main"]}
    }

An account has one OIDC provider for each address: name the ARN of one that is there already as `provider`.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from constructs import Node

from infra.errors import DeployerConfigurationError

_PATH = re.compile(r"[\w.-]+(/[\w.-]+)+")
_WORD = re.compile(r"[\w./-]+")
_KEYS = {
    "github": {"repository", "branches", "environments", "pull_requests", "provider"},
    "gitlab": {"project", "branches", "url", "provider"},
}


@dataclass(frozen=True, kw_only=True)
class Deployer:
    """A pipeline: whose tokens are believed, and which subjects may do what."""

    kind: str
    url: str
    audience: str
    deploys: Sequence[str]
    """Subjects whose tokens deploy: written out, so that no pattern lets in more than was meant."""
    reads: Sequence[str]
    """Subjects whose tokens only compare."""
    provider: str | None

    @property
    def issuer(self) -> str:
        """What the conditions of a trust policy begin with."""
        return self.url.removeprefix("https://")


def deployers_from_context(node: Node) -> list[Deployer]:
    """Of the context's `deployers`; DeployerConfigurationError names the value and the fix."""
    described = node.try_get_context("deployers") or {}
    if not isinstance(described, dict):
        raise DeployerConfigurationError(
            f"context deployers is {described!r}: write an object with github or gitlab"
        )
    return [_deployer(kind, settings) for kind, settings in described.items()]


def _deployer(kind: str, settings: Any) -> Deployer:
    if kind not in _KEYS or not isinstance(settings, dict):
        raise DeployerConfigurationError(
            f"deployers has {kind!r}: write an object called {' or '.join(_KEYS)}"
        )
    if odd := sorted(set(settings) - _KEYS[kind]):
        raise DeployerConfigurationError(
            f"deployer {kind} has {odd[0]!r}: use {', '.join(sorted(_KEYS[kind]))}"
        )
    return _github(settings) if kind == "github" else _gitlab(settings)


def _github(settings: dict[str, Any]) -> Deployer:
    repository = f"repo:{_path('github', 'repository', settings)}"
    deploys = [
        *(f"{repository}:ref:refs/heads/{name}" for name in _words("github", "branches", settings)),
        *(f"{repository}:environment:{name}" for name in _words("github", "environments", settings)),
    ]
    if not deploys:
        raise DeployerConfigurationError(
            "deployer github may deploy from nowhere: give environments or branches"
        )
    return Deployer(
        kind="github",
        url="https://token.actions.githubusercontent.com",
        audience="sts.amazonaws.com",
        deploys=deploys,
        reads=[f"{repository}:pull_request"] if settings.get("pull_requests") is True else [],
        provider=settings.get("provider"),
    )


def _gitlab(settings: dict[str, Any]) -> Deployer:
    project, url = _path("gitlab", "project", settings), settings.get("url", "https://gitlab.com")
    branches = _words("gitlab", "branches", settings)
    if not branches:
        raise DeployerConfigurationError("deployer gitlab may deploy from nowhere: give branches")
    if not isinstance(url, str) or not url.startswith("https://"):
        raise DeployerConfigurationError(
            f"deployer gitlab has url {url!r}: use the https address of the server"
        )
    return Deployer(
        kind="gitlab",
        url=url.rstrip("/"),
        audience=url.rstrip("/"),
        deploys=[f"project_path:{project}:ref_type:branch:ref:{name}" for name in branches],
        reads=[],
        provider=settings.get("provider"),
    )


def _path(kind: str, key: str, settings: dict[str, Any]) -> str:
    value = settings.get(key)
    if not isinstance(value, str) or not _PATH.fullmatch(value):
        raise DeployerConfigurationError(f"deployer {kind} has {key} {value!r}: use OWNER/NAME")
    return value


def _words(kind: str, key: str, settings: dict[str, Any]) -> list[str]:
    """Names without wildcards: the trust policy compares them letter by letter."""
    values = settings.get(key, [])
    if not isinstance(values, list) or not all(
        isinstance(each, str) and _WORD.fullmatch(each) for each in values
    ):
        raise DeployerConfigurationError(
            f"deployer {kind} has {key} {values!r}: use a list of names, without wildcards"
        )
    return values
