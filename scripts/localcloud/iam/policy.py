"""Evaluates identity policies the way IAM does: an explicit deny wins, then an allow, otherwise no.

moto's own check ignores resources and conditions, so a function with rights to the wrong table would work
locally and fail in AWS.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from scripts.localcloud.iam.conditions import Context, UnsupportedPolicyError, holds, matches


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """One thing a request wants to do; `context` holds condition keys in lower case."""

    action: str
    resource: str
    context: tuple[tuple[str, tuple[str, ...]], ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """What the policies say; `explicit_deny` tells a Deny statement from mere silence."""

    allowed: bool
    explicit_deny: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Statement:
    allow: bool
    actions: tuple[str, ...]
    all_actions_but: bool
    resources: tuple[str, ...]
    all_resources_but: bool
    conditions: tuple[tuple[str, str, tuple[str, ...]], ...]

    def applies(self, access: Access, context: Context) -> bool:
        named = any(matches(action, access.action, ignore_case=True) for action in self.actions)
        if named == self.all_actions_but:
            return False
        covered = any(matches(resource, access.resource) for resource in self.resources)
        if covered == self.all_resources_but:
            return False
        return all(holds(operator, key, wanted, context) for operator, key, wanted in self.conditions)


def decide(documents: Iterable[str | Mapping[str, Any]], access: Access, context: Context) -> Decision:
    """What policy `documents` (JSON text or parsed) say about `access` in `context`.

    Raises UnsupportedPolicyError where a policy uses something that is not emulated.
    """
    known = {**context, **dict(access.context)}
    allowed = False
    for document in documents:
        text = document if isinstance(document, str) else json.dumps(document)
        for statement in _statements(text):
            if statement.applies(access, known):
                if not statement.allow:
                    return Decision(allowed=False, explicit_deny=True)
                allowed = True
    return Decision(allowed=allowed)


@lru_cache(maxsize=1024)
def _statements(document: str) -> tuple[_Statement, ...]:
    return tuple(_statement(raw) for raw in _listed(json.loads(document)["Statement"]))


def _statement(raw: Mapping[str, Any]) -> _Statement:
    actions = "NotAction" if "NotAction" in raw else "Action"
    resources = "NotResource" if "NotResource" in raw else "Resource"
    statement = _Statement(
        allow=raw["Effect"] == "Allow",
        actions=_texts(raw[actions]),
        all_actions_but=actions == "NotAction",
        resources=_texts(raw[resources]),
        all_resources_but=resources == "NotResource",
        conditions=tuple(
            (operator, key, _texts(wanted))
            for operator, keys in raw.get("Condition", {}).items()
            for key, wanted in keys.items()
        ),
    )
    for text in (*statement.resources, *(value for *_, values in statement.conditions for value in values)):
        if "${" in text:
            raise UnsupportedPolicyError(f"the policy variable in {text!r}")
    return statement


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _texts(value: Any) -> tuple[str, ...]:
    # JSON booleans appear in Bool conditions
    return tuple(str(item).lower() if isinstance(item, bool) else str(item) for item in _listed(value))
