"""The values of a template's parameters: what was given, what is the default, what lies in SSM."""

from collections.abc import Callable, Mapping
from typing import Any

from scripts.localcloud.cloudformation.errors import UnsupportedResourceError, ValidationError
from scripts.localcloud.cloudformation.template import Template

_SSM = "AWS::SSM::Parameter::Value<"


def parameter_values(
    template: Template, given: Mapping[str, str], *, read_ssm: Callable[[str], str]
) -> dict[str, Any]:
    """The value of every parameter; lists as lists.

    Raises ValidationError for parameters that are missing, unknown or not allowed.
    """
    if unknown := sorted(given.keys() - template.parameters.keys()):
        raise ValidationError(f"Parameters: {unknown} do not exist in the template")
    missing = sorted(
        name
        for name, declared in template.parameters.items()
        if name not in given and "Default" not in declared
    )
    if missing:
        raise ValidationError(f"Parameters: {missing} must have values")
    return {
        name: _value(name, declared, str(given.get(name, declared.get("Default"))), read_ssm)
        for name, declared in template.parameters.items()
    }


def _value(name: str, declared: Mapping[str, Any], text: str, read_ssm: Callable[[str], str]) -> Any:
    allowed = declared.get("AllowedValues")
    if allowed is not None and text not in [str(value) for value in allowed]:
        raise ValidationError(f"Parameter {name} must be one of {allowed}, got {text!r}")
    kind = declared["Type"]
    if kind.startswith(_SSM):
        text, kind = read_ssm(text), kind.removeprefix(_SSM).removesuffix(">")
    if kind == "CommaDelimitedList" or kind.startswith("List<"):
        return [item.strip() for item in text.split(",")]
    if kind not in {"String", "Number"}:
        raise UnsupportedResourceError(f"the local cloud does not know parameters of type {kind}, see {name}")
    return text
