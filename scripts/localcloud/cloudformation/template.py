"""A CloudFormation template as written: its text, its resources, and the order in which they depend on each other."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from typing import Any

import yaml

from scripts.localcloud.cloudformation.errors import ValidationError

SUBSTITUTION = re.compile(r"\$\{(!?)([^}]+)\}")
_SECTIONS = {
    "AWSTemplateFormatVersion",
    "Conditions",
    "Description",
    "Mappings",
    "Metadata",
    "Outputs",
    "Parameters",
    "Resources",
    # Checked by the CDK command itself: its only rule is that the bootstrap stack is new enough.
    "Rules",
}


@dataclass(frozen=True, kw_only=True)
class ResourceDeclaration:
    """One entry of `Resources`, intrinsic functions not yet worked out."""

    logical_id: str
    type: str
    properties: Mapping[str, Any]
    depends_on: tuple[str, ...] = ()
    condition: str | None = None
    deletion_policy: str = "Delete"
    update_replace_policy: str = "Delete"

    @property
    def references(self) -> set[str]:
        """Logical ids (and parameters) that must exist before this resource."""
        return set(self.depends_on) | set(_references(self.properties))


@dataclass(frozen=True, kw_only=True)
class Template:
    """A parsed template."""

    body: str = field(compare=False)
    document: Mapping[str, Any]
    resources: Mapping[str, ResourceDeclaration]
    parameters: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    conditions: Mapping[str, Any] = field(default_factory=dict)
    mappings: Mapping[str, Any] = field(default_factory=dict)
    outputs: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    description: str = ""

    @classmethod
    def parse(cls, body: str) -> "Template":
        """Read JSON or YAML.

        Raises ValidationError for text that is neither, sections that would be ignored, and circular dependencies.
        """
        document = _load(body)
        if unknown := set(document) - _SECTIONS:
            raise ValidationError(f"Invalid template property or properties {sorted(unknown)}")
        if not document.get("Resources"):
            raise ValidationError("At least one Resources member must be defined.")
        template = cls(
            body=body,
            document=document,
            resources={name: _declaration(name, entry) for name, entry in document["Resources"].items()},
            parameters=document.get("Parameters") or {},
            conditions=document.get("Conditions") or {},
            mappings=document.get("Mappings") or {},
            outputs=document.get("Outputs") or {},
            description=document.get("Description", ""),
        )
        template.creation_order()
        return template

    def creation_order(self) -> list[str]:
        """Logical ids, each after everything it refers to or depends on."""
        graph = {
            name: declared.references & self.resources.keys() for name, declared in self.resources.items()
        }
        for name, declared in self.resources.items():
            if missing := set(declared.depends_on) - self.resources.keys():
                raise ValidationError(
                    f"Template format error: {name} depends on {sorted(missing)}, which do not exist"
                )
        try:
            return list(TopologicalSorter(graph).static_order())
        except CycleError as error:
            raise ValidationError(f"Circular dependency between resources: {error.args[1]}") from error


def _declaration(logical_id: str, entry: Mapping[str, Any]) -> ResourceDeclaration:
    if "Type" not in entry:
        raise ValidationError(f"Template format error: [/Resources/{logical_id}] has no Type")
    depends_on = entry.get("DependsOn", ())
    return ResourceDeclaration(
        logical_id=logical_id,
        type=entry["Type"],
        properties=entry.get("Properties") or {},
        depends_on=(depends_on,) if isinstance(depends_on, str) else tuple(depends_on),
        condition=entry.get("Condition"),
        deletion_policy=entry.get("DeletionPolicy", "Delete"),
        update_replace_policy=entry.get("UpdateReplacePolicy", "Delete"),
    )


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from _references(item)
    if not isinstance(value, Mapping):
        return
    for key, item in value.items():
        if key == "Ref" and isinstance(item, str):
            yield item
        elif key == "Fn::GetAtt":
            yield (item.split(".") if isinstance(item, str) else item)[0]
        elif key == "Fn::Sub":
            text, own = (item, {}) if isinstance(item, str) else item
            yield from _references(own)
            yield from (name.split(".")[0] for escaped, name in SUBSTITUTION.findall(text) if not escaped)
        else:
            yield from _references(item)


class _YamlLoader(yaml.SafeLoader):
    """YAML with CloudFormation's short tags, and without dates: a policy's Version stays the text it is."""


def _short_tag(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    value: Any
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    elif isinstance(node, yaml.MappingNode):
        value = loader.construct_mapping(node, deep=True)
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {suffix if suffix in {"Ref", "Condition"} else f"Fn::{suffix}": value}


_YamlLoader.add_multi_constructor("!", _short_tag)
_YamlLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _load(body: str) -> dict[str, Any]:
    try:
        document = json.loads(body)
    except ValueError:
        try:
            document = yaml.load(body, Loader=_YamlLoader)  # noqa: S506  # derives from SafeLoader
        except yaml.YAMLError as error:
            raise ValidationError(f"Template format error: neither JSON nor YAML: {error}") from error
    if not isinstance(document, dict):
        raise ValidationError("Template format error: unsupported structure.")
    return document
