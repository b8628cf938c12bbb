"""How a request is refused: one exception, one body, and one table of what an error of the library means to a caller."""

import json
import logging
from collections.abc import Sequence

from fastapi import FastAPI, Request, Response
from starlette.exceptions import HTTPException

from functions.inference.messages import ErrorBody, Problem
from lambdaloop.domain.encoding import RowsInvalidError
from lambdaloop.domain.errors import (
    ArmsDifferError,
    ArtifactCorruptError,
    ArtifactMissingError,
    BackendUnavailableError,
    ModelNotReleasedError,
)
from lambdaloop.domain.feedback import LabelsInvalidError

_MAX_DETAILS = 100
_RETRY_AFTER_SECONDS = 30
_UNAVAILABLE = (
    ModelNotReleasedError,
    ArtifactMissingError,
    ArtifactCorruptError,
    ArmsDifferError,
    BackendUnavailableError,
)

logger = logging.getLogger("lambdaloop.inference")


class RefusedError(Exception):
    """A request that gets another answer than it asked for."""

    def __init__(self, status: int, error: str, problems: Sequence[Problem] = ()) -> None:
        super().__init__(error)
        self.status = status
        self.error = error
        self.problems = problems


def install_refusals(app: FastAPI) -> None:
    """Make every error that is no bug a JSON answer."""
    app.exception_handler(RefusedError)(_refused)
    app.exception_handler(RowsInvalidError)(_rows_invalid)
    app.exception_handler(HTTPException)(_not_routed)
    for error in _UNAVAILABLE:
        app.exception_handler(error)(_unavailable)


def json_response(body: object, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """JSON in ASCII: text with half a character in it (a lone surrogate) can be echoed, too."""
    content = json.dumps(body, separators=(",", ":"), allow_nan=False)
    return Response(content, status, headers, media_type="application/json")


def error_response(
    status: int, error: str, problems: Sequence[Problem] = (), headers: dict[str, str] | None = None
) -> Response:
    """The body of everything that is not 200."""
    if len(problems) > _MAX_DETAILS:
        error = f"{error}; the first {_MAX_DETAILS} are listed"
    body: ErrorBody = {"error": error, "details": list(problems[:_MAX_DETAILS])}
    return json_response(body, status, headers)


async def _refused(_: Request, error: RefusedError) -> Response:
    return error_response(error.status, error.error, error.problems)


async def _rows_invalid(_: Request, error: RowsInvalidError) -> Response:
    problems: list[Problem] = [
        {"row": one.row, "field": one.field or None, "problem": one.problem} for one in error.problems
    ]
    what = "labels" if isinstance(error, LabelsInvalidError) else "rows"
    return error_response(422, f"{what} do not fit the model: {counted(problems)}", problems)


async def _not_routed(request: Request, error: HTTPException) -> Response:
    """No such path, or not with this method."""
    reason = f"{request.method} is not allowed here" if error.status_code == 405 else "there is nothing here"
    return error_response(
        error.status_code, f"{request.url.path}: {reason}", headers=dict(error.headers or {})
    )


async def _unavailable(_: Request, error: Exception) -> Response:
    """The model is not there (yet); the next request tries again, and the log says why this one failed."""
    logger.error("no model to answer with: %s: %s", type(error).__name__, error)
    public = (
        str(error) if isinstance(error, ModelNotReleasedError) else "the model cannot be loaded: try again"
    )
    return error_response(503, public, headers={"retry-after": str(_RETRY_AFTER_SECONDS)})


def counted(problems: Sequence[Problem]) -> str:
    """Their number in words."""
    return "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
