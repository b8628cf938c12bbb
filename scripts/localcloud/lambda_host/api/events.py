"""Retries and destinations of asynchronous events."""

from scripts.localcloud.lambda_host.api.request import Answer, LambdaRequest, answer, nothing
from scripts.localcloud.lambda_host.names import FunctionName


class EventsApi(LambdaRequest):
    """The operations on event invoke configurations."""

    def put_function_event_invoke_config(self) -> Answer:
        """PutFunctionEventInvokeConfig."""
        return self._store(replace=True)

    def update_function_event_invoke_config(self) -> Answer:
        """UpdateFunctionEventInvokeConfig."""
        self.host.event_configs.get(self.name())
        return self._store(replace=False)

    def get_function_event_invoke_config(self) -> Answer:
        """GetFunctionEventInvokeConfig."""
        return answer(self.host.event_configs.get(self._known()))

    def delete_function_event_invoke_config(self) -> Answer:
        """DeleteFunctionEventInvokeConfig."""
        self.host.event_configs.delete(self._known())
        return nothing()

    def list_function_event_invoke_configs(self) -> Answer:
        """ListFunctionEventInvokeConfigs."""
        return answer({"FunctionEventInvokeConfigs": self.host.event_configs.of_function(self._known().name)})

    def _known(self) -> FunctionName:
        name = self.name()
        self.host.find(name)
        return name

    def _store(self, *, replace: bool) -> Answer:
        now = self.host.cloud.clock.time()
        return answer(self.host.event_configs.put(self._known(), self.document(), now, replace=replace))
