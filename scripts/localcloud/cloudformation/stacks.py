"""All stacks of the account, and the operations on them.

An operation runs in its own thread, as it does at AWS; requests that start one wait a while for its end, because
the CDK command would otherwise look again only after five seconds.
"""

import logging
import threading
import uuid
from collections.abc import Mapping
from typing import Any

from scripts.localcloud.cloud import ACCOUNT_ID, REGION, Cloud
from scripts.localcloud.cloudformation.change_set import ChangeSet, plan
from scripts.localcloud.cloudformation.deployment import Deployment, delete_resource
from scripts.localcloud.cloudformation.errors import (
    AlreadyExistsError,
    ChangeSetNotFoundError,
    ValidationError,
)
from scripts.localcloud.cloudformation.exports import Exports
from scripts.localcloud.cloudformation.parameters import parameter_values
from scripts.localcloud.cloudformation.resource_type import Place, account_client
from scripts.localcloud.cloudformation.stack import Stack, now
from scripts.localcloud.cloudformation.template import Template

logger = logging.getLogger(__name__)

_PATIENCE_SECONDS = 25.0  # well below the 60 seconds after which SDKs give up on a request
_NOT_UPDATABLE = {"ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "DELETE_FAILED", "UPDATE_ROLLBACK_FAILED"}


class Stacks:
    """The stacks of the one account and region."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._lock = threading.RLock()
        self._living: dict[str, Stack] = {}
        self._deleted: list[Stack] = []
        self._change_sets: list[ChangeSet] = []
        self.exports = Exports(self.living)

    def living(self) -> list[Stack]:
        """Stacks that are not deleted, oldest first."""
        return list(self._living.values())

    def all(self) -> list[Stack]:
        """Every stack there ever was."""
        return [*self._living.values(), *self._deleted]

    def get(self, name_or_id: str) -> Stack:
        """A stack by name, or by id even when it is deleted. Raises ValidationError if there is none."""
        if name_or_id in self._living:
            return self._living[name_or_id]
        for stack in self.all():
            if stack.id == name_or_id:
                return stack
        raise ValidationError(f"Stack with id {name_or_id} does not exist")

    def create(
        self,
        name: str,
        template: Template,
        parameters: Mapping[str, str],
        tags: Mapping[str, str],
        **settings: Any,
    ) -> Stack:
        """Create a stack. Raises AlreadyExistsError, ValidationError."""
        stack = self._new(name)
        try:
            self._deploy(stack, template, parameters, tags, settings)
        except ValidationError:
            self._forget(stack)
            raise
        return stack

    def update(
        self,
        name: str,
        template: Template,
        parameters: Mapping[str, str],
        tags: Mapping[str, str],
        **settings: Any,
    ) -> Stack:
        """Update a stack. Raises ValidationError, also when there is nothing to update."""
        stack = self.get(name)
        self._require_idle(stack)
        if self._is_same(stack, template, parameters, tags):
            raise ValidationError("No updates are to be performed.")
        self._deploy(stack, template, parameters, tags, settings)
        return stack

    def delete(self, name: str, *, retain: frozenset[str] = frozenset()) -> None:
        """Delete a stack; nothing happens if there is none. Raises ValidationError while others need it."""
        try:
            stack = self.get(name)
        except ValidationError:
            return
        if stack.deleted_at:
            return
        self._require_idle(stack, deleting=True)
        if stack.termination_protection:
            raise ValidationError(
                f"Stack [{stack.name}] cannot be deleted while TerminationProtection is enabled"
            )
        self.exports.check_deletion(stack)
        stack.move("DELETE_IN_PROGRESS", "User Initiated")
        self._run(lambda: self._tear_down(stack, retain))

    def plan(
        self,
        stack_name: str,
        change_set_name: str,
        kind: str,
        template: Template,
        parameters: Mapping[str, str],
        tags: Mapping[str, str],
        description: str,
        **settings: Any,
    ) -> ChangeSet:
        """Make a change set. Raises ValidationError, AlreadyExistsError."""
        if kind not in {"CREATE", "UPDATE"}:
            raise ValidationError(f"the local cloud makes change sets of type CREATE and UPDATE, got {kind}")
        stack = self.get(stack_name) if kind == "UPDATE" else self._reviewed(stack_name)
        self._require_idle(stack)
        change_set = ChangeSet(
            id=_arn(f"changeSet/{change_set_name}/{uuid.uuid4()}"),
            name=change_set_name,
            stack=stack,
            kind=kind,
            template=template,
            parameters=parameters,
            tags=tags,
            description=description,
            changes=self._planned(stack, template, parameters),
            settings=settings,
        )
        if kind == "UPDATE" and self._is_same(stack, template, parameters, tags):
            change_set.status, change_set.execution_status = "FAILED", "UNAVAILABLE"
            change_set.reason = (
                "The submitted information didn't contain changes. "
                "Submit different information to create a change set."
            )
        self._change_sets.append(change_set)
        return change_set

    def change_set(self, name_or_id: str, stack_name: str | None) -> ChangeSet:
        """A change set by id, or by name within a stack. Raises ChangeSetNotFoundError."""
        for found in reversed(self._change_sets):
            in_stack = stack_name in {None, found.stack.name, found.stack.id}
            if found.id == name_or_id or (found.name == name_or_id and in_stack):
                return found
        raise ChangeSetNotFoundError(f"ChangeSet [{name_or_id}] does not exist")

    def change_sets(self, stack_name: str) -> list[ChangeSet]:
        """The change sets of a stack."""
        stack = self.get(stack_name)
        return [one for one in self._change_sets if one.stack is stack]

    def discard(self, name_or_id: str, stack_name: str | None) -> None:
        """Delete a change set; nothing happens if there is none."""
        try:
            self._change_sets.remove(self.change_set(name_or_id, stack_name))
        except ChangeSetNotFoundError:
            return

    def execute(self, change_set: ChangeSet) -> None:
        """Do what a change set planned. Raises ValidationError for one that cannot be executed."""
        if change_set.execution_status != "AVAILABLE":
            raise ValidationError(
                f"ChangeSet [{change_set.id}] cannot be executed in its current status of [{change_set.status}]"
            )
        stack = change_set.stack
        self._require_idle(stack)
        change_set.execution_status = "EXECUTE_COMPLETE"
        self._deploy(stack, change_set.template, change_set.parameters, change_set.tags, change_set.settings)
        # As at AWS, the other plans for this stack are worth nothing now.
        self._change_sets = [one for one in self._change_sets if one.stack is not stack or one is change_set]

    def _deploy(
        self,
        stack: Stack,
        template: Template,
        parameters: Mapping[str, str],
        tags: Mapping[str, str],
        settings: Mapping[str, Any],
    ) -> None:
        self._planned(stack, template, parameters)  # refuses what can never work before anything is created
        deployment = Deployment(
            stack=stack,
            template=template,
            values=self._values(template, parameters),
            pseudo=self._pseudo(stack),
            place=lambda logical_id, generation: self._place(stack, logical_id, generation),
            find_export=self.exports.value,
            accept_outputs=lambda outputs: self.exports.check_update(stack, outputs),
        )
        stack.move(f"{'UPDATE' if stack.resources else 'CREATE'}_IN_PROGRESS", "User Initiated")

        def operation() -> None:
            if deployment.run():
                stack.parameters, stack.tags = dict(parameters), dict(tags)
                stack.settings.update(settings)

        self._run(operation)

    def _tear_down(self, stack: Stack, retain: frozenset[str]) -> None:
        failed: list[str] = []
        needed: set[str] = set()
        for resource in reversed(list(stack.resources.values())):
            if resource.logical_id in needed:
                needed |= resource.references
                continue
            try:
                if resource.logical_id not in retain:
                    place = self._place(stack, resource.logical_id, resource.generation)
                    delete_resource(stack, resource, place)
            except Exception as error:
                # Whatever is wrong with one resource, the others still go, and the stack says which one stayed.
                logger.exception("deleting %s failed", resource.logical_id)
                physical_id = resource.physical.id
                stack.record(resource.logical_id, physical_id, resource.type, "DELETE_FAILED", str(error))
                failed.append(resource.logical_id)
                needed |= resource.references
            else:
                del stack.resources[resource.logical_id]
        if failed:
            stack.move("DELETE_FAILED", f"The following resource(s) failed to delete: {failed}.")
            return
        stack.outputs, stack.imports = (), frozenset()
        stack.deleted_at = now()
        stack.move("DELETE_COMPLETE")
        with self._lock:
            self._forget(stack)
            self._deleted.append(stack)

    def _planned(self, stack: Stack, template: Template, parameters: Mapping[str, str]) -> Any:
        return plan(
            stack,
            template,
            values=self._values(template, parameters),
            pseudo=self._pseudo(stack),
            imported=self.exports.value,
        )

    def _values(self, template: Template, parameters: Mapping[str, str]) -> dict[str, Any]:
        def read_ssm(name: str) -> str:
            client = account_client("ssm", self._cloud.endpoint_url)
            try:
                value: str = client.get_parameter(Name=name)["Parameter"]["Value"]
            except client.exceptions.ParameterNotFound as error:
                raise ValidationError(
                    f"Unable to fetch parameters [{name}] from parameter store for this account."
                ) from error
            return value

        return parameter_values(template, parameters, read_ssm=read_ssm)

    def _is_same(
        self, stack: Stack, template: Template, parameters: Mapping[str, str], tags: Mapping[str, str]
    ) -> bool:
        return (stack.template, stack.parameters, stack.tags) == (template, parameters, tags)

    def _require_idle(self, stack: Stack, *, deleting: bool = False) -> None:
        verb = "deleted" if deleting else "updated"
        if stack.is_busy or (not deleting and stack.status in _NOT_UPDATABLE):
            raise ValidationError(f"Stack:{stack.id} is in {stack.status} state and can not be {verb}.")

    def _reviewed(self, name: str) -> Stack:
        if name in self._living and self._living[name].status == "REVIEW_IN_PROGRESS":
            return self._living[name]
        stack = self._new(name)
        stack.move("REVIEW_IN_PROGRESS", "User Initiated")
        return stack

    def _new(self, name: str) -> Stack:
        with self._lock:
            if name in self._living:
                raise AlreadyExistsError(f"Stack [{name}] already exists")
            stack = Stack(id=_arn(f"stack/{name}/{uuid.uuid4()}"), name=name)
            self._living[name] = stack
            return stack

    def _forget(self, stack: Stack) -> None:
        self._living.pop(stack.name, None)
        self._change_sets = [one for one in self._change_sets if one.stack is not stack]

    def _pseudo(self, stack: Stack) -> dict[str, str]:
        return {
            "AWS::AccountId": ACCOUNT_ID,
            "AWS::Partition": "aws",
            "AWS::Region": REGION,
            "AWS::StackId": stack.id,
            "AWS::StackName": stack.name,
            "AWS::URLSuffix": "amazonaws.com",
        }

    def _place(self, stack: Stack, logical_id: str, generation: int) -> Place:
        return Place(
            endpoint_url=self._cloud.endpoint_url,
            gateway_url=f"http://127.0.0.1:{self._cloud.gateway_port}",
            stack_name=stack.name,
            stack_id=stack.id,
            logical_id=logical_id,
            generation=generation,
        )

    def _run(self, operation: Any) -> None:
        thread = threading.Thread(target=operation, name="stack-operation", daemon=True)
        thread.start()
        thread.join(_PATIENCE_SECONDS)


def _arn(resource: str) -> str:
    return f"arn:aws:cloudformation:{REGION}:{ACCOUNT_ID}:{resource}"
