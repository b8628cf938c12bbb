"""Event source mappings."""

from scripts.localcloud.lambda_host.api.request import Answer, LambdaRequest, answer
from scripts.localcloud.lambda_host.errors import NotEmulatedError


class EventSourcesApi(LambdaRequest):
    """The operations on event source mappings."""

    def create_event_source_mapping(self) -> Answer:
        """CreateEventSourceMapping."""
        return answer(self.host.event_sources.create(self.document()), 202)

    def get_event_source_mapping(self) -> Answer:
        """GetEventSourceMapping."""
        return answer(self.host.event_sources.get(self._mapping()))

    def list_event_source_mappings(self) -> Answer:
        """ListEventSourceMappings."""
        function, source = self.query("FunctionName"), self.query("EventSourceArn")
        return answer({"EventSourceMappings": self.host.event_sources.of(function=function, source=source)})

    def update_event_source_mapping(self) -> Answer:
        """UpdateEventSourceMapping."""
        raise NotEmulatedError("changes of event source mappings: delete it and make it anew")

    def delete_event_source_mapping(self) -> Answer:
        """DeleteEventSourceMapping."""
        return answer(self.host.event_sources.delete(self._mapping()), 202)

    def _mapping(self) -> str:
        return str(self.path.rstrip("/").rpartition("/")[2])
