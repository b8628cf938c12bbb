"""Which route answers: the most specific path first, then a named method before ANY, $default last."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

DEFAULT_ROUTE = "$default"


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteMatch:
    """The chosen route of moto's backend and the values of its path variables."""

    route: Any
    parameters: dict[str, str]


def match_route(routes: Iterable[Any], method: str, path: str) -> RouteMatch | None:
    """The route for a decoded path, None where not even $default exists."""
    found: list[tuple[tuple[int, ...], bool, RouteMatch]] = []
    fallback: RouteMatch | None = None
    for route in routes:
        if route.route_key == DEFAULT_ROUTE:
            fallback = RouteMatch(route=route, parameters={})
            continue
        wanted, _, template = route.route_key.partition(" ")
        parameters = _match_path(template, path) if wanted in {method, "ANY"} else None
        if parameters is not None:
            match = RouteMatch(route=route, parameters=parameters)
            found.append((_specificity(template), wanted == "ANY", match))
    if found:
        return min(found, key=lambda item: item[:2])[2]
    return fallback


def _specificity(template: str) -> tuple[int, ...]:
    """Smaller is more specific, segment by segment: text, {variable}, {greedy+}."""
    return tuple(2 if part.endswith("+}") else int(part.startswith("{")) for part in template.split("/"))


def _match_path(template: str, path: str) -> dict[str, str] | None:
    wanted, got = template.split("/"), path.split("/")
    parameters: dict[str, str] = {}
    for position, part in enumerate(wanted):
        if part.endswith("+}"):
            rest = "/".join(got[position:])
            return {**parameters, part[1:-2]: rest} if rest else None
        if position >= len(got):
            return None
        if part.startswith("{"):
            if not got[position]:
                return None
            parameters[part[1:-1]] = got[position]
        elif part != got[position]:
            return None
    return parameters if len(wanted) == len(got) else None
