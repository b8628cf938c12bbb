"""A part of a synthesized stack, deployed into a local cloud: plain values stand for everything that lies outside."""

import io
import json
import zipfile
from typing import Any

from tests.infra.synthesis import Template
from tests.localcloud.deployed_stack import DeployedStack
from tests.localcloud.running_cloud import RunningCloud


def asked(running: RunningCloud, stack: DeployedStack, template: dict[str, Any]) -> list[dict[str, Any]]:
    """What a governor that only prints was asked with."""
    [group] = [id_ for id_ in template if id_.startswith("GoverningGovernRetrainingLog")]
    logs = running.client("logs")
    events = logs.filter_log_events(logGroupName=stack.physical_id(group))["events"]
    lines = [each["message"] for each in events if each["message"].startswith("ASKED ")]
    return [json.loads(line.removeprefix("ASKED ")) for line in lines]


def part_of(template: Template, parts: tuple[str, ...], *, topic: str) -> dict[str, Any]:
    """Some resources, with plain values for everything that lies outside."""
    kept = {id_: dict(each) for id_, each in template.resources.items() if id_.startswith(parts)}
    for resource in kept.values():
        if resource["Type"] == "AWS::Lambda::Function":
            verb = resource["Properties"]["Handler"].split(".")[1]
            code = {"S3Bucket": "code", "S3Key": f"{verb}.zip"}
            resource["Properties"] = {**resource["Properties"], "Code": code, "Layers": []}
    filled: dict[str, Any] = _filled(kept, inside=set(kept), topic=topic)
    return filled


def _filled(value: Any, *, inside: set[str], topic: str) -> Any:
    match value:
        case {"Fn::ImportValue": str(name)}:
            return topic if "Topic" in name else f"arn:aws:s3:::outside-{name[-8:].lower()}"
        case {"Ref": str(id_)} | {"Fn::GetAtt": [str(id_), _]} if id_ not in inside and "::" not in id_:
            return f"arn:aws:s3:::outside-{id_[-8:].lower()}"
        case dict():
            return {name: _filled(each, inside=inside, topic=topic) for name, each in value.items()}
        case list():
            return [_filled(each, inside=inside, topic=topic) for each in value]
        case _:
            return value


def zipped(verb: str, source: str) -> bytes:
    """The code of a function in the place where its handler looks for it."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr(f"functions/{verb}/handler.py", source)
    return archive.getvalue()
