"""Roles and policies: what the local cloud's own permission checks are made of."""

# ruff: noqa: ARG002 - every type has the same methods, and not every one needs every argument

import json

from scripts.localcloud.cloudformation.resource_type import (
    Physical,
    Place,
    Properties,
    ResourceType,
    chosen,
    tags,
)


class Role(ResourceType):
    """A role with its attached and its inline policies."""

    type = "AWS::IAM::Role"
    applied = frozenset(
        {
            "AssumeRolePolicyDocument",
            "Description",
            "ManagedPolicyArns",
            "MaxSessionDuration",
            "Path",
            "PermissionsBoundary",
            "Policies",
            "RoleName",
            "Tags",
        }
    )
    replaced_by = frozenset({"Path", "RoleName"})

    def create(self, place: Place, properties: Properties) -> Physical:
        """Make the role."""
        iam = place.client("iam")
        name = properties.get("RoleName") or place.name()
        role = iam.create_role(
            RoleName=name,
            AssumeRolePolicyDocument=json.dumps(properties["AssumeRolePolicyDocument"]),
            Tags=[{"Key": key, "Value": value} for key, value in tags(properties).items()],
            **chosen(properties, "Description", "MaxSessionDuration", "Path", "PermissionsBoundary"),
        )["Role"]
        return Physical(id=name, attributes={"Arn": role["Arn"], "RoleId": role["RoleId"]})

    def complete(self, place: Place, physical: Physical, properties: Properties) -> None:
        """Give it its policies."""
        self._grant(place, physical.id, properties, {})

    def update(
        self, place: Place, physical: Physical, properties: Properties, previous: Properties
    ) -> Physical:
        """Change trust, description and policies."""
        iam = place.client("iam")
        changed = self.changed(properties, previous)
        if "AssumeRolePolicyDocument" in changed:
            iam.update_assume_role_policy(
                RoleName=physical.id, PolicyDocument=json.dumps(properties["AssumeRolePolicyDocument"])
            )
        if changed & {"Description", "MaxSessionDuration"}:
            iam.update_role(
                RoleName=physical.id,
                Description=properties.get("Description", ""),
                MaxSessionDuration=int(properties.get("MaxSessionDuration", 3600)),
            )
        if "PermissionsBoundary" in changed:
            boundary = properties.get("PermissionsBoundary")
            if boundary:
                iam.put_role_permissions_boundary(RoleName=physical.id, PermissionsBoundary=boundary)
            else:
                iam.delete_role_permissions_boundary(RoleName=physical.id)
        if "Tags" in changed:
            if dropped := sorted(tags(previous).keys() - tags(properties).keys()):
                iam.untag_role(RoleName=physical.id, TagKeys=dropped)
            pairs = [{"Key": key, "Value": value} for key, value in tags(properties).items()]
            iam.tag_role(RoleName=physical.id, Tags=pairs)
        self._grant(place, physical.id, properties, previous)
        return physical

    def delete(self, place: Place, physical: Physical, properties: Properties) -> None:
        """Take the policies away first: IAM refuses to delete a role that has any."""
        self._grant(place, physical.id, {}, properties)
        place.client("iam").delete_role(RoleName=physical.id)

    def _grant(self, place: Place, role: str, properties: Properties, previous: Properties) -> None:
        iam = place.client("iam")
        wanted, present = (set(given.get("ManagedPolicyArns", ())) for given in (properties, previous))
        for arn in sorted(wanted - present):
            iam.attach_role_policy(RoleName=role, PolicyArn=arn)
        for arn in sorted(present - wanted):
            iam.detach_role_policy(RoleName=role, PolicyArn=arn)
        inline = {policy["PolicyName"]: policy for policy in properties.get("Policies", ())}
        before = {policy["PolicyName"]: policy for policy in previous.get("Policies", ())}
        for name, policy in inline.items():
            if before.get(name) != policy:
                document = json.dumps(policy["PolicyDocument"])
                iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=document)
        for name in sorted(before.keys() - inline.keys()):
            iam.delete_role_policy(RoleName=role, PolicyName=name)


class InlinePolicy(ResourceType):
    """A policy written into one or several roles."""

    type = "AWS::IAM::Policy"
    applied = frozenset({"PolicyDocument", "PolicyName", "Roles"})
    replaced_by = frozenset({"PolicyName"})

    def create(self, place: Place, properties: Properties) -> Physical:
        """Write it into its roles."""
        self._write(place, properties)
        return Physical(id=place.name(limit=128))

    def update(
        self, place: Place, physical: Physical, properties: Properties, previous: Properties
    ) -> Physical:
        """Write it anew, and take it out of roles that are no longer listed."""
        self._write(place, properties)
        left = [role for role in previous.get("Roles", ()) if role not in properties.get("Roles", ())]
        self._remove(place, previous, left)
        return physical

    def delete(self, place: Place, physical: Physical, properties: Properties) -> None:
        """Take it out of its roles."""
        self._remove(place, properties, list(properties.get("Roles", ())))

    def _write(self, place: Place, properties: Properties) -> None:
        for role in properties.get("Roles", ()):
            place.client("iam").put_role_policy(
                RoleName=role,
                PolicyName=properties["PolicyName"],
                PolicyDocument=json.dumps(properties["PolicyDocument"]),
            )

    def _remove(self, place: Place, properties: Properties, roles: list[str]) -> None:
        for role in roles:
            place.client("iam").delete_role_policy(RoleName=role, PolicyName=properties["PolicyName"])


class ManagedPolicy(ResourceType):
    """A policy of its own that roles attach."""

    type = "AWS::IAM::ManagedPolicy"
    applied = frozenset({"Description", "ManagedPolicyName", "Path", "PolicyDocument", "Roles"})
    replaced_by = frozenset({"Description", "ManagedPolicyName", "Path"})

    def create(self, place: Place, properties: Properties) -> Physical:
        """Make it."""
        name = properties.get("ManagedPolicyName") or place.name(limit=128)
        arn = place.client("iam").create_policy(
            PolicyName=name,
            PolicyDocument=json.dumps(properties["PolicyDocument"]),
            **chosen(properties, "Description", "Path"),
        )["Policy"]["Arn"]
        return Physical(id=arn, attributes={"PolicyArn": arn})

    def complete(self, place: Place, physical: Physical, properties: Properties) -> None:
        """Attach it."""
        for role in properties.get("Roles", ()):
            place.client("iam").attach_role_policy(RoleName=role, PolicyArn=physical.id)

    def update(
        self, place: Place, physical: Physical, properties: Properties, previous: Properties
    ) -> Physical:
        """Make a new default version of its document; attach and detach roles."""
        iam = place.client("iam")
        if properties["PolicyDocument"] != previous["PolicyDocument"]:
            for version in iam.list_policy_versions(PolicyArn=physical.id)["Versions"]:
                if not version["IsDefaultVersion"]:  # IAM keeps five at most
                    iam.delete_policy_version(PolicyArn=physical.id, VersionId=version["VersionId"])
            document = json.dumps(properties["PolicyDocument"])
            iam.create_policy_version(PolicyArn=physical.id, PolicyDocument=document, SetAsDefault=True)
        wanted, present = (set(given.get("Roles", ())) for given in (properties, previous))
        for role in sorted(wanted - present):
            iam.attach_role_policy(RoleName=role, PolicyArn=physical.id)
        for role in sorted(present - wanted):
            iam.detach_role_policy(RoleName=role, PolicyArn=physical.id)
        return physical

    def delete(self, place: Place, physical: Physical, properties: Properties) -> None:
        """Detach it everywhere and delete it."""
        iam = place.client("iam")
        for role in properties.get("Roles", ()):
            iam.detach_role_policy(RoleName=role, PolicyArn=physical.id)
        for version in iam.list_policy_versions(PolicyArn=physical.id)["Versions"]:
            if not version["IsDefaultVersion"]:
                iam.delete_policy_version(PolicyArn=physical.id, VersionId=version["VersionId"])
        iam.delete_policy(PolicyArn=physical.id)
