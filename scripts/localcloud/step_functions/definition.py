"""What AWS refuses in a state machine definition and moto accepts: transitions to nowhere and unreachable states."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

_TERMINAL = {"Fail", "Succeed"}


def problems(definition: str) -> list[str]:
    """Everything wrong with the transitions of a definition, in AWS's words; empty when all is well."""
    return list(_problems(json.loads(definition), ""))


def _problems(machine: Mapping[str, Any], path: str) -> Iterator[str]:
    states: Mapping[str, Any] = machine.get("States", {})
    start = machine.get("StartAt")
    if start not in states:
        yield f"MISSING_TRANSITION_TARGET: Missing 'StartAt' target: {start} at {path}/StartAt"
    for name, state in states.items():
        place = f"{path}/States/{name}"
        for field, target in _transitions(state):
            if target not in states:
                yield f"MISSING_TRANSITION_TARGET: Missing '{field}' target: {target} at {place}"
        if not _has_end(state):
            yield f"SCHEMA_VALIDATION_FAILED: a state needs 'Next' or 'End' at {place}"
        for field, inner in _inner(state):
            yield from _problems(inner, f"{place}/{field}")
    for name in sorted(states.keys() - _reachable(start, states)):
        yield f'MISSING_TRANSITION_TARGET: State "{name}" is not reachable. at {path}/States/{name}'


def _transitions(state: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for field in ("Next", "Default"):
        if field in state:
            yield field, state[field]
    for field in ("Choices", "Catch"):
        for rule in state.get(field, ()):
            yield "Next", rule.get("Next")


def _has_end(state: Mapping[str, Any]) -> bool:
    kind = state.get("Type")
    return kind in _TERMINAL or kind == "Choice" or "Next" in state or state.get("End") is True


def _inner(state: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for field in ("Iterator", "ItemProcessor"):
        if field in state:
            yield field, state[field]
    for number, branch in enumerate(state.get("Branches", ())):
        yield f"Branches[{number}]", branch


def _reachable(start: Any, states: Mapping[str, Any]) -> set[str]:
    seen: set[str] = set()
    ahead = [start]
    while ahead:
        name = ahead.pop()
        if name in states and name not in seen:
            seen.add(name)
            ahead += [target for _, target in _transitions(states[name])]
    return seen
