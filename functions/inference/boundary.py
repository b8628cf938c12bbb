"""The outermost layer of the application: counts every request for predictions, and is where a bug ends."""

import logging
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from functions.inference.facts import facts_of
from functions.inference.refusals import error_response

if TYPE_CHECKING:
    from lambdaloop.ports import RequestMetrics

logger = logging.getLogger("lambdaloop.inference")


class Boundary:
    """ASGI middleware. Endpoints find `request.state.facts`, and say in `request.state.predictions` how many rows they answered.

    A request that is no request for predictions says so in `request.state.is_feedback`; `request.state.arm` is the arm of an
    experiment that was asked last.
    """

    def __init__(self, app: ASGIApp, *, metrics: "RequestMetrics", release: Callable[[], int | None]) -> None:
        self._app = app
        self._metrics = metrics
        self._release = release

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        started = time.perf_counter()
        facts = facts_of(scope)
        state = scope.setdefault("state", {})
        state["facts"] = facts
        statuses: list[int] = []

        async def watched_send(message: Message) -> None:
            if message["type"] == "http.response.start":
                statuses.append(message["status"])
            await send(message)

        try:
            await self._app(scope, receive, watched_send)
        except Exception:
            # The boundary of the process: a bug of ours becomes a plain 500, counted here and explained in the log only.
            logger.exception("unexpected error")
            if not statuses:
                await error_response(500, "internal error")(scope, receive, watched_send)
        if scope["method"] == "POST" and facts.is_traffic and not state.get("is_feedback"):
            self._metrics.record(
                release=self._release(),
                predictions=state.get("predictions", 0),
                status=statuses[0],
                seconds=time.perf_counter() - started,
                arm=state.get("arm"),
            )
