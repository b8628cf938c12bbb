"""Stages by CDK context: `-c stage=dev`, and in cdk.json what differs between stages.

    "stages": {
      "dev": {"account": "111111111111", "region": "eu-central-1", "retain": false, "log_days": 7},
      "prod": {"account": "222222222222", "region": "eu-central-1"}
    }

Without `stage` there is one deployment for each account and region, named as ever.
"""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from aws_cdk import Environment, RemovalPolicy, Stack
from aws_cdk import aws_logs as logs
from constructs import IConstruct, Node

from infra.errors import StageConfigurationError
from lambdaloop.domain.errors import StageInvalidError
from lambdaloop.domain.stage import Stage

_KEY = "lambdaloop:stage"
_ACCOUNT, _REGION = re.compile(r"\d{12}"), re.compile(r"[a-z]{2}(-[a-z]+)+-\d")
_RETENTION = {
    1: logs.RetentionDays.ONE_DAY,
    7: logs.RetentionDays.ONE_WEEK,
    14: logs.RetentionDays.TWO_WEEKS,
    30: logs.RetentionDays.ONE_MONTH,
    90: logs.RetentionDays.THREE_MONTHS,
    180: logs.RetentionDays.SIX_MONTHS,
    365: logs.RetentionDays.ONE_YEAR,
}


@dataclass(frozen=True, kw_only=True)
class StageSettings:
    """Where a stage is deployed, and what becomes of its data."""

    name: str | None = None
    account: str | None = None
    """None for the one that the caller's credentials belong to."""
    region: str | None = None
    retain: bool = True
    """Whether buckets and tables outlive the stack, and tables are protected from deletion."""
    log_days: int = 90

    @property
    def stage(self) -> Stage:
        """Its names."""
        return Stage(self.name)

    @property
    def environment(self) -> Environment | None:
        """Where CDK deploys it; None for wherever the credentials point."""
        if self.account is None and self.region is None:
            return None
        return Environment(account=self.account, region=self.region)

    @property
    def removal(self) -> RemovalPolicy:
        """What becomes of tables with their stack."""
        return RemovalPolicy.RETAIN if self.retain else RemovalPolicy.DESTROY


def stage_from_context(node: Node) -> StageSettings:
    """Of the context's `stage` and `stages`; StageConfigurationError names the value and the fix."""
    name: str | None = node.try_get_context("stage") or None
    described = node.try_get_context("stages") or {}
    if not isinstance(described, dict):
        raise StageConfigurationError(f"context stages is {described!r}: write an object of stages by name")
    for each, settings in described.items():
        _check(each, settings)
    if name is None:
        return StageSettings()
    if described and name not in described:
        raise StageConfigurationError(
            f"stage {name!r} is not in the context's stages ({', '.join(described)}): add it to cdk.json"
        )
    _check(name, {})
    return StageSettings(name=name, **described.get(name, {}))


def settle(stack: Stack, settings: StageSettings) -> None:
    """Let everything in a stack know its stage; before anything is put into it."""
    stack.node.set_context(_KEY, asdict(settings))


def settings_of(scope: IConstruct) -> StageSettings:
    """The stage that a construct is part of."""
    return StageSettings(**(scope.node.try_get_context(_KEY) or {}))


def stage_of(scope: IConstruct) -> Stage:
    """The names of the stage that a construct is part of."""
    return settings_of(scope).stage


def log_retention(scope: IConstruct) -> logs.RetentionDays:
    """How long logs are kept in the stage that a construct is part of."""
    return _RETENTION[settings_of(scope).log_days]


def _check(name: str, settings: Any) -> None:
    try:
        Stage(name)
    except StageInvalidError as error:
        raise StageConfigurationError(str(error)) from error
    if not isinstance(settings, dict):
        raise StageConfigurationError(
            f"stage {name!r} is {settings!r}: write an object with account and region"
        )
    known: Mapping[str, tuple[bool, str]] = {
        "account": (_matches(_ACCOUNT, settings.get("account")), "twelve digits in quotes"),
        "region": (_matches(_REGION, settings.get("region")), "a region such as eu-central-1"),
        "retain": (isinstance(settings.get("retain", True), bool), "true or false"),
        "log_days": (_kept(settings.get("log_days", 90)), f"one of {', '.join(map(str, _RETENTION))}"),
    }
    for key, value in settings.items():
        if key not in known:
            raise StageConfigurationError(f"stage {name!r} has {key!r}: use {', '.join(known)}")
        fits, wanted = known[key]
        if not fits:
            raise StageConfigurationError(f"stage {name!r} has {key} {value!r}: use {wanted}")
    if ("account" in settings) != ("region" in settings):
        raise StageConfigurationError(
            f"stage {name!r} has an account or a region alone: give both, or neither"
        )


def _matches(pattern: re.Pattern[str], value: Any) -> bool:
    return value is None or (isinstance(value, str) and pattern.fullmatch(value) is not None)


def _kept(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value in _RETENTION
