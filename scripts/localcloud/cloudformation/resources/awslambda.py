"""Lambda functions, layers, versions and aliases.

An update goes through the same API calls that CloudFormation makes, so that deploying new code changes
$LATEST and nothing else: versions are immutable, and an alias moves only when its own properties change.
"""

# ruff: noqa: ARG002 - every type has the same methods, and not every one needs every argument

import io
import zipfile
from typing import Any

from scripts.localcloud.cloudformation.resource_type import (
    ImmutableType,
    Physical,
    Place,
    Properties,
    ResourceType,
    chosen,
    tags,
)

# Every setting of a function with what Lambda assumes when the template does not say it: CloudFormation sends the
# whole configuration when any part of it changes, so a property that was removed falls back to its default.
_CONFIGURATION: dict[str, Any] = {
    "DeadLetterConfig": {},
    "Description": "",
    "Environment": {"Variables": {}},
    "EphemeralStorage": {"Size": 512},
    "Handler": None,
    "KMSKeyArn": "",
    "Layers": [],
    "LoggingConfig": None,
    "MemorySize": 128,
    "Role": None,
    "Runtime": None,
    "SnapStart": {"ApplyOn": "None"},
    "Timeout": 3,
    "TracingConfig": {"Mode": "PassThrough"},
}
_WAIT = {"Delay": 0.05, "MaxAttempts": 1200}


class Function(ResourceType):
    """A function: its code and its configuration are $LATEST."""

    type = "AWS::Lambda::Function"
    applied = frozenset(
        {"Architectures", "Code", "FunctionName", "PackageType", "ReservedConcurrentExecutions", "Tags"}
        | _CONFIGURATION.keys()
    )
    replaced_by = frozenset({"FunctionName", "PackageType"})

    def create(self, place: Place, properties: Properties) -> Physical:
        """Make the function."""
        client = place.client("lambda")
        name = properties.get("FunctionName") or place.name()
        settings = chosen(properties, "Architectures", "PackageType", *_CONFIGURATION)
        client.create_function(FunctionName=name, Code=_code(properties), Tags=tags(properties), **settings)
        return Physical(id=name, attributes={"Arn": place.arn("lambda", f"function:{name}")})

    def complete(self, place: Place, physical: Physical, properties: Properties) -> None:
        """Wait until it may be invoked, then reserve its concurrency."""
        client = place.client("lambda")
        client.get_waiter("function_active_v2").wait(FunctionName=physical.id, WaiterConfig=_WAIT)
        if "ReservedConcurrentExecutions" in properties:
            self._reserve(client, physical.id, properties)

    def update(
        self, place: Place, physical: Physical, properties: Properties, previous: Properties
    ) -> Physical:
        """Send new code, then the whole configuration if any of it changed."""
        client = place.client("lambda")
        changed = self.changed(properties, previous)
        updated = client.get_waiter("function_updated_v2")
        if changed & {"Code", "Architectures"}:
            client.update_function_code(
                FunctionName=physical.id, **_code(properties), **chosen(properties, "Architectures")
            )
            updated.wait(FunctionName=physical.id, WaiterConfig=_WAIT)
        if changed & _CONFIGURATION.keys():
            wanted = {name: properties.get(name, default) for name, default in _CONFIGURATION.items()}
            wanted = {name: value for name, value in wanted.items() if value is not None}
            client.update_function_configuration(FunctionName=physical.id, **wanted)
            updated.wait(FunctionName=physical.id, WaiterConfig=_WAIT)
        if "ReservedConcurrentExecutions" in changed:
            self._reserve(client, physical.id, properties)
        if "Tags" in changed:
            arn = physical.attributes["Arn"]
            if dropped := sorted(tags(previous).keys() - tags(properties).keys()):
                client.untag_resource(Resource=arn, TagKeys=dropped)
            client.tag_resource(Resource=arn, Tags=tags(properties))
        return physical

    def delete(self, place: Place, physical: Physical, properties: Properties) -> None:
        """Delete the function with all its versions and aliases."""
        place.client("lambda").delete_function(FunctionName=physical.id)

    def _reserve(self, client: Any, name: str, properties: Properties) -> None:
        reserved = properties.get("ReservedConcurrentExecutions")
        if reserved is None:
            client.delete_function_concurrency(FunctionName=name)
        else:
            client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=int(reserved))


class LayerVersion(ImmutableType):
    """One immutable version of a layer."""

    type = "AWS::Lambda::LayerVersion"
    applied = frozenset(
        {
            "CompatibleArchitectures",
            "CompatibleRuntimes",
            "Content",
            "Description",
            "LayerName",
            "LicenseInfo",
        }
    )

    def create(self, place: Place, properties: Properties) -> Physical:
        """Publish it."""
        # Without a random part, unlike other names: versions of a layer share its name.
        name = properties.get("LayerName") or place.logical_id
        settings = chosen(
            properties,
            "CompatibleArchitectures",
            "CompatibleRuntimes",
            "Content",
            "Description",
            "LicenseInfo",
        )
        published = place.client("lambda").publish_layer_version(LayerName=name, **settings)
        arn = published["LayerVersionArn"]
        return Physical(id=arn, attributes={"LayerVersionArn": arn})

    def delete(self, place: Place, physical: Physical, properties: Properties) -> None:
        """Delete it; functions that use it keep it."""
        layer, _, number = physical.id.rpartition(":")
        place.client("lambda").delete_layer_version(LayerName=layer, VersionNumber=int(number))


class Version(ImmutableType):
    """A published version: a snapshot of $LATEST at the moment the stack was created."""

    type = "AWS::Lambda::Version"
    applied = frozenset({"CodeSha256", "Description", "FunctionName"})

    def create(self, place: Place, properties: Properties) -> Physical:
        """Publish it."""
        version = place.client("lambda").publish_version(**properties)
        function_arn = version["FunctionArn"].removesuffix(f":{version['Version']}")
        arn = f"{function_arn}:{version['Version']}"
        return Physical(id=arn, attributes={"FunctionArn": arn, "Version": version["Version"]})

    def complete(self, place: Place, physical: Physical, properties: Properties) -> None:
        """Wait until it may be invoked."""
        place.client("lambda").get_waiter("published_version_active").wait(
            FunctionName=properties["FunctionName"],
            Qualifier=physical.attributes["Version"],
            WaiterConfig=_WAIT,
        )

    def delete(self, place: Place, physical: Physical, properties: Properties) -> None:
        """Delete this version only."""
        place.client("lambda").delete_function(
            FunctionName=properties["FunctionName"], Qualifier=physical.attributes["Version"]
        )


class Alias(ResourceType):
    """A movable name for one or two versions."""

    type = "AWS::Lambda::Alias"
    applied = frozenset({"Description", "FunctionName", "FunctionVersion", "Name", "RoutingConfig"})
    replaced_by = frozenset({"FunctionName", "Name"})

    def create(self, place: Place, properties: Properties) -> Physical:
        """Point it at its version."""
        alias = place.client("lambda").create_alias(**_alias(properties))
        return Physical(id=alias["AliasArn"], attributes={"AliasArn": alias["AliasArn"]})

    def update(
        self, place: Place, physical: Physical, properties: Properties, previous: Properties
    ) -> Physical:
        """Route as the template says, whatever it was set to since."""
        place.client("lambda").update_alias(**_alias(properties))
        return physical

    def delete(self, place: Place, physical: Physical, properties: Properties) -> None:
        """Delete the name, not the versions."""
        place.client("lambda").delete_alias(FunctionName=properties["FunctionName"], Name=properties["Name"])


class Permission(ImmutableType):
    """A statement in a function's resource policy: who may invoke it."""

    type = "AWS::Lambda::Permission"
    applied = frozenset(
        {
            "Action",
            "EventSourceToken",
            "FunctionName",
            "FunctionUrlAuthType",
            "Principal",
            "PrincipalOrgID",
            "SourceAccount",
            "SourceArn",
        }
    )

    def create(self, place: Place, properties: Properties) -> Physical:
        """Add the statement."""
        statement = place.name(limit=100)
        place.client("lambda").add_permission(StatementId=statement, **_qualified(properties))
        return Physical(id=statement, attributes={"Id": statement})

    def delete(self, place: Place, physical: Physical, properties: Properties) -> None:
        """Take the statement out again."""
        target = chosen(_qualified(properties), "FunctionName", "Qualifier")
        place.client("lambda").remove_permission(StatementId=physical.id, **target)


class EventInvokeConfig(ResourceType):
    """How often an asynchronous event is retried, and where it goes when that did not help."""

    type = "AWS::Lambda::EventInvokeConfig"
    applied = frozenset(
        {"DestinationConfig", "FunctionName", "MaximumEventAgeInSeconds", "MaximumRetryAttempts", "Qualifier"}
    )
    replaced_by = frozenset({"FunctionName", "Qualifier"})

    def create(self, place: Place, properties: Properties) -> Physical:
        """Set it for one qualifier."""
        place.client("lambda").put_function_event_invoke_config(**properties)
        return Physical(id=f"{properties['FunctionName']}|{properties['Qualifier']}")

    def update(
        self, place: Place, physical: Physical, properties: Properties, previous: Properties
    ) -> Physical:
        """Set it anew as a whole."""
        place.client("lambda").put_function_event_invoke_config(**properties)
        return physical

    def delete(self, place: Place, physical: Physical, properties: Properties) -> None:
        """Go back to two retries and no destination."""
        target = chosen(properties, "FunctionName", "Qualifier")
        place.client("lambda").delete_function_event_invoke_config(**target)


class EventSourceMapping(ImmutableType):
    """Which stream a function reads.

    CloudFormation changes most of it in place; made anew it would read from its starting position again, so nothing is lost.
    """

    type = "AWS::Lambda::EventSourceMapping"
    applied = frozenset(
        {
            "BatchSize",
            "BisectBatchOnFunctionError",
            "DestinationConfig",
            "EventSourceArn",
            "FilterCriteria",
            "FunctionName",
            "FunctionResponseTypes",
            "MaximumRecordAgeInSeconds",
            "MaximumRetryAttempts",
            "StartingPosition",
        }
    )

    def create(self, place: Place, properties: Properties) -> Physical:
        """Begin to read."""
        mapping = place.client("lambda").create_event_source_mapping(**properties)["UUID"]
        return Physical(id=mapping, attributes={"Id": mapping})

    def delete(self, place: Place, physical: Physical, properties: Properties) -> None:
        """Read no more."""
        place.client("lambda").delete_event_source_mapping(UUID=physical.id)


def _code(properties: Properties) -> dict[str, Any]:
    code = dict(properties["Code"])
    if "ZipFile" not in code:
        return chosen(code, "S3Bucket", "S3Key", "S3ObjectVersion", "ImageUri")
    # Source written into the template: CloudFormation zips it as one file named index.
    archive = io.BytesIO()
    suffix = "js" if str(properties["Runtime"]).startswith("nodejs") else "py"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr(f"index.{suffix}", code["ZipFile"])
    return {"ZipFile": archive.getvalue()}


def _alias(properties: Properties) -> dict[str, Any]:
    routing = properties.get("RoutingConfig", {}).get("AdditionalVersionWeights", [])
    return chosen(properties, "Description", "FunctionName", "FunctionVersion", "Name") | {
        "RoutingConfig": {
            "AdditionalVersionWeights": {
                one["FunctionVersion"]: float(one["FunctionWeight"]) for one in routing
            }
        }
    }


def _qualified(properties: Properties) -> dict[str, Any]:
    """The properties with an alias or version at the end of the function's ARN taken apart."""
    parts = properties["FunctionName"].split(":")
    if len(parts) == 8:  # arn:aws:lambda:region:account:function:name:qualifier
        return {**properties, "FunctionName": parts[6], "Qualifier": parts[7]}
    return dict(properties)
