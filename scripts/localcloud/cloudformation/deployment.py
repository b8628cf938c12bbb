"""Bringing a stack from what it is to what a template says, or back again when that fails.

Resources are settled as soon as all they depend on is there, several at a time. Nothing old is deleted before everything new
stands, so that a failure at any point can be undone.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from scripts.localcloud.cloudformation.errors import (
    ResourceFailedError,
    UnsupportedResourceError,
    ValidationError,
)
from scripts.localcloud.cloudformation.intrinsics import Intrinsics
from scripts.localcloud.cloudformation.ordering import in_dependency_order
from scripts.localcloud.cloudformation.resource_type import Physical, Place, is_gone
from scripts.localcloud.cloudformation.resources import resource_type
from scripts.localcloud.cloudformation.stack import Output, Resource, Stack, now
from scripts.localcloud.cloudformation.template import ResourceDeclaration, Template

logger = logging.getLogger(__name__)

_KEPT = {"Retain", "RetainExceptOnCreate"}


@dataclass(kw_only=True)
class Deployment:
    """One create or update of a stack."""

    stack: Stack
    template: Template
    values: Mapping[str, Any]
    """Parameters, worked out."""
    pseudo: Mapping[str, str]
    """AWS::Region and the like."""
    place: Callable[[str, int], Place]
    """Where a resource goes: logical id, generation → place."""
    find_export: Callable[[str], str]
    """The value of another stack's export."""
    accept_outputs: Callable[[tuple[Output, ...]], None]
    """Raises ValidationError when the exports among them would break another stack."""

    _resources: dict[str, Resource] = field(default_factory=dict)
    _replaced: list[Resource] = field(default_factory=list)
    _undo: list[tuple[Resource, Callable[[], Resource | None]]] = field(default_factory=list)
    _imports: set[str] = field(default_factory=set)

    def run(self) -> bool:
        """Do it, and say whether that worked; the stack's status tells it too, and why not."""
        word = "UPDATE" if self.stack.resources else "CREATE"
        try:
            outputs = self._apply()
        except (ResourceFailedError, UnsupportedResourceError, ValidationError) as failure:
            self._roll_back(word, str(getattr(failure, "message", failure)))
            return False
        removed = [old for name, old in self.stack.resources.items() if name not in self._resources]
        self.stack.resources = self._resources
        self.stack.template = self.template
        self.stack.outputs = outputs
        self.stack.imports = frozenset(self._imports)
        if word == "UPDATE":
            self.stack.updated_at = now()
            self.stack.move("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")
            self._clean_up(removed)
        self.stack.move(f"{word}_COMPLETE")
        return True

    # What Intrinsics asks for: the names in the template, as far as they exist already.

    def ref(self, logical_id: str) -> Any:
        """The physical id of a resource of this template."""
        return self._settled(logical_id).physical.id

    def attribute(self, logical_id: str, name: str) -> Any:
        """One attribute of a resource of this template."""
        resource = self._settled(logical_id)
        if name not in resource.physical.attributes:
            raise ValidationError(
                f"Template error: resource {logical_id} ({resource.type}) does not support attribute type {name}"
                " in Fn::GetAtt"
            )
        return resource.physical.attributes[name]

    def imported(self, export: str) -> str:
        """The value of another stack's export; from now on that stack must not lose it."""
        self._imports.add(export)
        return self.find_export(export)

    def _settled(self, logical_id: str) -> Resource:
        if logical_id not in self._resources:
            raise ValidationError(f"Template format error: Unresolved resource dependencies [{logical_id}]")
        return self._resources[logical_id]

    def _apply(self) -> tuple[Output, ...]:
        intrinsics = Intrinsics(self.template, parameters=self.values, pseudo=self.pseudo, references=self)
        active = {
            name: declared
            for name, declared in self.template.resources.items()
            if declared.condition is None or intrinsics.condition(declared.condition)
        }
        in_dependency_order(
            {name: declared.references & active.keys() for name, declared in active.items()},
            lambda name: self._settle(active[name], intrinsics),
        )
        outputs = self._outputs(intrinsics)
        self.accept_outputs(outputs)
        return outputs

    def _settle(self, declared: ResourceDeclaration, intrinsics: Intrinsics) -> None:
        self._resources[declared.logical_id] = self._made(declared, intrinsics)

    def _made(self, declared: ResourceDeclaration, intrinsics: Intrinsics) -> Resource:
        kind = resource_type(declared.type)
        old = self.stack.resources.get(declared.logical_id)
        wanted = Resource(
            logical_id=declared.logical_id,
            type=declared.type,
            properties=intrinsics.resolve(declared.properties),
            physical=Physical(id=""),
            references=frozenset(declared.references & self.template.resources.keys()),
            deletion_policy=declared.deletion_policy,
            update_replace_policy=declared.update_replace_policy,
        )
        kind.check(wanted.properties)
        if old is None:
            return self._create(wanted)
        changed = kind.changed(wanted.properties, old.properties)
        if old.type != wanted.type or kind.replaces(changed):
            made = self._create(replace(wanted, generation=old.generation + 1), word="UPDATE")
            self._replaced.append(old)
            return made
        same = replace(wanted, physical=old.physical, generation=old.generation, status=old.status)
        return self._update(same, old) if changed else replace(same, changed_at=old.changed_at)

    def _create(self, wanted: Resource, word: str = "CREATE") -> Resource:
        kind, place = resource_type(wanted.type), self._place(wanted)
        self._note(
            wanted,
            f"{word}_IN_PROGRESS",
            "" if word == "CREATE" else "Requested update requires a new resource",
        )
        made = replace(
            wanted, physical=self._attempt(wanted, word, lambda: kind.create(place, wanted.properties))
        )
        policy = "Delete" if made.deletion_policy == "RetainExceptOnCreate" else made.deletion_policy
        self._undo.append((made, lambda: self._delete(replace(made, deletion_policy=policy))))
        self._attempt(made, word, lambda: kind.complete(place, made.physical, made.properties))
        self._note(made, f"{word}_COMPLETE")
        return replace(made, status=f"{word}_COMPLETE", changed_at=now())

    def _update(self, wanted: Resource, old: Resource) -> Resource:
        kind, place = resource_type(wanted.type), self._place(wanted)
        self._note(wanted, "UPDATE_IN_PROGRESS")

        def back() -> Resource:
            physical = kind.update(place, old.physical, old.properties, wanted.properties)
            return replace(old, physical=physical)

        self._undo.append((old, back))  # before the attempt: a half-done update has to be undone too
        physical = self._attempt(
            wanted, "UPDATE", lambda: kind.update(place, old.physical, wanted.properties, old.properties)
        )
        self._note(wanted, "UPDATE_COMPLETE")
        return replace(wanted, physical=physical, status="UPDATE_COMPLETE", changed_at=now())

    def _outputs(self, intrinsics: Intrinsics) -> tuple[Output, ...]:
        return tuple(
            Output(
                key=key,
                value=_output_text(intrinsics.resolve(entry["Value"])),
                description=entry.get("Description", ""),
                export=intrinsics.resolve(entry["Export"]["Name"]) if "Export" in entry else None,
            )
            for key, entry in self.template.outputs.items()
            if "Condition" not in entry or intrinsics.condition(entry["Condition"])
        )

    def _attempt(self, resource: Resource, word: str, act: Callable[[], Any]) -> Any:
        try:
            return act()
        except Exception as error:
            # Whatever goes wrong with one resource ends this deployment, and never leaves the stack "in progress".
            reason = _reason(error)
            if not isinstance(error, BotoCoreError | ClientError | UnsupportedResourceError):
                logger.exception("%s %s failed", word, resource.logical_id)
            self._note(resource, f"{word}_FAILED", reason)
            failed = f"The following resource(s) failed to {word.lower()}: [{resource.logical_id}]. {reason}"
            raise ResourceFailedError(failed) from error

    def _roll_back(self, word: str, reason: str) -> None:
        rollback = "ROLLBACK" if word == "CREATE" else "UPDATE_ROLLBACK"
        self.stack.move(f"{rollback}_IN_PROGRESS", reason)
        kept = dict(self.stack.resources)
        failed = False
        for resource, undo in reversed(self._undo):
            try:
                restored = undo()
            except Exception as error:
                # The rest has to be rolled back all the same; the status says that this one was not.
                logger.exception("rolling back %s failed", resource.logical_id)
                self._note(resource, f"{rollback}_FAILED", _reason(error))
                failed = True
                restored = resource
            if restored is not None:
                kept[restored.logical_id] = restored
        self.stack.resources = kept
        self.stack.move(f"{rollback}_{'FAILED' if failed else 'COMPLETE'}", reason)

    def _clean_up(self, removed: list[Resource]) -> None:
        for old in reversed([*removed, *self._replaced]):
            policy = old.deletion_policy if old in removed else old.update_replace_policy
            try:
                self._delete(replace(old, deletion_policy=policy))
            except Exception as error:
                # CloudFormation too leaves behind what it cannot delete after a successful update.
                logger.exception("deleting %s failed", old.logical_id)
                self._note(old, "DELETE_FAILED", _reason(error))

    def _delete(self, resource: Resource) -> None:
        delete_resource(self.stack, resource, self._place(resource))

    def _place(self, resource: Resource) -> Place:
        return self.place(resource.logical_id, resource.generation)

    def _note(self, resource: Resource, status: str, reason: str = "") -> None:
        self.stack.record(resource.logical_id, resource.physical.id, resource.type, status, reason)


def delete_resource(stack: Stack, resource: Resource, place: Place) -> None:
    """Delete it unless its policy is to keep it; one that is gone already counts as deleted."""
    kind, physical = resource_type(resource.type), resource.physical
    if resource.deletion_policy in _KEPT:
        stack.record(resource.logical_id, physical.id, resource.type, "DELETE_SKIPPED")
        return
    stack.record(resource.logical_id, physical.id, resource.type, "DELETE_IN_PROGRESS")
    try:
        kind.delete(place, physical, resource.properties)
    except ClientError as error:
        if not is_gone(error):
            raise
    stack.record(resource.logical_id, physical.id, resource.type, "DELETE_COMPLETE")


def _reason(error: Exception) -> str:
    match error:
        case ClientError():
            code, operation = error.response["Error"]["Code"], error.operation_name
            return f'Resource handler returned message: "{error.response["Error"]["Message"]}" ({operation}: {code})'
        case KeyError():
            return f"required key {error} not found"
        case _:
            return f"{type(error).__name__}: {error}" if not str(error) else str(error)


def _output_text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
