"""Reads a request's body: type, size, JSON and shape, in this order, each with its own status."""

from typing import TypeVar

from pydantic import BaseModel, ValidationError
from starlette.requests import Request

from functions.inference.compression import unpacked
from functions.inference.facts import RequestFacts
from functions.inference.messages import Problem
from functions.inference.refusals import RefusedError, counted
from lambdaloop.domain.encoding import MOST_PROBLEMS

MAX_BODY_BYTES = 4 * 1024 * 1024
"""Lambda takes events of 6 MB, in which the body is text within JSON: every quotation mark counts twice."""
MAX_UNPACKED_BYTES = 6 * 1024 * 1024
"""Of a body that came in gzip, to which that does not happen."""

_LISTS = ("rows", "labels")
"""What a request is a list of: a problem within one of these says in which row."""

Body = TypeVar("Body", bound=BaseModel)


async def read_body(request: Request, kind: type[Body]) -> Body:
    """The validated body; RefusedError with 415, 413, 400 or 422."""
    _check_content_type(request.headers.get("content-type"))
    content = await request.body()
    if len(content) > MAX_BODY_BYTES:
        raise RefusedError(
            413, f"the body has {len(content)} bytes, at most {MAX_BODY_BYTES} are taken: send fewer rows"
        )
    facts: RequestFacts = request.state.facts
    if facts.content_encoding:
        content = unpacked(content, facts.content_encoding, limit=MAX_UNPACKED_BYTES)
    try:
        return kind.model_validate_json(content)
    except ValidationError as error:
        raise _refusal(error) from error


def _check_content_type(value: str | None) -> None:
    """JSON, or not said."""
    media_type = (value or "application/json").partition(";")[0].strip().lower()
    if media_type != "application/json" and not (
        media_type.startswith("application/") and media_type.endswith("+json")
    ):
        raise RefusedError(415, f"content-type must be application/json, got {media_type[:100]!r}")


def _refusal(error: ValidationError) -> RefusedError:
    what = "the body is not what is asked for here"
    if (count := error.error_count()) > MOST_PROBLEMS:
        return RefusedError(422, f"{what}: {count} problems, too many to list")
    found = error.errors(include_url=False, include_input=False)
    if found[0]["type"] == "json_invalid":
        return RefusedError(400, f"the body is not JSON: {found[0]['msg'].removeprefix('Invalid JSON: ')}")
    for one in found:
        if (one["type"], one["loc"]) == ("too_long", ("rows",)):
            return RefusedError(
                413, f"at most {one['ctx']['max_length']} rows are taken: send several requests"
            )
    problems = [_problem(one["loc"], one["type"], one["msg"]) for one in found]
    return RefusedError(422, f"{what}: {counted(problems)}", problems)


def _problem(location: tuple[int | str, ...], kind: str, message: str) -> Problem:
    listed = len(location) > 1 and location[0] in _LISTS
    row = location[1] if listed and isinstance(location[1], int) else None
    steps = location[2:] if row is not None else location
    path = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps).lstrip(".")
    text = "is unknown here: remove it" if kind == "extra_forbidden" else message[:1].lower() + message[1:]
    return {"row": row, "field": path[:200] or None, "problem": text}
