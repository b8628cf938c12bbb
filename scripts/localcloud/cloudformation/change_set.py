"""What a deployment would do, worked out without doing it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from scripts.localcloud.cloudformation.errors import UnsupportedResourceError, ValidationError
from scripts.localcloud.cloudformation.intrinsics import Intrinsics
from scripts.localcloud.cloudformation.resources import resource_type
from scripts.localcloud.cloudformation.stack import Resource, Stack, now
from scripts.localcloud.cloudformation.template import ResourceDeclaration, Template

_UNKNOWN = "{{changeSet:KNOWN_AFTER_APPLY}}"


@dataclass(frozen=True, kw_only=True)
class Change:
    """One resource that would be added, modified or removed."""

    action: str
    logical_id: str
    type: str
    physical_id: str | None = None
    replacement: bool = False
    properties: tuple[str, ...] = ()
    """Which properties differ."""
    replacing: frozenset[str] = frozenset()
    """Those of them that cannot change in place."""
    policy: str | None = None


@dataclass(kw_only=True)
class ChangeSet:
    """A planned deployment of one stack."""

    id: str
    name: str
    stack: Stack
    kind: str
    """CREATE or UPDATE."""
    template: Template
    parameters: Mapping[str, str]
    tags: Mapping[str, str]
    description: str
    changes: tuple[Change, ...]
    status: str = "CREATE_COMPLETE"
    execution_status: str = "AVAILABLE"
    reason: str = ""
    created_at: datetime = field(default_factory=now)
    settings: dict[str, Any] = field(default_factory=dict)


def plan(
    stack: Stack,
    template: Template,
    *,
    values: Mapping[str, Any],
    pseudo: Mapping[str, str],
    imported: Any,
) -> tuple[Change, ...]:
    """Every change that deploying `template` would make to `stack`.

    Raises ValidationError when it cannot be deployed at all: unknown resource types, properties that would be
    ignored, references to nothing.
    """
    foreseen = _Foreseen(stack, template, imported)
    intrinsics = Intrinsics(template, parameters=values, pseudo=pseudo, references=foreseen)
    active = [
        declared
        for declared in (template.resources[name] for name in template.creation_order())
        if declared.condition is None or intrinsics.condition(declared.condition)
    ]
    foreseen.active = {declared.logical_id for declared in active}
    _check(active)
    changes = tuple(
        change for declared in active if (change := _change(stack, declared, intrinsics, foreseen))
    )
    kept = {declared.logical_id for declared in active}
    removals = tuple(
        Change(
            action="Remove",
            logical_id=old.logical_id,
            type=old.type,
            physical_id=old.physical.id,
            policy="Delete" if old.deletion_policy == "Delete" else "Retain",
        )
        for old in reversed(stack.resources.values())
        if old.logical_id not in kept
    )
    return changes + removals


def _check(active: list[ResourceDeclaration]) -> None:
    problems = [
        f"[{declared.logical_id}] {problem}" for declared in active for problem in _problems(declared)
    ]
    if problems:
        raise ValidationError("Template cannot be deployed here: " + "; ".join(problems))


def _problems(declared: ResourceDeclaration) -> Iterator[str]:
    try:
        resource_type(declared.type).check(declared.properties)
    except UnsupportedResourceError as problem:
        yield str(problem)
    for policy in (declared.deletion_policy, declared.update_replace_policy):
        if policy not in {"Delete", "Retain", "RetainExceptOnCreate"}:
            yield f"the local cloud does not know the policy {policy}"


def _change(
    stack: Stack, declared: ResourceDeclaration, intrinsics: Intrinsics, foreseen: "_Foreseen"
) -> Change | None:
    kind = resource_type(declared.type)
    properties = intrinsics.resolve(declared.properties)
    old: Resource | None = stack.resources.get(declared.logical_id)
    if old is None:
        return Change(action="Add", logical_id=declared.logical_id, type=declared.type)
    changed = kind.changed(properties, old.properties)
    replacement = old.type != declared.type or kind.replaces(changed)
    if not changed and not replacement:
        return None
    if replacement:
        foreseen.renewed.add(declared.logical_id)
    return Change(
        action="Modify",
        logical_id=declared.logical_id,
        type=declared.type,
        physical_id=old.physical.id,
        replacement=replacement,
        properties=tuple(sorted(changed)),
        replacing=frozenset(name for name in changed if kind.replaces({name})),
        policy=f"ReplaceAnd{'Delete' if declared.update_replace_policy == 'Delete' else 'Retain'}"
        if replacement
        else None,
    )


class _Foreseen:
    """References while planning: what will only exist later has a value that equals nothing known."""

    def __init__(self, stack: Stack, template: Template, imported: Any) -> None:
        self._stack = stack
        self._template = template
        self.imported = imported
        self.active: set[str] = set()
        self.renewed: set[str] = set()

    def ref(self, logical_id: str) -> Any:
        if logical_id not in self._template.resources or logical_id not in self.active:
            raise ValidationError(f"Template format error: Unresolved resource dependencies [{logical_id}]")
        old = self._stack.resources.get(logical_id)
        return _UNKNOWN if old is None or logical_id in self.renewed else old.physical.id

    def attribute(self, logical_id: str, name: str) -> Any:
        self.ref(logical_id)
        old = self._stack.resources.get(logical_id)
        if old is None or logical_id in self.renewed:
            return _UNKNOWN
        return old.physical.attributes.get(name, _UNKNOWN)
