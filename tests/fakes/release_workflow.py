"""The release workflow without Step Functions: the same handlers, documents, retries and catches, in plain Python."""

from collections.abc import Callable

from functions.ask_approval.handler import handle as ask_approval
from functions.close_release.handler import handle as close_release
from functions.judge_release.handler import handle as judge_release
from functions.open_release.handler import handle as open_release
from functions.record_approval.handler import handle as record_approval
from functions.roll_back_release.handler import handle as roll_back_release
from functions.shadow_release.handler import handle as shadow_release
from functions.shift_traffic.handler import handle as shift_traffic
from functions.verify_release.handler import handle as verify_release
from lambdaloop.domain.documents import Document
from lambdaloop.domain.errors import ApprovalDecidedError, ReleaseInProgressError, ReleaseNotReadyError
from lambdaloop.domain.release_rules import slice_seconds
from tests.fakes.app import FakeApp

Handle = Callable[[Document, FakeApp], Document]

People = Callable[[Document], object]
Callers = Callable[[Document], object]


def _silent(_: Document) -> None:
    """Nobody says anything."""


def _quiet(_: Document) -> None:
    """Nothing came but what the fakes tell anyway."""


_TRIES = 12
_MOST_BAKES = 50


def run_release(
    app: FakeApp,
    *,
    version: int = 1,
    execution: str = "x",
    requested_by: str = "ml-team",
    experiment: str | None = None,
    people: People = _silent,
    callers: Callers = _quiet,
) -> Document:
    """One execution; its document at the end has `closed`, or `rolled_back`, or only the `error` of a refused opening.

    Or only what was `opened`, where an experiment asks for what is live.

    `people` is called whenever it waits for an approval, with the document of the waiting task; `callers` whenever a bake
    has passed, with the document of the release, to say what came meanwhile.
    """
    document: Document = {
        "request": {
            "model": app.definition.name,
            "version": version,
            "requested_by": requested_by,
            "reason": "better",
            **({"experiment": experiment} if experiment else {}),
        },
        "execution": execution,
    }
    try:
        document["opened"] = _patiently(open_release, document, app)
        if document["opened"]["status"] == "live":
            return document
        document["verified"] = _patiently(verify_release, document, app)
        if _shadow(document, app) and _approve(document, app, people):
            _take_traffic(document, app, callers)
    except Exception as error:  # noqa: BLE001  (the state machine catches States.ALL)
        document["error"] = {"Error": type(error).__name__, "Cause": str(error)}
        if "opened" not in document and isinstance(error, ReleaseInProgressError):
            return document
    if "closed" not in document:
        document["rolled_back"] = roll_back_release(document, app)
    return document


def _shadow(document: Document, app: FakeApp) -> bool:
    shadow = app.definition.release.shadow
    if shadow is None or document["opened"]["first"]:
        return True
    for _ in range(_MOST_BAKES):
        app.fake_clock.advance(slice_seconds(shadow))
        document["shadow"] = shadow_release(document, app)
        if document["shadow"]["verdict"] != "hold":
            return bool(document["shadow"]["verdict"] == "advance")
    raise TimeoutError("the shadow stage never ends")


def _approve(document: Document, app: FakeApp, people: People) -> bool:
    rules = app.definition.release.approval
    if rules is None:
        return True
    for reminder, hours in ((False, rules.expires_hours - rules.remind_hours), (True, rules.remind_hours)):
        token = f"{document['execution']}-{reminder}"
        app.workflows.waiting.add(token)  # type: ignore[attr-defined]  # FakeWorkflows
        waiting = {**document, "token": token, "reminder": reminder}
        try:
            ask_approval(waiting, app)
        except ApprovalDecidedError:
            break
        people(waiting)
        if token not in app.workflows.waiting:  # type: ignore[attr-defined]
            break
        app.workflows.waiting.discard(token)  # type: ignore[attr-defined]
        app.fake_clock.advance(hours * 3600)
    document["approval"] = record_approval(document, app)
    return bool(document["approval"]["approved"])


def _take_traffic(document: Document, app: FakeApp, callers: Callers) -> None:
    document["shift"] = shift_traffic(document, app)
    for _ in range(_MOST_BAKES):
        app.fake_clock.advance(document["shift"]["bake_seconds"])
        callers(document)
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
