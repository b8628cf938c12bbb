"""Routes without FastAPI's machinery for dependencies and clean-up, which took an eighth of a warm request."""

from inspect import signature
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.types import Receive, Scope, Send


class DirectRoute(APIRoute):
    """Calls its endpoint with the path's parameters, all of them text, and with the request if it takes one.

    Endpoints read their own bodies and return responses; of FastAPI remain the routing and the document.
    """

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self._takes_request = "request" in signature(self.endpoint).parameters
        self.app = self._answer

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive, send)
        extra = {"request": request} if self._takes_request else {}
        response: Response = await self.endpoint(**scope["path_params"], **extra)
        await response(scope, receive, send)
