"""Functions and versions: create, change, publish, show, delete."""

from typing import Any

from scripts.localcloud.lambda_host.aliases import LATEST, weights
from scripts.localcloud.lambda_host.api.request import Answer, LambdaRequest, answer, nothing
from scripts.localcloud.lambda_host.errors import InvalidParameterError, LambdaApiError, ResourceConflictError
from scripts.localcloud.lambda_host.limits import check_request, check_size
from scripts.localcloud.lambda_host.names import FunctionName


class FunctionsApi(LambdaRequest):
    """The operations on functions and versions."""

    def create_function(self) -> Answer:
        """CreateFunction."""
        request = self.document()
        check_request(request)
        created: Answer = super().create_function()
        name = FunctionName(request["FunctionName"].rpartition(":")[2])
        try:
            check_size(self.host.find(name))
        except LambdaApiError:
            self.backend.delete_function(name.name)
            raise
        return created

    def update_function_configuration(self) -> Answer:
        """UpdateFunctionConfiguration."""
        request, function = self.document(), self.latest()
        check_request(request)
        function.lifecycle.check_revision(request.get("RevisionId"))
        function.lifecycle.check_settled(function.function_arn)
        layers = function.layers
        if "Layers" in request:
            function.layers = function._get_layers_data(request["Layers"])  # noqa: SLF001
            try:
                check_size(function)
            except LambdaApiError:
                function.layers = layers
                raise
        return answer(function.update_configuration(request))

    def update_function_code(self) -> Answer:
        """UpdateFunctionCode."""
        request, function = self.document(), self.latest()
        function.lifecycle.check_revision(request.get("RevisionId"))
        function.lifecycle.check_settled(function.function_arn)
        code = ("code", "code_bytes", "code_size", "code_sha_256", "code_digest")
        before = {name: getattr(function, name) for name in code}
        function.code = dict(function.code)
        shown = function.update_function_code(request)
        try:
            check_size(function)
        except LambdaApiError:
            for name, value in before.items():
                setattr(function, name, value)
            raise
        if request.get("Publish"):
            shown = self.backend.publish_version(function.function_name).get_configuration()
        return answer(shown)

    def publish_version(self) -> Answer:
        """PublishVersion: the last version again where nothing has changed since."""
        request, function = self.document(), self.latest()
        function.lifecycle.check_revision(request.get("RevisionId"))
        function.lifecycle.check_settled(function.function_arn)
        expected = request.get("CodeSha256")
        if expected and expected != function.code_sha_256:
            raise InvalidParameterError(
                f"CodeSHA256 ({expected}) is different from current CodeSHA256 in $LATEST ({function.code_sha_256}). "
                "Please try again with the CodeSHA256 in $LATEST."
            )
        version = self.backend.publish_version(function.function_name, request.get("Description") or "")
        return answer(version.get_configuration(), 201)

    def get_function(self) -> Answer:
        """GetFunction."""
        name = self.name()
        function = self.host.find(name)
        shown = function.get_code()
        shown["Configuration"] = self._configuration(name)
        shown.pop("Concurrency", None)
        reserved = self.host.find(FunctionName(name.name)).reserved_concurrency
        if reserved is not None:
            shown["Concurrency"] = {"ReservedConcurrentExecutions": reserved}
        return answer(shown)

    def get_function_configuration(self) -> Answer:
        """GetFunctionConfiguration."""
        return answer(self._configuration(self.name()))

    def delete_function(self) -> Answer:
        """DeleteFunction: all of it, or one version that no alias needs."""
        name = self.name()
        self.host.find(name)
        if name.qualifier is None:
            self.host.event_configs.forget(name.name)
        else:
            self._check_deletable(name)
        self.backend.delete_function(name.name, name.qualifier)
        self.host.retire(name.name, name.qualifier)
        return nothing()

    def _configuration(self, name: FunctionName) -> dict[str, Any]:
        config: dict[str, Any] = self.host.find(name).get_configuration()
        return {**config, "FunctionArn": name.arn}

    def _check_deletable(self, name: FunctionName) -> None:
        if name.qualifier == LATEST:
            raise InvalidParameterError("$LATEST version cannot be deleted without deleting the function.")
        aliases = self.backend.list_aliases(name.name)
        if name.qualifier in {alias.name for alias in aliases}:
            raise InvalidParameterError(f"{name.qualifier} is an alias: delete it with DeleteAlias")
        users = [
            alias.name
            for alias in aliases
            if name.qualifier in {alias.function_version, *weights(alias.routing_config)}
        ]
        if users:
            raise ResourceConflictError(
                f"Unable to delete version {name.qualifier}: the following aliases reference it: {users}"
            )
