"""What a target gets: the whole event, a part of it, a constant, or a template filled from it."""

import json
import re
from collections.abc import Mapping
from typing import Any

from scripts.localcloud import json_path

_PLACEHOLDER = re.compile(r"<([A-Za-z0-9_.\-]+)>")


class InvalidInputError(ValueError):
    """An Input, InputPath or InputTransformer that EventBridge refuses."""


def check(target: Mapping[str, Any]) -> None:
    """Raise InvalidInputError for input settings that cannot work."""
    given = [name for name in ("Input", "InputPath", "InputTransformer") if target.get(name) is not None]
    if len(given) > 1:
        raise InvalidInputError(f"only one of Input, InputPath or InputTransformer is allowed, got {given}")
    if "Input" in given:
        try:
            json.loads(target["Input"])
        except ValueError as error:
            raise InvalidInputError(f"Input must be JSON text: {error}") from error
    transformer = target.get("InputTransformer") or {}
    paths = (
        [target["InputPath"]]
        if "InputPath" in given
        else list((transformer.get("InputPathsMap") or {}).values())
    )
    for path in paths:
        try:
            json_path.parse(path)
        except ValueError as error:
            raise InvalidInputError(str(error)) from error


def payload(target: Mapping[str, Any], event: dict[str, Any], *, rule_arn: str, ingestion_time: str) -> str:
    """The text that the target receives for an event."""
    if target.get("Input") is not None:
        return str(target["Input"])
    if target.get("InputPath") is not None:
        part = json_path.find(event, json_path.parse(target["InputPath"]))
        return json.dumps(None if part is json_path.MISSING else part)
    transformer = target.get("InputTransformer")
    if not transformer:
        return json.dumps(event)
    values: dict[str, Any] = {
        "aws.events.rule-arn": rule_arn,
        "aws.events.rule-name": rule_arn.rpartition("/")[2],
        "aws.events.event.ingestion-time": ingestion_time,
        "aws.events.event": {name: value for name, value in event.items() if name != "detail"},
        "aws.events.event.json": event,
    }
    for name, path in (transformer.get("InputPathsMap") or {}).items():
        values[name] = json_path.find(event, json_path.parse(path))
    return _fill(transformer["InputTemplate"], values)


def _fill(template: str, values: Mapping[str, Any]) -> str:
    """Replace `<name>`: inside quotes by the bare text of the value, elsewhere by the value as JSON."""
    filled: list[str] = []
    position = 0
    for match in _PLACEHOLDER.finditer(template):
        filled.append(template[position : match.start()])
        position = match.end()
        if match[1] not in values:
            filled.append(match[0])
            continue
        value = values[match[1]]
        value = "" if value is json_path.MISSING else value
        text = json.dumps(value)
        if _inside_quotes(template[: match.start()]):
            text = text[1:-1] if isinstance(value, str) else json.dumps(text)[1:-1]
        filled.append(text)
    return "".join([*filled, template[position:]])


def _inside_quotes(text: str) -> bool:
    return len(re.findall(r'(?<!\\)"', text)) % 2 == 1
