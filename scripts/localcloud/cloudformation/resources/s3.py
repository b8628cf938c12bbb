"""S3 buckets as a template describes them; moto's own CloudFormation drops half of their properties."""

# ruff: noqa: ARG002 - every type has the same methods, and not every one needs every argument

from typing import Any

from scripts.localcloud.cloud import REGION
from scripts.localcloud.cloudformation.resource_type import Physical, Place, Properties, ResourceType, tags


class Bucket(ResourceType):
    """A bucket with everything that protects its content."""

    type = "AWS::S3::Bucket"
    applied = frozenset(
        {
            "BucketEncryption",
            "BucketName",
            "CorsConfiguration",
            "LifecycleConfiguration",
            "LoggingConfiguration",
            "NotificationConfiguration",
            "ObjectLockEnabled",
            "OwnershipControls",
            "PublicAccessBlockConfiguration",
            "Tags",
            "VersioningConfiguration",
        }
    )
    # The ACL of a log bucket: access lists do not decide anything here.
    recorded = frozenset({"AccessControl"})
    replaced_by = frozenset({"BucketName", "ObjectLockEnabled"})

    def create(self, place: Place, properties: Properties) -> Physical:
        """Make the bucket."""
        name = properties.get("BucketName") or place.name(limit=63).lower()
        place.client("s3").create_bucket(
            Bucket=name, ObjectLockEnabledForBucket=bool(properties.get("ObjectLockEnabled"))
        )
        return Physical(
            id=name,
            attributes={
                "Arn": f"arn:aws:s3:::{name}",
                "DomainName": f"{name}.s3.amazonaws.com",
                "RegionalDomainName": f"{name}.s3.{REGION}.amazonaws.com",
            },
        )

    def complete(self, place: Place, physical: Physical, properties: Properties) -> None:
        """Set one configuration after the other."""
        self._configure(place, physical.id, properties, {})

    def update(
        self, place: Place, physical: Physical, properties: Properties, previous: Properties
    ) -> Physical:
        """Set the configurations that changed."""
        self._configure(place, physical.id, properties, previous)
        return physical

    def delete(self, place: Place, physical: Physical, properties: Properties) -> None:
        """Delete an empty bucket; AWS refuses one that still has objects."""
        place.client("s3").delete_bucket(Bucket=physical.id)

    def _configure(self, place: Place, bucket: str, properties: Properties, previous: Properties) -> None:
        s3 = place.client("s3")
        for name in sorted(self.changed(properties, previous)):
            value = properties.get(name)
            match name:
                case "VersioningConfiguration":
                    status = value["Status"] if value else "Suspended"
                    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": status})
                case "PublicAccessBlockConfiguration":
                    blocks = value or {}
                    s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=blocks)
                case "BucketEncryption" if value:
                    s3.put_bucket_encryption(
                        Bucket=bucket, ServerSideEncryptionConfiguration=_encryption(value)
                    )
                case "BucketEncryption":
                    s3.delete_bucket_encryption(Bucket=bucket)
                case "LifecycleConfiguration" if value:
                    rules = {"Rules": [_lifecycle_rule(rule) for rule in value["Rules"]]}
                    s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration=rules)
                case "LifecycleConfiguration":
                    s3.delete_bucket_lifecycle(Bucket=bucket)
                case "CorsConfiguration" if value:
                    s3.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": _cors_rules(value)})
                case "CorsConfiguration":
                    s3.delete_bucket_cors(Bucket=bucket)
                case "OwnershipControls":
                    s3.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls=value)
                case "LoggingConfiguration":
                    s3.put_bucket_logging(Bucket=bucket, BucketLoggingStatus=_logging(value, bucket))
                case "NotificationConfiguration":
                    s3.put_bucket_notification_configuration(
                        Bucket=bucket, NotificationConfiguration=_notifications(value or {})
                    )
                case "Tags":
                    tag_set = [{"Key": key, "Value": text} for key, text in tags(properties).items()]
                    s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": tag_set})


class BucketPolicy(ResourceType):
    """Recorded, not installed.

    The policies of this project (and of the CDK's own bucket) deny requests without TLS, by a condition; moto
    does not evaluate conditions and would deny every request. Their content is asserted on the template instead.
    """

    type = "AWS::S3::BucketPolicy"
    applied = frozenset({"Bucket"})
    recorded = frozenset({"PolicyDocument"})
    replaced_by = frozenset({"Bucket"})

    def create(self, place: Place, properties: Properties) -> Physical:
        """Check that the bucket is there."""
        place.client("s3").head_bucket(Bucket=properties["Bucket"])
        return Physical(id=properties["Bucket"])

    def update(
        self, place: Place, physical: Physical, properties: Properties, previous: Properties
    ) -> Physical:
        """Nothing is installed, nothing changes."""
        return physical

    def delete(self, place: Place, physical: Physical, properties: Properties) -> None:
        """Nothing is installed, nothing goes."""


def _encryption(value: Properties) -> dict[str, Any]:
    rules = []
    for rule in value["ServerSideEncryptionConfiguration"]:
        default = rule["ServerSideEncryptionByDefault"]
        api_rule: dict[str, Any] = {"ApplyServerSideEncryptionByDefault": default}
        if "BucketKeyEnabled" in rule:
            api_rule["BucketKeyEnabled"] = rule["BucketKeyEnabled"]
        rules.append(api_rule)
    return {"Rules": rules}


def _lifecycle_rule(rule: Properties) -> dict[str, Any]:
    """A rule in the spelling of the API, which names nearly everything differently."""
    conditions: dict[str, Any] = {}
    if "Prefix" in rule:
        conditions["Prefix"] = rule["Prefix"]
    for name in ("ObjectSizeGreaterThan", "ObjectSizeLessThan"):
        if name in rule:
            conditions[name] = int(rule[name])
    if "TagFilters" in rule:
        conditions["Tags"] = rule["TagFilters"]
    simple = len(conditions) <= 1 and "Tags" not in conditions
    api: dict[str, Any] = {
        "Status": rule["Status"],
        "Filter": (conditions or {"Prefix": ""}) if simple else {"And": conditions},
    }
    if "Id" in rule:
        api["ID"] = rule["Id"]
    expiration = {
        api_name: rule[name]
        for name, api_name in (
            ("ExpirationInDays", "Days"),
            ("ExpirationDate", "Date"),
            ("ExpiredObjectDeleteMarker", "ExpiredObjectDeleteMarker"),
        )
        if name in rule
    }
    if expiration:
        api["Expiration"] = expiration
    if "NoncurrentVersionExpirationInDays" in rule:
        api["NoncurrentVersionExpiration"] = {"NoncurrentDays": rule["NoncurrentVersionExpirationInDays"]}
    for name in ("NoncurrentVersionExpiration", "AbortIncompleteMultipartUpload"):
        if name in rule:
            api[name] = rule[name]
    if "Transitions" in rule:
        names = {"TransitionInDays": "Days", "TransitionDate": "Date"}
        api["Transitions"] = [_renamed(transition, names) for transition in rule["Transitions"]]
    if "NoncurrentVersionTransitions" in rule:
        names = {"TransitionInDays": "NoncurrentDays"}
        moves = rule["NoncurrentVersionTransitions"]
        api["NoncurrentVersionTransitions"] = [_renamed(transition, names) for transition in moves]
    return api


def _cors_rules(value: Properties) -> list[dict[str, Any]]:
    names = {"Id": "ID", "ExposedHeaders": "ExposeHeaders", "MaxAge": "MaxAgeSeconds"}
    return [_renamed(rule, names) for rule in value["CorsRules"]]


def _logging(value: Properties | None, bucket: str) -> dict[str, Any]:
    if not value:
        return {}
    target = value.get("DestinationBucketName", bucket)
    return {"LoggingEnabled": {"TargetBucket": target, "TargetPrefix": value.get("LogFilePrefix", "")}}


def _notifications(value: Properties) -> dict[str, Any]:
    api: dict[str, Any] = {}
    if value.get("EventBridgeConfiguration", {}).get("EventBridgeEnabled", False):
        api["EventBridgeConfiguration"] = {}
    for name, target in (("Lambda", "Function"), ("Queue", "Queue"), ("Topic", "Topic")):
        listed = value.get(f"{name}Configurations", [])
        if listed:
            api_name = "LambdaFunction" if name == "Lambda" else name
            api[f"{api_name}Configurations"] = [
                {f"{api_name}Arn": one[target], "Events": [one["Event"]]}
                | (
                    {"Filter": {"Key": {"FilterRules": one["Filter"]["S3Key"]["Rules"]}}}
                    if "Filter" in one
                    else {}
                )
                for one in listed
            ]
    return api


def _renamed(value: Properties, names: dict[str, str]) -> dict[str, Any]:
    return {names.get(name, name): item for name, item in value.items()}
