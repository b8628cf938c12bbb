"""A registry that is out of reach for a while."""

from typing import Any

from lambdaloop.domain.errors import BackendUnavailableError
from tests.fakes.registry import InMemoryRegistry


class DownRegistry(InMemoryRegistry):
    """Down for some calls, and up from then on."""

    def __init__(self, registry: InMemoryRegistry, calls: int) -> None:
        self.__dict__.update(registry.__dict__)
        self._left = calls

    def releases(self, model: str, *, limit: int | None = None) -> Any:
        self._fail()
        return super().releases(model, limit=limit)

    def return_to(self, **given: Any) -> Any:
        self._fail()
        return super().return_to(**given)

    def _fail(self) -> None:
        if self._left:
            self._left -= 1
            raise BackendUnavailableError("no whole answer from AWS")
