"""The outermost layer of the application: counts every request for predictions, dresses every answer, and is where a bug ends."""

import logging
import time
import traceback
from datetime import datetime
from typing import TYPE_CHECKING

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from functions.inference.compression import MIN_BYTES, packed
from functions.inference.endpoints import Slot
from functions.inference.facts import RequestFacts, facts_of
from functions.inference.refusals import error_response
from functions.inference.throttling import too_often
from lambdaloop.domain.http_answer import SECURITY_HEADERS

if TYPE_CHECKING:
    from lambdaloop.ports import RequestMetrics

logger = logging.getLogger("lambdaloop.inference")

ONLINE_FEATURES = b"x-online-features"
"""Where looked-up features came from, the worst of all rows: stored, default or unavailable."""
_SECURITY_HEADERS = [(name.encode(), value.encode()) for name, value in SECURITY_HEADERS.items()]


class Boundary:
    """ASGI middleware. Endpoints find `request.state.facts`, and say in `request.state.predictions` how many rows they answered.

    A request that is no request for predictions says so in `request.state.is_uncounted`; `request.state.arm` is the arm of
    an experiment that was asked last, `request.state.online` where looked-up features came from.
    """

    def __init__(self, app: ASGIApp, *, metrics: "RequestMetrics", slot: Slot) -> None:
        self._app = app
        self._metrics = metrics
        self._slot = slot

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        started = time.perf_counter()
        facts = facts_of(scope)
        state = scope.setdefault("state", {})
        state["facts"] = facts
        starts: list[Message] = []

        async def dressed_send(message: Message) -> None:
            """Answers have one body, so the start can wait for it."""
            if message["type"] == "http.response.start":
                starts.append(message)
                return
            _dress(starts[0], message, facts, self._slot.loaded_at, state.get("online"))
            await send(starts[0])
            await send(message)

        refusal = too_often(scope, facts.request_id)
        if refusal:
            state["is_uncounted"] = True  # no answer of the model's
        try:
            await (refusal or self._app)(scope, receive, dressed_send)
        except Exception as error:  # noqa: BLE001  (the boundary of the process)
            # A bug of ours becomes a plain 500, counted here and explained in the log only.
            logger.error("unexpected error: %s", _without_values(error))  # noqa: TRY400  (its message is left out)
            if not starts:
                response = error_response(facts.request_id, 500, "internal error")
                await response(scope, receive, dressed_send)
        if scope["method"] == "POST" and facts.is_traffic and not state.get("is_uncounted"):
            self._metrics.record(
                release=self._slot.release,
                predictions=state.get("predictions", 0),
                status=starts[0]["status"],
                seconds=time.perf_counter() - started,
                arm=state.get("arm"),
            )


def _dress(
    start: Message, body: Message, facts: RequestFacts, loaded_at: datetime | None, online: str | None
) -> None:
    """Add what every answer carries; in gzip where that is welcome and worth it."""
    headers: list[tuple[bytes, bytes]] = [
        *start["headers"],
        *_SECURITY_HEADERS,
        (b"x-request-id", facts.request_id.encode("latin-1")),
    ]
    if loaded_at:
        # Nothing is asked again once the model is loaded, so this is how old all is that an answer was made of.
        seconds = max(0, int((facts.event_time - loaded_at).total_seconds()))
        headers.append((b"x-model-age", b"%d" % seconds))
    if online:
        headers.append((ONLINE_FEATURES, online.encode()))
    if facts.accepts_gzip and len(body["body"]) >= MIN_BYTES:
        body["body"] = packed(body["body"])
        headers = [(name, value) for name, value in headers if name != b"content-length"]
        headers += [
            (b"content-length", b"%d" % len(body["body"])),
            (b"content-encoding", b"gzip"),
            (b"vary", b"accept-encoding"),
        ]
    start["headers"] = headers


def _without_values(error: Exception) -> str:
    """Where it happened, and no message: that of a bug may quote a caller's values, which belong into no log."""
    kinds = []
    cause: BaseException | None = error
    while cause is not None:
        frames = "".join(traceback.format_tb(cause.__traceback__))
        kinds.append(f"{type(cause).__name__}\n{frames}")
        cause = cause.__cause__ or cause.__context__
    return "raised after ".join(kinds)
