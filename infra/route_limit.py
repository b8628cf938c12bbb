"""The context `route_limit`: how many requests each route takes. In cdk.json an object, on the command line the same as JSON.

One for all routes, because API Gateway refuses settings of a route that does not exist yet, and routes come with models' stacks.
"""

import json
from dataclasses import dataclass
from typing import Any

from infra.errors import RouteLimitInvalidError

_MOST = {"requests_per_second": 10_000, "burst": 5_000}
"""What AWS gives an account in a region, for all its APIs together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteLimit:
    """Of each route on its own, from all callers together."""

    requests_per_second: int = 500
    burst: int = 1000
    """How many may come at once."""


def read_route_limit(context: Any) -> RouteLimit:
    """The limit, or the default one where nothing is said; RouteLimitInvalidError names what is wrong."""
    if context is None:
        return RouteLimit()
    try:
        document = json.loads(context) if isinstance(context, str) else context
    except ValueError as error:
        raise RouteLimitInvalidError(f"context route_limit is no JSON: {error}") from error
    if not isinstance(document, dict):
        raise RouteLimitInvalidError(
            f"context route_limit must be an object with {_keys()}, got {document!r}"
        )
    for name, value in document.items():
        if name not in _MOST:
            raise RouteLimitInvalidError(f"context route_limit has {name!r}: use {_keys()}")
        if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= _MOST[name]:
            raise RouteLimitInvalidError(
                f"context route_limit: {name} must be a whole number from 1 to {_MOST[name]}, got {value!r}"
            )
    return RouteLimit(**document)


def _keys() -> str:
    return " and ".join(_MOST)
