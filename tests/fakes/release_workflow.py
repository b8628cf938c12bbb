"""The release workflow without Step Functions: the same handlers, documents, retries and catches, in plain Python."""

from collections.abc import Callable

from functions.close_release.handler import handle as close_release
from functions.judge_release.handler import handle as judge_release
from functions.open_release.handler import handle as open_release
from functions.roll_back_release.handler import handle as roll_back_release
from functions.shift_traffic.handler import handle as shift_traffic
from functions.verify_release.handler import handle as verify_release
from lambdaloop.domain.documents import Document
from lambdaloop.domain.errors import ReleaseInProgressError, ReleaseNotReadyError
from tests.fakes.app import FakeApp
from tests.fakes.samples import MODEL

Handle = Callable[[Document, FakeApp], Document]

_TRIES = 12
_MOST_BAKES = 50


def run_release(app: FakeApp, *, version: int = 1, execution: str = "x") -> Document:
    """One execution; its document at the end has `closed`, or `rolled_back`, or only the `error` of a refused opening."""
    document: Document = {
        "request": {"model": MODEL, "version": version, "requested_by": "ml-team", "reason": "better"},
        "execution": execution,
    }
    try:
        document["opened"] = _patiently(open_release, document, app)
        document["verified"] = _patiently(verify_release, document, app)
        _take_traffic(document, app)
    except Exception as error:  # noqa: BLE001  (the state machine catches States.ALL)
        document["error"] = {"Error": type(error).__name__, "Cause": str(error)}
        if "opened" not in document and isinstance(error, ReleaseInProgressError):
            return document
    if "closed" not in document:
        document["rolled_back"] = roll_back_release(document, app)
    return document


def _take_traffic(document: Document, app: FakeApp) -> None:
    document["shift"] = shift_traffic(document, app)
    for _ in range(_MOST_BAKES):
        app.fake_clock.advance(document["shift"]["bake_seconds"])
        document["judgement"] = judge_release(document, app)
        match document["judgement"]["verdict"]:
            case "advance":
                document["shift"] = shift_traffic(document, app)
            case "complete":
                document["closed"] = close_release(document, app)
                return
            case "roll_back":
                return
    raise TimeoutError("the release never ends")


def _patiently(handle: Handle, document: Document, app: FakeApp) -> Document:
    for _ in range(_TRIES):
        try:
            return handle(document, app)
        except ReleaseNotReadyError:
            app.fake_clock.advance(2)
    return handle(document, app)
