"""The resource policy of functions, versions and aliases."""

import json
import uuid
from typing import Any
from urllib.parse import unquote

from scripts.localcloud.lambda_host.api.request import Answer, LambdaRequest, answer, nothing
from scripts.localcloud.lambda_host.errors import (
    PreconditionFailedError,
    ResourceConflictError,
    ResourceNotFoundError,
)
from scripts.localcloud.lambda_host.function import HostedFunction
from scripts.localcloud.lambda_host.names import FunctionName
from scripts.localcloud.lambda_host.permissions import statement


class PolicyApi(LambdaRequest):
    """The operations on permissions."""

    def add_permission(self) -> Answer:
        """AddPermission."""
        request, name = self.document(), self.name()
        function = self._owner(name)
        self._check_revision(name, request.get("RevisionId"))
        if any(one["Sid"] == request["StatementId"] for one in self._statements(function, name)):
            raise ResourceConflictError(
                f"The statement id ({request['StatementId']}) provided already exists. "
                "Please provide a new statement id, or remove the existing statement."
            )
        added = statement(request, name)
        function.policy.statements.append(added)
        self._touch(name)
        return answer({"Statement": json.dumps(added)}, 201)

    def get_policy(self) -> Answer:
        """GetPolicy."""
        name = self.name()
        statements = self._statements(self._owner(name), name)
        if not statements:
            raise ResourceNotFoundError("The resource you requested does not exist.")
        policy = {"Version": "2012-10-17", "Id": "default", "Statement": statements}
        return answer({"Policy": json.dumps(policy), "RevisionId": self._revision(name)})

    def remove_permission(self) -> Answer:
        """RemovePermission."""
        name = self.name()
        function, sid = self._owner(name), unquote(self.path.rpartition("/")[2])
        self._check_revision(name, self.query("RevisionId"))
        found = [one for one in self._statements(function, name) if one["Sid"] == sid]
        if not found:
            raise ResourceNotFoundError(f"Statement {sid} is not found in resource policy.")
        function.policy.statements.remove(found[0])
        self._touch(name)
        return nothing()

    def _owner(self, name: FunctionName) -> HostedFunction:
        """$LATEST holds the statements of all versions and aliases."""
        self.host.find(name)
        return self.host.find(FunctionName(name.name))

    def _statements(self, function: HostedFunction, name: FunctionName) -> list[dict[str, Any]]:
        return [one for one in function.policy.statements if one["Resource"] == name.arn]

    def _alias_behind(self, name: FunctionName) -> Any:
        aliases = {alias.name: alias for alias in self.backend.list_aliases(name.name)}
        return aliases.get(name.qualifier)

    def _revision(self, name: FunctionName) -> str:
        """Permissions share the revision of what they are for."""
        alias = self._alias_behind(name)
        return str(alias.revision_id) if alias else self.host.find(name).lifecycle.revision

    def _check_revision(self, name: FunctionName, expected: str | None) -> None:
        if expected and expected != self._revision(name):
            raise PreconditionFailedError

    def _touch(self, name: FunctionName) -> None:
        alias = self._alias_behind(name)
        if alias:
            alias.revision_id = str(uuid.uuid4())
        else:
            self.host.find(name).lifecycle.touch()
