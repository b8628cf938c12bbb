"""One CloudFormation stack, with the calls that tests make again and again."""

import json
from collections.abc import Mapping
from typing import Any

from tests.localcloud.running_cloud import RunningCloud

Resources = Mapping[str, Mapping[str, Any]]


class DeployedStack:
    """A stack by name; it need not exist yet."""

    def __init__(self, running: RunningCloud, name: str) -> None:
        self.running, self.name = running, name
        self.api = running.client("cloudformation")

    def create(self, resources: Resources, **sections: Any) -> str:
        body = json.dumps({"Resources": resources, **sections})
        self.api.create_stack(StackName=self.name, TemplateBody=body)
        return self.status

    def update(self, resources: Resources, **sections: Any) -> str:
        body = json.dumps({"Resources": resources, **sections})
        self.api.update_stack(StackName=self.name, TemplateBody=body)
        return self.status

    def described(self) -> Any:
        return self.api.describe_stacks(StackName=self.name)["Stacks"][0]

    @property
    def status(self) -> str:
        return str(self.described()["StackStatus"])

    @property
    def outputs(self) -> dict[str, str]:
        return {one["OutputKey"]: one["OutputValue"] for one in self.described().get("Outputs", [])}

    def physical_id(self, logical_id: str) -> str:
        found = self.api.describe_stack_resource(StackName=self.name, LogicalResourceId=logical_id)
        return str(found["StackResourceDetail"]["PhysicalResourceId"])

    def happened(self) -> list[tuple[str, str]]:
        events = self.api.describe_stack_events(StackName=self.name)["StackEvents"]
        return [(one["LogicalResourceId"], one["ResourceStatus"]) for one in reversed(events)]

    def delete(self) -> None:
        self.api.delete_stack(StackName=self.name)
