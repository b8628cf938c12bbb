"""EventBridge: buses, rules with their targets, and schedules."""

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


class EventBus(ImmutableType):
    """A bus beside the default one."""

    type = "AWS::Events::EventBus"
    applied = frozenset({"Name", "Tags"})
    recorded = frozenset({"Description"})

    def create(self, place: Place, properties: Properties) -> Physical:
        """Make the bus."""
        pairs = [{"Key": key, "Value": value} for key, value in tags(properties).items()]
        arn = place.client("events").create_event_bus(Name=properties["Name"], Tags=pairs)["EventBusArn"]
        return Physical(id=properties["Name"], attributes={"Arn": arn, "Name": properties["Name"]})

    def delete(self, place: Place, physical: Physical, properties: Properties) -> None:
        """Delete the bus."""
        place.client("events").delete_event_bus(Name=physical.id)


class Rule(ResourceType):
    """Which events go to which targets, or when."""

    type = "AWS::Events::Rule"
    applied = frozenset(
        {
            "Description",
            "EventBusName",
            "EventPattern",
            "Name",
            "RoleArn",
            "ScheduleExpression",
            "State",
            "Tags",
            "Targets",
        }
    )
    replaced_by = frozenset({"EventBusName", "Name"})

    def create(self, place: Place, properties: Properties) -> Physical:
        """Put the rule."""
        name = properties.get("Name") or place.name()
        arn = self._put(place, name, properties)
        bus = _bus(properties)
        return Physical(
            id=name if bus == "default" else f"{bus}|{name}", attributes={"Arn": arn, "Name": name}
        )

    def complete(self, place: Place, physical: Physical, properties: Properties) -> None:
        """Put its targets."""
        self._aim(place, physical.attributes["Name"], properties)

    def update(
        self, place: Place, physical: Physical, properties: Properties, previous: Properties
    ) -> Physical:
        """Put it again, and take targets away that are no longer listed."""
        name = physical.attributes["Name"]
        self._put(place, name, properties)
        self._aim(place, name, properties)
        wanted = {target["Id"] for target in properties.get("Targets", ())}
        left = [target["Id"] for target in previous.get("Targets", ()) if target["Id"] not in wanted]
        if left:
            place.client("events").remove_targets(Rule=name, EventBusName=_bus(properties), Ids=left)
        return physical

    def delete(self, place: Place, physical: Physical, properties: Properties) -> None:
        """Take its targets away first: EventBridge refuses to delete a rule that has any."""
        events = place.client("events")
        name, bus = physical.attributes["Name"], _bus(properties)
        if targets := [target["Id"] for target in properties.get("Targets", ())]:
            events.remove_targets(Rule=name, EventBusName=bus, Ids=targets)
        events.delete_rule(Name=name, EventBusName=bus)

    def _put(self, place: Place, name: str, properties: Properties) -> str:
        events = place.client("events")
        bus = _bus(properties)
        settings = chosen(properties, "Description", "RoleArn", "ScheduleExpression", "State")
        if "EventPattern" in properties:
            settings["EventPattern"] = json.dumps(properties["EventPattern"])
        settings["Tags"] = [{"Key": key, "Value": value} for key, value in tags(properties).items()]
        arn: str = events.put_rule(Name=name, EventBusName=bus, **settings)["RuleArn"]
        return arn

    def _aim(self, place: Place, name: str, properties: Properties) -> None:
        if targets := properties.get("Targets"):
            place.client("events").put_targets(Rule=name, EventBusName=_bus(properties), Targets=targets)


class Schedule(ResourceType):
    """A schedule of EventBridge Scheduler: one target, at a time or again and again."""

    type = "AWS::Scheduler::Schedule"
    applied = frozenset(
        {
            "Description",
            "EndDate",
            "FlexibleTimeWindow",
            "GroupName",
            "KmsKeyArn",
            "Name",
            "ScheduleExpression",
            "ScheduleExpressionTimezone",
            "StartDate",
            "State",
            "Target",
        }
    )
    replaced_by = frozenset({"GroupName", "Name"})

    def create(self, place: Place, properties: Properties) -> Physical:
        """Make the schedule."""
        name = properties.get("Name") or place.name()
        arn = place.client("scheduler").create_schedule(**{**properties, "Name": name})["ScheduleArn"]
        return Physical(id=name, attributes={"Arn": arn})

    def update(
        self, place: Place, physical: Physical, properties: Properties, previous: Properties
    ) -> Physical:
        """Replace all its settings, as the API does."""
        place.client("scheduler").update_schedule(**{**properties, "Name": physical.id})
        return physical

    def delete(self, place: Place, physical: Physical, properties: Properties) -> None:
        """Delete the schedule."""
        group = chosen(properties, "GroupName")
        place.client("scheduler").delete_schedule(Name=physical.id, **group)


class ScheduleGroup(ImmutableType):
    """A group of schedules."""

    type = "AWS::Scheduler::ScheduleGroup"
    applied = frozenset({"Name", "Tags"})

    def create(self, place: Place, properties: Properties) -> Physical:
        """Make the group."""
        name = properties.get("Name") or place.name()
        pairs = [{"Key": key, "Value": value} for key, value in tags(properties).items()]
        made = place.client("scheduler").create_schedule_group(Name=name, Tags=pairs)
        return Physical(id=name, attributes={"Arn": made["ScheduleGroupArn"]})

    def delete(self, place: Place, physical: Physical, properties: Properties) -> None:
        """Delete the group."""
        place.client("scheduler").delete_schedule_group(Name=physical.id)


def _bus(properties: Properties) -> str:
    name: str = properties.get("EventBusName", "default")
    return name.rpartition("/")[2]  # a bus may be named by its ARN
