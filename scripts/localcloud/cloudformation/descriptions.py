"""Stacks and their parts as the answers of the CloudFormation API spell them."""

from typing import Any

from scripts.localcloud.cloudformation.change_set import Change, ChangeSet
from scripts.localcloud.cloudformation.stack import Resource, Stack, StackEvent
from scripts.localcloud.cloudformation.template import Template


def stack(one: Stack) -> dict[str, Any]:
    """As DescribeStacks shows it."""
    description = one.template.description if one.template else ""
    return {
        **stack_summary(one),
        "Capabilities": one.settings.get("Capabilities", []),
        "Description": description,
        "DisableRollback": False,
        "EnableTerminationProtection": one.termination_protection,
        "NotificationARNs": one.settings.get("NotificationARNs", []),
        "Outputs": [
            {
                "OutputKey": output.key,
                "OutputValue": output.value,
                "Description": output.description or None,
                "ExportName": output.export,
            }
            for output in one.outputs
        ],
        "Parameters": _pairs(one.parameters, "Parameter"),
        "RoleARN": one.settings.get("RoleARN"),
        "Tags": _pairs(one.tags, ""),
    }


def stack_summary(one: Stack) -> dict[str, Any]:
    """As ListStacks shows it."""
    return {
        "CreationTime": one.created_at,
        "DeletionTime": one.deleted_at,
        "LastUpdatedTime": one.updated_at,
        "StackId": one.id,
        "StackName": one.name,
        "StackStatus": one.status,
        "StackStatusReason": one.reason or None,
    }


def event(one: Stack, happened: StackEvent) -> dict[str, Any]:
    """As DescribeStackEvents shows it."""
    return {
        "EventId": happened.id,
        "LogicalResourceId": happened.logical_id,
        "PhysicalResourceId": happened.physical_id,
        "ResourceStatus": happened.status,
        "ResourceStatusReason": happened.reason or None,
        "ResourceType": happened.type,
        "StackId": one.id,
        "StackName": one.name,
        "Timestamp": happened.at,
    }


def resource(one: Stack, part: Resource) -> dict[str, Any]:
    """As DescribeStackResources and ListStackResources show it."""
    return {
        "LastUpdatedTimestamp": part.changed_at,
        "LogicalResourceId": part.logical_id,
        "PhysicalResourceId": part.physical.id,
        "ResourceStatus": part.status,
        "ResourceType": part.type,
        "StackId": one.id,
        "StackName": one.name,
        "Timestamp": part.changed_at,
    }


def change_set(planned: ChangeSet) -> dict[str, Any]:
    """As DescribeChangeSet shows it."""
    return {
        "Capabilities": planned.settings.get("Capabilities", []),
        "ChangeSetId": planned.id,
        "ChangeSetName": planned.name,
        "Changes": [{"Type": "Resource", "ResourceChange": _change(one)} for one in planned.changes],
        "CreationTime": planned.created_at,
        "Description": planned.description,
        "ExecutionStatus": planned.execution_status,
        "Parameters": _pairs(planned.parameters, "Parameter"),
        "StackId": planned.stack.id,
        "StackName": planned.stack.name,
        "Status": planned.status,
        "StatusReason": planned.reason or None,
        "Tags": _pairs(planned.tags, ""),
    }


def template_summary(template: Template) -> dict[str, Any]:
    """As GetTemplateSummary shows it."""
    types = sorted({declared.type for declared in template.resources.values()})
    return {
        "Description": template.description,
        "Parameters": [
            {
                "ParameterKey": name,
                "ParameterType": declared["Type"],
                "DefaultValue": declared.get("Default"),
                "Description": declared.get("Description"),
                "NoEcho": bool(declared.get("NoEcho", False)),
            }
            for name, declared in template.parameters.items()
        ],
        "ResourceTypes": types,
    }


def _change(one: Change) -> dict[str, Any]:
    described: dict[str, Any] = {
        "Action": one.action,
        "LogicalResourceId": one.logical_id,
        "PhysicalResourceId": one.physical_id,
        "ResourceType": one.type,
        "PolicyAction": one.policy,
        "Scope": ["Properties"] if one.properties else [],
        "Details": [
            {
                "Target": {
                    "Attribute": "Properties",
                    "Name": name,
                    "RequiresRecreation": "Always" if name in one.replacing else "Never",
                },
                "Evaluation": "Static",
                "ChangeSource": "DirectModification",
            }
            for name in one.properties
        ],
    }
    if one.action == "Modify":
        described["Replacement"] = "True" if one.replacement else "False"
    return described


def _pairs(values: Any, prefix: str) -> list[dict[str, str]]:
    return [{f"{prefix}Key": key, f"{prefix}Value": value} for key, value in values.items()]
