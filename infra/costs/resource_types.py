"""What each resource of a template costs while nobody uses it: every type is classified here, and an unknown one stops a synthesis.

A type of which some settings make AWS charge by the hour says which: `always_on` names the reason, and such a resource is
refused. What is left costs by use, or is one of `Idle`.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from infra.errors import SynthesisError

Properties = Mapping[str, Any]


class Idle(StrEnum):
    """What a resource may cost while it is idle."""

    NOTHING = "nothing"
    STORAGE = "storage"
    LOGS = "logs"
    ALARM = "alarm"
    DASHBOARD = "dashboard"
    KEY = "key"
    SCHEDULE = "schedule"
    """What it starts costs by use, and it starts it whether anybody is there or not."""
    POLLING = "polling"
    """Lambda asks a queue for messages all the time, and each question is a request."""
    SNAPSHOT = "snapshot"
    """Published versions of a function with SnapStart, each by its memory."""


class UnclassifiedResourceError(SynthesisError):
    """A template has a resource of a type about which nobody said what it costs while idle."""


class AlwaysOnResourceError(SynthesisError):
    """A template has a resource that AWS charges for by the hour."""


def _never(_properties: Properties) -> str | None:
    return None


@dataclass(frozen=True, kw_only=True)
class ResourceType:
    """What resources of a type cost while idle, and which of their settings would make them always on."""

    idle: Idle
    always_on: Callable[[Properties], str | None] = _never


def _provisioned_concurrency(properties: Properties) -> str | None:
    return "provisioned concurrency" if "ProvisionedConcurrencyConfig" in properties else None


def _provisioned_table(properties: Properties) -> str | None:
    if properties.get("BillingMode") != "PAY_PER_REQUEST":
        return "provisioned capacity: use BillingMode PAY_PER_REQUEST"
    return "warm throughput" if "WarmThroughput" in properties else None


def _in_a_network(properties: Properties) -> str | None:
    for destination in properties.values():
        if isinstance(destination, dict) and "VpcConfiguration" in destination:
            return "delivery into a VPC"
    return None


def _advanced_parameter(properties: Properties) -> str | None:
    return "tier Advanced: use Standard" if properties.get("Tier") == "Advanced" else None


def _dedicated_addresses(properties: Properties) -> str | None:
    return "addresses of its own (SslSupportMethod vip)" if _dedicated(properties) else None


def _dedicated(properties: Properties) -> bool:
    certificate = properties.get("DistributionConfig", {}).get("ViewerCertificate", {})
    return bool(certificate.get("SslSupportMethod") == "vip")


def _free(*names: str) -> dict[str, ResourceType]:
    return {name: ResourceType(idle=Idle.NOTHING) for name in names}


RESOURCE_TYPES: Mapping[str, ResourceType] = {
    **_free(
        "AWS::ApiGatewayV2::Api",
        "AWS::ApiGatewayV2::Authorizer",
        "AWS::ApiGatewayV2::Integration",
        "AWS::ApiGatewayV2::Route",
        "AWS::ApiGatewayV2::Stage",
        "AWS::CDK::Metadata",
        "AWS::CloudFront::CachePolicy",
        "AWS::CloudFront::OriginAccessControl",
        "AWS::CloudFront::ResponseHeadersPolicy",
        "AWS::EventSchemas::Registry",
        "AWS::EventSchemas::Schema",
        "AWS::Events::ApiDestination",
        "AWS::Events::Connection",
        "AWS::Events::EventBus",
        "AWS::Events::EventBusPolicy",
        "AWS::Events::Rule",
        "AWS::IAM::ManagedPolicy",
        "AWS::IAM::OIDCProvider",
        "AWS::IAM::Policy",
        "AWS::IAM::Role",
        "AWS::KMS::Alias",
        "AWS::Lambda::EventInvokeConfig",
        "AWS::Lambda::EventSourceMapping",
        "AWS::Lambda::Permission",
        "AWS::Logs::LogStream",
        "AWS::Logs::MetricFilter",
        "AWS::Logs::ResourcePolicy",
        "AWS::Logs::SubscriptionFilter",
        "AWS::S3::BucketPolicy",
        "AWS::SNS::Subscription",
        "AWS::SNS::Topic",
        "AWS::SNS::TopicPolicy",
        "AWS::SQS::Queue",
        "AWS::SQS::QueuePolicy",
        "AWS::Scheduler::ScheduleGroup",
        "AWS::StepFunctions::StateMachine",
    ),
    "AWS::CloudFront::Distribution": ResourceType(idle=Idle.NOTHING, always_on=_dedicated_addresses),
    "AWS::CloudWatch::Alarm": ResourceType(idle=Idle.ALARM),
    "AWS::CloudWatch::CompositeAlarm": ResourceType(idle=Idle.ALARM),
    "AWS::CloudWatch::Dashboard": ResourceType(idle=Idle.DASHBOARD),
    "AWS::DynamoDB::Table": ResourceType(idle=Idle.STORAGE, always_on=_provisioned_table),
    "AWS::Events::Archive": ResourceType(idle=Idle.STORAGE),
    "AWS::KMS::Key": ResourceType(idle=Idle.KEY),
    "AWS::KinesisFirehose::DeliveryStream": ResourceType(idle=Idle.NOTHING, always_on=_in_a_network),
    "AWS::Lambda::Alias": ResourceType(idle=Idle.NOTHING, always_on=_provisioned_concurrency),
    "AWS::Lambda::Function": ResourceType(idle=Idle.NOTHING),
    "AWS::Lambda::LayerVersion": ResourceType(idle=Idle.NOTHING),
    "AWS::Lambda::Version": ResourceType(idle=Idle.NOTHING, always_on=_provisioned_concurrency),
    "AWS::Logs::LogGroup": ResourceType(idle=Idle.LOGS),
    "AWS::S3::Bucket": ResourceType(idle=Idle.STORAGE),
    "AWS::SSM::Parameter": ResourceType(idle=Idle.NOTHING, always_on=_advanced_parameter),
    "AWS::Scheduler::Schedule": ResourceType(idle=Idle.SCHEDULE),
    "AWS::SecretsManager::Secret": ResourceType(idle=Idle.KEY),
}


def classify(template: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any], Idle]]:
    """Logical id, resource, and what it costs while idle, of every resource of a template.

    Raises UnclassifiedResourceError for a type that is not in RESOURCE_TYPES, AlwaysOnResourceError for settings that
    AWS charges for by the hour.
    """
    for logical_id, resource in template["Resources"].items():
        name, properties = resource["Type"], resource.get("Properties", {})
        known = RESOURCE_TYPES.get(name)
        if known is None:
            raise UnclassifiedResourceError(
                f"{logical_id} is of type {name}, of which nobody said what it costs while idle: add it to infra/costs/resource_types.py"
            )
        if reason := known.always_on(properties):
            raise AlwaysOnResourceError(f"{logical_id} ({name}) costs money by the hour: {reason}")
        yield logical_id, resource, _idle_of(name, properties, known.idle, template)


def _idle_of(name: str, properties: Properties, idle: Idle, template: Mapping[str, Any]) -> Idle:
    """A function is free until its versions have snapshots, a rule until it goes by the clock, a mapping unless it is of a queue."""
    if name == "AWS::Lambda::EventSourceMapping" and _is_of_a_queue(properties, template):
        return Idle.POLLING
    if name == "AWS::Lambda::Function" and properties.get("SnapStart"):
        return Idle.SNAPSHOT
    if name == "AWS::Events::Rule" and "ScheduleExpression" in properties:
        return Idle.SCHEDULE
    return idle


def _is_of_a_queue(properties: Properties, template: Mapping[str, Any]) -> bool:
    """Reading a table's stream costs nothing while it is empty."""
    source = properties.get("EventSourceArn")
    if isinstance(source, dict) and "Fn::GetAtt" in source:
        kind: str = template["Resources"][source["Fn::GetAtt"][0]]["Type"]
        return kind == "AWS::SQS::Queue"
    return "sqs" in str(source).lower() or "queue" in str(source).lower()
