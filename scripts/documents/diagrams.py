"""docs/diagrams.md: what calls, reads and writes what, out of the templates' own rights and state machines, as Mermaid."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from infra.described_grants import DescribedRole, described_roles
from infra.state_machines import state_machines

_HEAD = """# Diagrams

Written by `python -m scripts.documents` from the synthesized templates: an arrow is a right that a role has, so what is not drawn is not allowed.
Left out are logs, traces, queues of what was not delivered, and how CloudWatch is asked: [security.md](security.md#rights) has all of it.
"""
_GROUPS = {
    "Serving": "inference",
    "Capture": "prediction log",
    "Releasing": "release",
    "Training": "training",
    "Governing": "governor",
    "Watching": "watch",
    "Experimenting": "experiments",
    "Fleet": "fleet metrics",
    "Reporting": "reports",
    "Events": "events",
    "Alert": "alerts",
    "Answer": "no such route",
}
_STORES = {
    "StorageData": "data bucket",
    "StorageModel": "model bucket",
    "StorageCapture": "capture bucket",
    "RegistryTable": "registry",
    "EventsBus": "event bus",
    "AlertsTopic": "alert topic",
}
_VERBS = (
    (re.compile(r"s3:(Get|List)|dynamodb:(Get|Query|BatchGet)"), "reads"),
    (re.compile(r"s3:Put|dynamodb:(Put|Update|Delete)"), "writes"),
    (re.compile(r"lambda:InvokeFunction"), "asks"),
    (re.compile(r"lambda:(Update|Publish|Delete)"), "changes"),
    (re.compile(r"states:StartExecution"), "starts"),
    (re.compile(r"sns:Publish|events:PutEvents"), "tells"),
    (re.compile(r"firehose:Put"), "sends lines"),
)
_CAMEL = re.compile(r"[A-Z][a-z]+")


def diagrams(*, own: Mapping[str, Any], platform: Mapping[str, Any]) -> str:
    """The whole document. own: the template of a plain model."""
    parts = [_HEAD, "## A model and what all models share\n", _block(_overview([own, platform]))]
    for logical_id, machine in state_machines(dict(own)):
        name = logical_id.removesuffix(logical_id[-8:]).removesuffix("StateMachine")
        words = _CAMEL.findall(name)
        parts += [f"\n## The {words[-1].lower()} workflow\n", _block(_states(machine))]
    return "\n".join(parts) + "\n"


def _block(lines: Iterator[str]) -> str:
    return "\n".join(["```mermaid", *lines, "```"])


def _overview(templates: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    roles = [role for template in templates for role in described_roles(template)]
    yield "flowchart LR"
    yield "  client([client]) -->|HTTPS| api[HTTP API]"
    verbs: dict[str, list[str]] = {}
    for role in roles:
        group = _group(role.id)
        if role.verb:
            if group not in _GROUPS:
                raise ValueError(f"{role.id} is in no group of the diagram: name its group in {__name__}")
            verbs.setdefault(group, []).append(role.verb)
    for group, title in _GROUPS.items():
        inside = "<br>".join(verbs.get(group, []))
        yield f'  {group}["<b>{title}</b>{f"<br>{inside}" if inside else ""}"]'
    for name, title in _STORES.items():
        yield f"  {name}[({title})]"
    yield "  api -->|alias live| Serving"
    yield "  api --> Fleet"
    yield "  api --> Answer"
    yield "  EventsBus --> Reporting"
    yield "  EventsBus --> Alert"
    edges: dict[tuple[str, str], list[str]] = {}
    for role in roles:
        for source, target, what in _edges(role):
            known = edges.setdefault((source, target), [])
            if what not in known:
                known.append(what)
    for (source, target), whats in edges.items():
        yield f"  {source} -->|{', '.join(whats)}| {target}"
    yield "  alarms{{alarms}} -->|begin and end| AlertsTopic"
    yield "  alarms -->|of drift and performance| Governing"


def _edges(role: DescribedRole) -> Iterator[tuple[str, str, str]]:
    source = _group(role.id)
    if source not in _GROUPS:
        return
    for grant in role.grants:
        whats = [what for pattern, what in _VERBS if any(pattern.match(action) for action in grant.actions)]
        for resource in grant.resources:
            name = re.split(r"[/:]", resource)[0]
            target = name if name in _STORES else _group(name)
            if target != source and (target in _STORES or target in _GROUPS):
                yield from ((source, target, what) for what in whats)


def _group(logical_id: str) -> str:
    found = _CAMEL.match(logical_id)
    return found.group(0) if found else logical_id


def _states(machine: Mapping[str, Any]) -> Iterator[str]:
    """A state diagram; what happens when a state fails is a dashed line's worth of text: `fails`."""
    states: Mapping[str, Any] = machine["States"]
    ids = {name: f"s{place}" for place, name in enumerate(states)}
    yield "stateDiagram-v2"
    for name, state in states.items():
        inner = state.get("ItemProcessor", {}).get("States", {})
        each = f" (each: {', '.join(inner)})" if inner else ""
        yield f'  state "{name}{each}" as {ids[name]}'
    yield f"  [*] --> {ids[machine['StartAt']]}"
    for name, state in states.items():
        targets = dict.fromkeys(
            [
                *(choice["Next"] for choice in state.get("Choices", [])),
                *(state[key] for key in ("Next", "Default") if key in state),
            ]
        )
        yield from (f"  {ids[name]} --> {ids[target]}" for target in targets)
        failing = dict.fromkeys(caught["Next"] for caught in state.get("Catch", []))
        yield from (f"  {ids[name]} --> {ids[target]}: fails" for target in failing if target not in targets)
        if state.get("End") or state["Type"] in ("Succeed", "Fail"):
            yield f"  {ids[name]} --> [*]"
