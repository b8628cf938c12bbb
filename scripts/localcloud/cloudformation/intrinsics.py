"""CloudFormation's functions (Ref, Fn::Sub, conditions …) worked out against whatever a stack knows so far."""

import base64
import json
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from scripts.localcloud.cloudformation.errors import UnsupportedResourceError, ValidationError
from scripts.localcloud.cloudformation.template import SUBSTITUTION, Template

_NO_VALUE = object()


class References(Protocol):
    """What the names in a template stand for."""

    def ref(self, logical_id: str) -> Any:
        """The physical id of a resource."""

    def attribute(self, logical_id: str, name: str) -> Any:
        """One attribute of a resource."""

    def imported(self, export: str) -> Any:
        """The value another stack exports under a name."""


class Intrinsics:
    """Works out values of one template for one set of parameters."""

    def __init__(
        self,
        template: Template,
        *,
        parameters: Mapping[str, Any],
        pseudo: Mapping[str, str],
        references: References,
    ) -> None:
        self._template = template
        self._values = {**pseudo, **parameters}
        self._references = references
        self._functions: dict[str, Callable[[Any], Any]] = {
            "Ref": self._ref,
            "Fn::GetAtt": self._get_att,
            "Fn::Join": self._join,
            "Fn::Split": self._split,
            "Fn::Select": self._select,
            "Fn::Sub": self._sub,
            "Fn::If": self._if,
            "Fn::FindInMap": self._find_in_map,
            "Fn::ImportValue": lambda name: self._references.imported(self.resolve(name)),
            "Fn::Base64": lambda value: base64.b64encode(self.resolve(value).encode()).decode(),
            "Fn::ToJsonString": lambda value: json.dumps(self.resolve(value), separators=(",", ":")),
        }

    def resolve(self, value: Any) -> Any:
        """`value` with every function replaced by its result.

        Raises ValidationError for a name that does not exist, UnsupportedResourceError for an unknown function.
        """
        if isinstance(value, Mapping):
            if len(value) == 1:
                [(name, argument)] = value.items()
                if name in self._functions:
                    return self._functions[name](argument)
                if name.startswith("Fn::"):
                    raise UnsupportedResourceError(f"the local cloud does not know the function {name}")
            resolved = {name: self.resolve(item) for name, item in value.items()}
            return {name: item for name, item in resolved.items() if item is not _NO_VALUE}
        if isinstance(value, list):
            return [item for item in map(self.resolve, value) if item is not _NO_VALUE]
        if isinstance(value, str) and "{{resolve:" in value:
            raise UnsupportedResourceError(
                f"the local cloud does not resolve dynamic references, got {value!r}"
            )
        return value

    def condition(self, name: str) -> bool:
        """Whether a named condition of the template holds."""
        if name not in self._template.conditions:
            raise ValidationError(f"Template error: unresolved condition dependency {name}")
        return self._holds(self._template.conditions[name])

    def _holds(self, expression: Mapping[str, Any]) -> bool:
        [(name, argument)] = expression.items()
        match name:
            case "Condition":
                return self.condition(argument)
            case "Fn::Equals":
                left, right = (self.resolve(side) for side in argument)
                return bool(left == right)
            case "Fn::And":
                return all(map(self._holds, argument))
            case "Fn::Or":
                return any(map(self._holds, argument))
            case "Fn::Not":
                return not self._holds(argument[0])
        raise UnsupportedResourceError(f"the local cloud does not know the condition function {name}")

    def _ref(self, name: str) -> Any:
        if name == "AWS::NoValue":
            return _NO_VALUE
        if name in self._values:
            return self._values[name]
        return self._references.ref(name)

    def _get_att(self, target: Any) -> Any:
        logical_id, attribute = target.split(".", 1) if isinstance(target, str) else target
        return self._references.attribute(logical_id, self.resolve(attribute))

    def _join(self, arguments: list[Any]) -> str:
        separator, items = arguments
        return str(separator).join(map(_text, self.resolve(items)))

    def _split(self, arguments: list[Any]) -> list[str]:
        separator, text = arguments
        return str(self.resolve(text)).split(separator)

    def _select(self, arguments: list[Any]) -> Any:
        index, items = (self.resolve(argument) for argument in arguments)
        return items[int(index)]

    def _sub(self, argument: Any) -> str:
        text, own = (argument, {}) if isinstance(argument, str) else argument
        values = {name: self.resolve(value) for name, value in own.items()}

        def replacement(name: str) -> str:
            if name in values:
                return _text(values[name])
            return _text(self._get_att(name) if "." in name else self._ref(name))

        return SUBSTITUTION.sub(
            lambda found: f"${{{found[2]}}}" if found[1] else replacement(found[2].strip()), text
        )

    def _if(self, arguments: list[Any]) -> Any:
        condition, then, otherwise = arguments
        return self.resolve(then if self.condition(condition) else otherwise)

    def _find_in_map(self, arguments: list[Any]) -> Any:
        names = [self.resolve(argument) for argument in arguments[:3]]
        found: Any = self._template.mappings
        for name in names:
            if name not in found:
                raise ValidationError(
                    f"Template error: Unable to get mapping for {'::'.join(map(str, names))}"
                )
            found = found[name]
        return found


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
