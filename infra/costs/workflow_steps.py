"""How many state transitions one execution takes, read from the state machine itself: Step Functions charges for each."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

Way = Callable[[Iterable[int]], int]
"""max for the longest way through a state machine, min for the shortest."""


def transitions(definition: Mapping[str, Any], *, iterations: int = 1, way: Way = max) -> int:
    """From the start to an end, entering no state twice, each Map with so many iterations.

    >>> transitions({"StartAt": "A", "States": {"A": {"Type": "Task", "Next": "B"}, "B": {"Type": "Succeed"}}})
    3
    """
    return 1 + _from(definition, definition["StartAt"], iterations, way, frozenset())


def _from(machine: Mapping[str, Any], name: str, iterations: int, way: Way, seen: frozenset[str]) -> int:
    if name in seen:
        return 0
    state = machine["States"][name]
    after = [_from(machine, each, iterations, way, seen | {name}) for each in _next(state)]
    return 1 + _inside(state, iterations) + (way(after) if after else 0)


def _inside(state: Mapping[str, Any], iterations: int) -> int:
    processor = state.get("ItemProcessor") or state.get("Iterator")
    if processor:
        return iterations * transitions(processor, iterations=iterations)
    return sum(transitions(branch, iterations=iterations) for branch in state.get("Branches", []))


def _next(state: Mapping[str, Any]) -> list[str]:
    """Where it may go when nothing fails."""
    ways = [choice["Next"] for choice in state.get("Choices", [])]
    return [*ways, *(state[key] for key in ("Next", "Default") if key in state)]
