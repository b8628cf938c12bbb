"""Aliases: compare-and-swap by RevisionId, weights validated."""

import uuid
from typing import Any
from urllib.parse import unquote

from scripts.localcloud.lambda_host.aliases import check_weights, weights
from scripts.localcloud.lambda_host.api.request import Answer, LambdaRequest, answer, nothing
from scripts.localcloud.lambda_host.errors import PreconditionFailedError
from scripts.localcloud.lambda_host.names import FunctionName


class AliasesApi(LambdaRequest):
    """The operations on aliases."""

    def create_alias(self) -> Answer:
        """CreateAlias."""
        request, name = self.document(), self.name()
        self._check_routing(name, request["FunctionVersion"], request.get("RoutingConfig"))
        alias = self.backend.create_alias(
            name=request["Name"],
            function_name=name.name,
            function_version=request["FunctionVersion"],
            description=request.get("Description", ""),
            routing_config=request.get("RoutingConfig"),
        )
        return answer(alias.to_json(), 201)

    def get_alias(self) -> Answer:
        """GetAlias."""
        return answer(self._alias().to_json())

    def update_alias(self) -> Answer:
        """UpdateAlias: refused when somebody else changed the alias since the caller read it."""
        request, name, alias = self.document(), self.name(), self._alias()
        if request.get("RevisionId") and request["RevisionId"] != alias.revision_id:
            raise PreconditionFailedError
        version = request.get("FunctionVersion") or alias.function_version
        routing = request.get("RoutingConfig")
        self._check_routing(name, version, alias.routing_config if routing is None else routing)
        alias.update(request.get("Description"), version, routing)
        alias.revision_id = str(uuid.uuid4())
        return answer(alias.to_json())

    def delete_alias(self) -> Answer:
        """DeleteAlias."""
        self.backend.delete_alias(name=self._alias_name(), function_name=self.name().name)
        return nothing()

    def _alias(self) -> Any:
        return self.backend.get_alias(name=self._alias_name(), function_name=self.name().name)

    def _alias_name(self) -> str:
        return unquote(self.path.rpartition("/")[2])

    def _check_routing(self, name: FunctionName, version: str, routing: dict[str, Any] | None) -> None:
        check_weights(version, routing)
        for used in (version, *weights(routing)):
            self.host.find(FunctionName(name.name, used))
