"""Routes of Starlette's, without FastAPI: its import took a third of a cold start, for no more than the routing.

`scripts/openapi` shows the same routes to FastAPI, which writes the document.
"""

from collections.abc import Awaitable, Callable, Iterator
from inspect import signature

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

Endpoint = Callable[..., Awaitable[Response]]


class DirectRoute(Route):
    """Calls its endpoint with the path's parameters, all of them text, and with the request if it takes one.

    Endpoints read their own bodies and return responses; of Starlette remains the matching.
    """

    def __init__(self, method: str, path: str, endpoint: Endpoint) -> None:
        super().__init__(path, endpoint, methods=[method])
        self.methods = {method}  # Starlette adds HEAD to GET
        self._takes_request = "request" in signature(endpoint).parameters
        self.app = self._answer

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        extra = {"request": Request(scope, receive, send)} if self._takes_request else {}
        response = await self.endpoint(**scope["path_params"], **extra)
        await response(scope, receive, send)


class Routes:
    """Routes under one heading of the document; filled by decorators."""

    def __init__(self, heading: str) -> None:
        self.heading = heading
        self._routes: list[DirectRoute] = []

    def __iter__(self) -> Iterator[DirectRoute]:
        return iter(self._routes)

    def get(self, path: str) -> Callable[[Endpoint], Endpoint]:
        """Add an endpoint."""
        return self._adding("GET", path)

    def post(self, path: str) -> Callable[[Endpoint], Endpoint]:
        """Add an endpoint."""
        return self._adding("POST", path)

    def _adding(self, method: str, path: str) -> Callable[[Endpoint], Endpoint]:
        def add(endpoint: Endpoint) -> Endpoint:
            self._routes.append(DirectRoute(method, path, endpoint))
            return endpoint

        return add
