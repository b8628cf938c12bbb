"""The table of docs/security.md: what each role may do, out of the templates."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from infra.described_grants import DescribedGrant, DescribedRole, described_roles

_NAMES = {
    "StorageModel": "model bucket",
    "StorageData": "data bucket",
    "StorageCapture": "capture bucket",
    "RegistryTable": "registry",
    "AlertsTopic": "alert topic",
    "UndeliveredQueue": "queue of undelivered events",
    "ServingInferenceFunction": "inference function",
}
_EVERYBODYS = {"logs:CreateLogStream", "logs:PutLogEvents"}
"""Every function may write its own log, and no other one."""


def grants_table(templates: Sequence[Mapping[str, Any]], *, model: str) -> str:
    """Markdown, a row for each role. model: its name in the templates, which the table calls MODEL."""
    rows = [
        f"| {_who(role)} | {'<br>'.join(_grants(role)) or 'nothing but its log'} |"
        for template in templates
        for role in described_roles(template)
    ]
    table = "\n".join(["| who | may |", "|---|---|", *rows])
    return (
        table.replace(f"model={model}", "model=MODEL")
        .replace(f"#{model}", "#MODEL")
        .replace(f"/{model}/", "/MODEL/")
    )


def _who(role: DescribedRole) -> str:
    return f"`{role.verb}`" if role.verb else f"{role.service} ({role.id})"


def _grants(role: DescribedRole) -> Iterator[str]:
    for grant in role.grants:
        if set(grant.actions) <= _EVERYBODYS and role.verb:
            continue
        service = grant.actions[0].partition(":")[0]
        actions = ", ".join(action.removeprefix(f"{service}:") for action in grant.actions)
        yield f"{service}: {actions}: {_resources(grant)}"


def _resources(grant: DescribedGrant) -> str:
    told = ", ".join(
        "everything (AWS knows no narrower one)" if each == "*" else f"`{_named(each)}`"
        for each in grant.resources
    )
    return f"{told}, only `{'`, `'.join(grant.keys)}`" if grant.keys else told


def _named(resource: str) -> str:
    name, slash, rest = resource.partition("/")
    beginning, colon, end = name.partition(":")
    return f"{_NAMES.get(beginning, beginning)}{colon}{end}{slash}{rest}"
