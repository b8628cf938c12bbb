"""Small things of the account: parameters, keys, image repositories, and what has no effect in a local cloud."""

# ruff: noqa: ARG002 - every type has the same methods, and not every one needs every argument

import json

from scripts.localcloud.cloudformation.resource_type import (
    ImmutableType,
    Physical,
    Place,
    Properties,
    ResourceType,
    chosen,
    tags,
)


class Parameter(ResourceType):
    """An SSM parameter."""

    type = "AWS::SSM::Parameter"
    applied = frozenset(
        {"AllowedPattern", "DataType", "Description", "Name", "Tags", "Tier", "Type", "Value"}
    )
    replaced_by = frozenset({"Name"})

    def create(self, place: Place, properties: Properties) -> Physical:
        """Put the parameter."""
        name = properties.get("Name") or place.name()
        settings = chosen(properties, "AllowedPattern", "DataType", "Description", "Tier", "Type", "Value")
        pairs = [{"Key": key, "Value": value} for key, value in tags(properties).items()]
        place.client("ssm").put_parameter(Name=name, Tags=pairs, **settings)
        return Physical(id=name, attributes=chosen(properties, "Type", "Value"))

    def update(
        self, place: Place, physical: Physical, properties: Properties, previous: Properties
    ) -> Physical:
        """Overwrite it."""
        settings = chosen(properties, "AllowedPattern", "DataType", "Description", "Tier", "Type", "Value")
        place.client("ssm").put_parameter(Name=physical.id, Overwrite=True, **settings)
        return Physical(id=physical.id, attributes=chosen(properties, "Type", "Value"))

    def delete(self, place: Place, physical: Physical, properties: Properties) -> None:
        """Delete the parameter."""
        place.client("ssm").delete_parameter(Name=physical.id)


class Key(ResourceType):
    """A KMS key; nothing is really encrypted with it here, but grants and aliases refer to it."""

    type = "AWS::KMS::Key"
    applied = frozenset(
        {
            "Description",
            "EnableKeyRotation",
            "Enabled",
            "KeyPolicy",
            "KeySpec",
            "KeyUsage",
            "MultiRegion",
            "PendingWindowInDays",
            "Tags",
        }
    )
    replaced_by = frozenset({"KeySpec", "KeyUsage", "MultiRegion"})

    def create(self, place: Place, properties: Properties) -> Physical:
        """Make the key."""
        kms = place.client("kms")
        settings = chosen(properties, "Description", "KeySpec", "KeyUsage", "MultiRegion")
        pairs = [{"TagKey": key, "TagValue": value} for key, value in tags(properties).items()]
        metadata = kms.create_key(Policy=json.dumps(properties["KeyPolicy"]), Tags=pairs, **settings)[
            "KeyMetadata"
        ]
        return Physical(id=metadata["KeyId"], attributes={"Arn": metadata["Arn"], "KeyId": metadata["KeyId"]})

    def complete(self, place: Place, physical: Physical, properties: Properties) -> None:
        """Turn rotation on and, if so wanted, the key off."""
        self._switch(place, physical.id, properties, {})

    def update(
        self, place: Place, physical: Physical, properties: Properties, previous: Properties
    ) -> Physical:
        """Change policy, description, rotation and state."""
        kms = place.client("kms")
        changed = self.changed(properties, previous)
        if "KeyPolicy" in changed:
            policy = json.dumps(properties["KeyPolicy"])
            kms.put_key_policy(KeyId=physical.id, PolicyName="default", Policy=policy)
        if "Description" in changed:
            kms.update_key_description(KeyId=physical.id, Description=properties.get("Description", ""))
        self._switch(place, physical.id, properties, previous)
        return physical

    def delete(self, place: Place, physical: Physical, properties: Properties) -> None:
        """Schedule its deletion, as CloudFormation does."""
        days = int(properties.get("PendingWindowInDays", 30))
        place.client("kms").schedule_key_deletion(KeyId=physical.id, PendingWindowInDays=days)

    def _switch(self, place: Place, key: str, properties: Properties, previous: Properties) -> None:
        kms = place.client("kms")
        changed = self.changed(properties, previous)
        if "EnableKeyRotation" in changed:
            rotate = bool(properties.get("EnableKeyRotation"))
            (kms.enable_key_rotation if rotate else kms.disable_key_rotation)(KeyId=key)
        if "Enabled" in changed:
            (kms.enable_key if properties.get("Enabled", True) else kms.disable_key)(KeyId=key)


class KeyAlias(ResourceType):
    """A name for a key."""

    type = "AWS::KMS::Alias"
    applied = frozenset({"AliasName", "TargetKeyId"})
    replaced_by = frozenset({"AliasName"})

    def create(self, place: Place, properties: Properties) -> Physical:
        """Name the key."""
        place.client("kms").create_alias(**properties)
        return Physical(id=properties["AliasName"])

    def update(
        self, place: Place, physical: Physical, properties: Properties, previous: Properties
    ) -> Physical:
        """Let the name mean another key."""
        place.client("kms").update_alias(**properties)
        return physical

    def delete(self, place: Place, physical: Physical, properties: Properties) -> None:
        """Delete the name."""
        place.client("kms").delete_alias(AliasName=physical.id)


class Repository(ResourceType):
    """The ECR repository of the CDK's bootstrap stack; no images are stored here."""

    type = "AWS::ECR::Repository"
    applied = frozenset({"ImageTagMutability", "LifecyclePolicy", "RepositoryName"})
    recorded = frozenset({"ImageScanningConfiguration", "RepositoryPolicyText"})  # no image ever arrives
    replaced_by = frozenset({"RepositoryName"})

    def create(self, place: Place, properties: Properties) -> Physical:
        """Make the repository."""
        name = properties.get("RepositoryName") or place.name(limit=256).lower()
        settings = {
            key[0].lower() + key[1:]: value for key, value in chosen(properties, "ImageTagMutability").items()
        }
        made = place.client("ecr").create_repository(repositoryName=name, **settings)["repository"]
        return Physical(
            id=name, attributes={"Arn": made["repositoryArn"], "RepositoryUri": made["repositoryUri"]}
        )

    def complete(self, place: Place, physical: Physical, properties: Properties) -> None:
        """Set its life cycle."""
        self._expire(place, physical.id, properties)

    def update(
        self, place: Place, physical: Physical, properties: Properties, previous: Properties
    ) -> Physical:
        """Change mutability and life cycle."""
        mutability = properties.get("ImageTagMutability", "MUTABLE")
        place.client("ecr").put_image_tag_mutability(
            repositoryName=physical.id, imageTagMutability=mutability
        )
        self._expire(place, physical.id, properties)
        return physical

    def delete(self, place: Place, physical: Physical, properties: Properties) -> None:
        """Delete the repository."""
        place.client("ecr").delete_repository(repositoryName=physical.id)

    def _expire(self, place: Place, name: str, properties: Properties) -> None:
        if policy := properties.get("LifecyclePolicy", {}).get("LifecyclePolicyText"):
            place.client("ecr").put_lifecycle_policy(repositoryName=name, lifecyclePolicyText=policy)


class GatewayAccount(ResourceType):
    """Recorded: which role lets API Gateway write logs for the whole account."""

    type = "AWS::ApiGateway::Account"
    applied = frozenset[str]()
    recorded = frozenset({"CloudWatchRoleArn"})

    def create(self, place: Place, properties: Properties) -> Physical:
        """Nothing: the local gateway writes its logs itself."""
        return Physical(id=place.name())

    def update(
        self, place: Place, physical: Physical, properties: Properties, previous: Properties
    ) -> Physical:
        """Nothing."""
        return physical

    def delete(self, place: Place, physical: Physical, properties: Properties) -> None:
        """Nothing."""


class CdkMetadata(ImmutableType):
    """Recorded: the usage statistics that the CDK puts into a template."""

    type = "AWS::CDK::Metadata"
    applied = frozenset[str]()
    recorded = frozenset({"Analytics"})

    def create(self, place: Place, properties: Properties) -> Physical:
        """Nothing."""
        return Physical(id=place.name())

    def delete(self, place: Place, physical: Physical, properties: Properties) -> None:
        """Nothing."""
