"""State machines, made through the API: one that moto's own CloudFormation makes is invisible to its interpreter."""

# ruff: noqa: ARG002 - every type has the same methods, and not every one needs every argument

import json
import re
from typing import Any

from scripts.localcloud.cloudformation.resource_type import (
    Physical,
    Place,
    Properties,
    ResourceType,
    lower_keys,
    tags,
)


class StateMachine(ResourceType):
    """A state machine; running executions keep the definition they started with."""

    type = "AWS::StepFunctions::StateMachine"
    applied = frozenset(
        {
            "Definition",
            "DefinitionS3Location",
            "DefinitionString",
            "DefinitionSubstitutions",
            "LoggingConfiguration",
            "RoleArn",
            "StateMachineName",
            "StateMachineType",
            "Tags",
            "TracingConfiguration",
        }
    )
    replaced_by = frozenset({"StateMachineName", "StateMachineType"})

    def create(self, place: Place, properties: Properties) -> Physical:
        """Make it; a definition with a transition to nowhere is refused."""
        name = properties.get("StateMachineName") or place.name(limit=80)
        arn = place.client("stepfunctions").create_state_machine(
            name=name,
            type=properties.get("StateMachineType", "STANDARD"),
            tags=[{"key": key, "value": value} for key, value in tags(properties).items()],
            **_settings(place, properties),
        )["stateMachineArn"]
        return Physical(id=arn, attributes={"Arn": arn, "Name": name})

    def update(
        self, place: Place, physical: Physical, properties: Properties, previous: Properties
    ) -> Physical:
        """Change it in place."""
        client = place.client("stepfunctions")
        changed = self.changed(properties, previous)
        if changed - {"Tags"}:
            client.update_state_machine(stateMachineArn=physical.id, **_settings(place, properties))
        if "Tags" in changed:
            if dropped := sorted(tags(previous).keys() - tags(properties).keys()):
                client.untag_resource(resourceArn=physical.id, tagKeys=dropped)
            pairs = [{"key": key, "value": value} for key, value in tags(properties).items()]
            client.tag_resource(resourceArn=physical.id, tags=pairs)
        return physical

    def delete(self, place: Place, physical: Physical, properties: Properties) -> None:
        """Delete it."""
        place.client("stepfunctions").delete_state_machine(stateMachineArn=physical.id)


def _settings(place: Place, properties: Properties) -> dict[str, Any]:
    settings: dict[str, Any] = {
        "definition": _definition(place, properties),
        "roleArn": properties["RoleArn"],
        "tracingConfiguration": lower_keys(properties.get("TracingConfiguration", {"Enabled": False})),
    }
    if "LoggingConfiguration" in properties:
        settings["loggingConfiguration"] = lower_keys(properties["LoggingConfiguration"])
    return settings


def _definition(place: Place, properties: Properties) -> str:
    if "DefinitionS3Location" in properties:
        location = properties["DefinitionS3Location"]
        version = {"VersionId": location["Version"]} if "Version" in location else {}
        found = place.client("s3").get_object(Bucket=location["Bucket"], Key=location["Key"], **version)
        text = found["Body"].read().decode()
    elif "Definition" in properties:
        text = json.dumps(properties["Definition"])
    else:
        text = properties["DefinitionString"]
    substitutions = properties.get("DefinitionSubstitutions", {})
    return re.sub(r"\$\{(\w+)\}", lambda found: str(substitutions.get(found[1], found[0])), text)
