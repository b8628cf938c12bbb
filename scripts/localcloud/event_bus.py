"""EventBridge rules that reach their targets, late and more than once if need be.

moto delivers to queues, log groups and archives only, while the caller waits, and lets disabled rules and rules
without a pattern match everything. Seams:

* `Rule.send_to_targets`: which rules match, and a queued delivery per target (archives stay moto's)
* `EventsBackend.put_targets` and `.put_rule`: refuse targets and filters that are not emulated
* `EventsBackend.put_events`: nobody speaks for AWS (`aws.*` sources)
* `moto.events.models.unix_time`, `.unix_time_millis`: virtual time
* S3 and Step Functions tell what happens to them: see `eventing.service_events`

What happens to a delivery that fails is in `eventing.delivery`.
POST /_localcloud/event-bus {"copies": 2} delivers every event twice: AWS promises "at least once".
"""

import copy
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from moto.events import models
from moto.events.exceptions import InvalidEventPatternException, ValidationException

from scripts.localcloud import moto_seams
from scripts.localcloud.cloud import ACCOUNT_ID, REGION, Cloud
from scripts.localcloud.eventing import service_events, target_input, targets
from scripts.localcloud.eventing.delivery import Delivery

PATTERN_FILTERS = frozenset(
    ("prefix", "suffix", "equals-ignore-case", "anything-but", "numeric", "cidr", "exists", "wildcard")
)


@dataclass(slots=True)
class EventBus:
    """How this cloud delivers."""

    copies: int = 1


def install(cloud: Cloud) -> None:
    """Replace how moto's rules find and reach their targets."""
    seams = moto_seams.of(cloud)
    if not seams.first("event_bus"):
        return
    archive_in_moto = models.Rule.send_to_targets
    put_targets_in_moto = models.EventsBackend.put_targets
    put_rule_in_moto = models.EventsBackend.put_rule
    put_events_in_moto = models.EventsBackend.put_events

    def send_to_targets(rule: Any, original_event: dict[str, Any], **_: Any) -> None:
        if rule.state != "ENABLED" or not rule.event_pattern.get_pattern():
            return
        if not rule.event_pattern.matches_event(original_event):
            return
        archives = [target for target in rule.targets if _is_archive(target)]
        if archives:
            archiving = copy.copy(rule)
            archiving.targets = archives
            archive_in_moto(archiving, original_event)
        send(
            cloud,
            rule.arn,
            rule.name,
            [t for t in rule.targets if not _is_archive(t)],
            _as_delivered(original_event),
        )

    def put_targets(
        backend: Any, name: str, event_bus_arn: str | None, targets: list[dict[str, Any]]
    ) -> None:
        for target in targets:
            _check_target(target)
        put_targets_in_moto(backend, name, event_bus_arn, targets)

    def put_rule(backend: Any, name: str, **settings: Any) -> Any:
        if settings.get("event_pattern"):
            _check_pattern(settings["event_pattern"])
        return put_rule_in_moto(backend, name, **settings)

    def put_events(backend: Any, events: list[dict[str, Any]]) -> list[dict[str, Any]]:
        allowed = [event for event in events if not str(event.get("Source") or "").startswith("aws.")]
        answers = iter(put_events_in_moto(backend, allowed))
        refused = {
            "ErrorCode": "NotAuthorizedForSourceException",
            "ErrorMessage": "Not authorized for the source.",
        }
        return [next(answers) if any(event is one for one in allowed) else refused for event in events]

    seams.replace(models.Rule, "send_to_targets", send_to_targets)
    seams.replace(models.EventsBackend, "put_targets", put_targets)
    seams.replace(models.EventsBackend, "put_rule", put_rule)
    seams.replace(models.EventsBackend, "put_events", put_events)
    seams.replace(models, "unix_time", lambda moment=None: moment or cloud.clock.time())
    seams.replace(models, "unix_time_millis", lambda moment=None: (moment or cloud.clock.time()) * 1000)
    service_events.install(cloud, publish)
    cloud.routes["POST", "event-bus"] = lambda request: _configure(cloud, request)


def publish(
    cloud: Cloud, *, source: str, detail_type: str, resources: list[str], detail: Mapping[str, Any]
) -> None:
    """Put an event of an AWS service on the default bus, now."""
    event = _event(cloud, source=source, detail_type=detail_type, resources=resources, detail=detail)
    with cloud.lock:
        for rule in list(models.events_backends[ACCOUNT_ID][REGION].event_buses["default"].rules.values()):
            rule.send_to_targets(copy.deepcopy(event))


def send(
    cloud: Cloud, rule_arn: str, rule_name: str, to: list[dict[str, Any]], event: dict[str, Any]
) -> None:
    """Queue an event for the targets of a rule, whether its pattern matches or not."""
    bus = moto_seams.of(cloud).part(EventBus, EventBus)
    arrived = datetime.fromtimestamp(cloud.clock.time(), UTC)
    for target in to:
        text = target_input.payload(target, event, rule_arn=rule_arn, ingestion_time=_stamp(arrived))
        for _ in range(bus.copies):
            delivery = Delivery(cloud, rule_arn, rule_name, target, text, str(event["id"]), _hand_over)
            delivery.queue()


def scheduled_event(cloud: Cloud, rule_arn: str, due: float, source: str = "aws.events") -> dict[str, Any]:
    """The event that a schedule sends for the time at which it was due (seconds)."""
    event = _event(cloud, source=source, detail_type="Scheduled Event", resources=[rule_arn], detail={})
    return _as_delivered(event | {"time": _stamp(datetime.fromtimestamp(due, UTC))})


def _hand_over(cloud: Cloud, target: Mapping[str, Any], payload: str, name: str) -> None:
    if not _is_bus(target):
        targets.send(cloud, target, payload, name)
        return
    bus_arn, event = target["Arn"], json.loads(payload) | {"ingestion-time": cloud.clock.time()}
    with cloud.lock:
        buses = models.events_backends[ACCOUNT_ID][REGION].event_buses
        bus = buses.get(bus_arn.rpartition("/")[2])
        if bus is None:
            raise targets.DeliveryError(
                "ResourceNotFoundException", f"no event bus {bus_arn}", retryable=False
            )
        for rule in list(bus.rules.values()):
            rule.send_to_targets(copy.deepcopy(event))


def _event(
    cloud: Cloud, *, source: str, detail_type: str, resources: list[str], detail: Mapping[str, Any]
) -> dict[str, Any]:
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": detail_type,
        "source": source,
        "account": ACCOUNT_ID,
        "time": _stamp(cloud.clock.now()),
        "region": REGION,
        "resources": resources,
        "detail": dict(detail),
        "ingestion-time": cloud.clock.time(),  # moto's archives ask for it
    }


def _as_delivered(event: Mapping[str, Any]) -> dict[str, Any]:
    """Bring a moto event into AWS's shape: moto keeps times as numbers and adds one that only templates may see."""
    delivered = {name: value for name, value in event.items() if name != "ingestion-time"}
    if isinstance(delivered["time"], datetime):
        delivered["time"] = delivered["time"].timestamp()
    if not isinstance(delivered["time"], str):
        delivered["time"] = _stamp(datetime.fromtimestamp(float(delivered["time"]), UTC))
    return delivered


def _stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _is_archive(target: Mapping[str, Any]) -> bool:
    return str(target["Arn"]).startswith("arn:aws:events:") and str(target["Arn"]).endswith(":::")


def _is_bus(target: Mapping[str, Any]) -> bool:
    return ":event-bus/" in target["Arn"]


def _check_target(target: Mapping[str, Any]) -> None:
    arn = str(target["Arn"])
    service = arn.split(":")[2] if arn.count(":") > 2 else arn
    if not (_is_archive(target) or _is_bus(target) or service in targets.SERVICES):
        raise ValidationException(
            f"Parameter {arn} is not valid. Reason: the local cloud delivers to {', '.join(targets.SERVICES)} and "
            "event buses only."
        )
    try:
        target_input.check(target)
    except target_input.InvalidInputError as error:
        raise ValidationException(f"Invalid input for target {target['Id']}. Reason: {error}.") from error


def _check_pattern(text: str) -> None:
    """Refuse unknown filters, which moto lets match everything; malformed patterns it refuses itself."""
    try:
        pattern = json.loads(text)
    except ValueError:
        return
    pending = [pattern]
    while pending:
        node = pending.pop()
        children = node.values() if isinstance(node, dict) else node
        for child in children:
            if isinstance(node, list) and isinstance(child, dict):
                unknown = child.keys() - PATTERN_FILTERS
                if unknown and not _is_alternative(child):
                    raise InvalidEventPatternException(reason=f"Unrecognized match type {sorted(unknown)}")
            elif isinstance(child, dict | list):
                pending.append(child)


def _is_alternative(node: Mapping[str, Any]) -> bool:
    """Whether it is a member of `$or`, a pattern of its own."""
    return all(isinstance(value, dict | list) for value in node.values())


def _configure(cloud: Cloud, request: Mapping[str, Any]) -> dict[str, int]:
    copies = request.get("copies")
    if request.keys() != {"copies"} or not isinstance(copies, int) or copies < 1:
        raise ValueError(
            f"give copies, the number of deliveries per event, as 1 or more, got {dict(request)}"
        )
    bus = moto_seams.of(cloud).part(EventBus, EventBus)
    bus.copies = copies
    return {"copies": copies}
