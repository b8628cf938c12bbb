"""SNS topics, who may publish to them, and who listens."""

# ruff: noqa: ARG002 - every type has the same methods, and not every one needs every argument

import json
from typing import Any

from scripts.localcloud.cloudformation.resource_type import (
    Physical,
    Place,
    Properties,
    ResourceType,
    chosen,
    tags,
)


class Topic(ResourceType):
    """A topic."""

    type = "AWS::SNS::Topic"
    applied = frozenset({"DisplayName", "KmsMasterKeyId", "Subscription", "Tags", "TopicName"})
    recorded = frozenset({"TracingConfig"})  # there is no tracing to configure
    replaced_by = frozenset({"TopicName"})

    def create(self, place: Place, properties: Properties) -> Physical:
        """Make the topic."""
        name = properties.get("TopicName") or place.name(limit=256)
        pairs = [{"Key": key, "Value": value} for key, value in tags(properties).items()]
        attributes = chosen(properties, "DisplayName", "KmsMasterKeyId")
        topic = place.client("sns").create_topic(Name=name, Attributes=attributes, Tags=pairs)
        arn = topic["TopicArn"]
        return Physical(id=arn, attributes={"TopicArn": arn, "TopicName": name})

    def complete(self, place: Place, physical: Physical, properties: Properties) -> None:
        """Make the subscriptions written inside of it."""
        for one in properties.get("Subscription", ()):
            place.client("sns").subscribe(
                TopicArn=physical.id, Protocol=one["Protocol"], Endpoint=one["Endpoint"]
            )

    def update(
        self, place: Place, physical: Physical, properties: Properties, previous: Properties
    ) -> Physical:
        """Set what changed."""
        sns = place.client("sns")
        changed = self.changed(properties, previous)
        for name in sorted(changed & {"DisplayName", "KmsMasterKeyId"}):
            sns.set_topic_attributes(
                TopicArn=physical.id, AttributeName=name, AttributeValue=properties.get(name, "")
            )
        if "Subscription" in changed:
            listed = sns.list_subscriptions_by_topic(TopicArn=physical.id)["Subscriptions"]
            for one in previous.get("Subscription", ()):
                for found in listed:
                    if (found["Protocol"], found["Endpoint"]) == (one["Protocol"], one["Endpoint"]):
                        sns.unsubscribe(SubscriptionArn=found["SubscriptionArn"])
            for one in properties.get("Subscription", ()):
                sns.subscribe(TopicArn=physical.id, Protocol=one["Protocol"], Endpoint=one["Endpoint"])
        if "Tags" in changed:
            if dropped := sorted(tags(previous).keys() - tags(properties).keys()):
                sns.untag_resource(ResourceArn=physical.id, TagKeys=dropped)
            pairs = [{"Key": key, "Value": value} for key, value in tags(properties).items()]
            sns.tag_resource(ResourceArn=physical.id, Tags=pairs)
        return physical

    def delete(self, place: Place, physical: Physical, properties: Properties) -> None:
        """Delete the topic with its subscriptions."""
        place.client("sns").delete_topic(TopicArn=physical.id)


class TopicPolicy(ResourceType):
    """Who may publish."""

    type = "AWS::SNS::TopicPolicy"
    applied = frozenset({"PolicyDocument", "Topics"})

    def create(self, place: Place, properties: Properties) -> Physical:
        """Write it to every topic."""
        self._write(place, properties)
        return Physical(id=place.name())

    def update(
        self, place: Place, physical: Physical, properties: Properties, previous: Properties
    ) -> Physical:
        """Write it anew."""
        self._write(place, properties)
        return physical

    def delete(self, place: Place, physical: Physical, properties: Properties) -> None:
        """Nothing: a topic has no call that removes its policy, and it goes with the topic."""

    def _write(self, place: Place, properties: Properties) -> None:
        for topic in properties["Topics"]:
            place.client("sns").set_topic_attributes(
                TopicArn=topic,
                AttributeName="Policy",
                AttributeValue=json.dumps(properties["PolicyDocument"]),
            )


class Subscription(ResourceType):
    """One listener of a topic."""

    type = "AWS::SNS::Subscription"
    applied = frozenset(
        {
            "Endpoint",
            "FilterPolicy",
            "FilterPolicyScope",
            "Protocol",
            "RawMessageDelivery",
            "RedrivePolicy",
            "TopicArn",
        }
    )
    replaced_by = frozenset({"Endpoint", "Protocol", "TopicArn"})

    def create(self, place: Place, properties: Properties) -> Physical:
        """Subscribe."""
        arn = place.client("sns").subscribe(
            TopicArn=properties["TopicArn"],
            Protocol=properties["Protocol"],
            Endpoint=properties["Endpoint"],
            Attributes={
                name: _text(properties[name])
                for name in ("FilterPolicy", "FilterPolicyScope", "RawMessageDelivery", "RedrivePolicy")
                if name in properties
            },
            ReturnSubscriptionArn=True,
        )["SubscriptionArn"]
        return Physical(id=arn, attributes={"Arn": arn})

    def update(
        self, place: Place, physical: Physical, properties: Properties, previous: Properties
    ) -> Physical:
        """Change its filter and its delivery."""
        defaults = {"RawMessageDelivery": False, "FilterPolicyScope": "MessageAttributes"}
        for name in sorted(self.changed(properties, previous)):
            place.client("sns").set_subscription_attributes(
                SubscriptionArn=physical.id,
                AttributeName=name,
                AttributeValue=_text(properties.get(name, defaults.get(name, {}))),
            )
        return physical

    def delete(self, place: Place, physical: Physical, properties: Properties) -> None:
        """Unsubscribe."""
        place.client("sns").unsubscribe(SubscriptionArn=physical.id)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
