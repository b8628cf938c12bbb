"""How a request is refused: one exception, one body, and one table of what an error of the library means to a caller."""

import json
import logging
from collections.abc import Mapping, Sequence
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from functions.inference.facts import RequestFacts
from functions.inference.messages import Problem
from lambdaloop.domain.encoding import MOST_PROBLEMS, RowsInvalidError
from lambdaloop.domain.errors import (
    ArmsDifferError,
    ArtifactCorruptError,
    ArtifactMissingError,
    BackendUnavailableError,
    ModelNotReleasedError,
    StoredFeaturesUnavailableError,
)
from lambdaloop.domain.feedback import LabelsInvalidError
from lambdaloop.domain.http_answer import PROBLEM_TYPE, problem_body

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

    def __init__(
        self,
        status: int,
        error: str,
        problems: Sequence[Problem] = (),
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(error)
        self.status = status
        self.error = error
        self.problems = problems
        self.headers = headers


def json_response(body: object, status: int = 200) -> Response:
    """JSON in ASCII: text with half a character in it (a lone surrogate) can be echoed, too."""
    content = json.dumps(body, separators=(",", ":"), allow_nan=False)
    return Response(content, status, media_type="application/json")


def error_response(
    request_id: str,
    status: int,
    error: str,
    problems: Sequence[Problem] = (),
    headers: dict[str, str] | None = None,
) -> Response:
    """The answer of everything that is not 200."""
    if len(problems) > _MAX_DETAILS:
        error = f"{error}; the first {_MAX_DETAILS} are listed"
    body = problem_body(status, error, problems[:_MAX_DETAILS], request_id=request_id)
    return Response(json.dumps(body, separators=(",", ":")), status, headers, media_type=PROBLEM_TYPE)


async def _refused(request: Request, error: RefusedError) -> Response:
    return error_response(_id_of(request), error.status, error.error, error.problems, error.headers)


async def _rows_invalid(request: Request, error: RowsInvalidError) -> Response:
    problems: list[Problem] = [
        {"row": one.row, "field": one.field or None, "problem": one.problem} for one in error.problems
    ]
    what = "labels" if isinstance(error, LabelsInvalidError) else "rows"
    return error_response(_id_of(request), 422, f"{what} do not fit the model: {counted(problems)}", problems)


async def _not_routed(request: Request, error: HTTPException) -> Response:
    """No such path, or not with this method."""
    reason = f"{request.method} is not allowed here" if error.status_code == 405 else "there is nothing here"
    # The path of the scope: a URL is made of the host header, too, which may be none.
    return error_response(
        _id_of(request),
        error.status_code,
        f"{request.scope['path'][:200]}: {reason}",
        headers=dict(error.headers or {}),
    )


async def _not_looked_up(request: Request, error: StoredFeaturesUnavailableError) -> Response:
    """The definition would rather refuse than predict with defaults."""
    return error_response(_id_of(request), 503, str(error), headers={"retry-after": "1"})


async def _unavailable(request: Request, error: Exception) -> Response:
    """The model is not there (yet); the next request tries again, and the log says why this one failed."""
    logger.error("no model to answer with: %s: %s", type(error).__name__, error)
    public = (
        str(error) if isinstance(error, ModelNotReleasedError) else "the model cannot be loaded: try again"
    )
    return error_response(_id_of(request), 503, public, headers={"retry-after": str(_RETRY_AFTER_SECONDS)})


def _id_of(request: Request) -> str:
    facts: RequestFacts = request.state.facts
    return facts.request_id


def counted(problems: Sequence[Problem]) -> str:
    """Their number in words."""
    if len(problems) >= MOST_PROBLEMS:
        return f"{MOST_PROBLEMS} problems or more"
    return "1 problem" if len(problems) == 1 else f"{len(problems)} problems"


REFUSALS: Mapping[type[Exception], Any] = {
    RefusedError: _refused,
    RowsInvalidError: _rows_invalid,
    HTTPException: _not_routed,
    StoredFeaturesUnavailableError: _not_looked_up,
    **dict.fromkeys(_UNAVAILABLE, _unavailable),
}
"""Makes every error that is no bug a JSON answer."""
