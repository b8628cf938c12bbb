"""Schedules that fire: rules with a ScheduleExpression, and EventBridge Scheduler, both on virtual time.

moto stores them ("banana" too) and fires none. Seams:

* `EventsBackend.put_rule`, `EventBridgeSchedulerBackend.create_schedule` and `.update_schedule`: refuse what AWS
  refuses and what is not emulated, and remember from when rates count
* `moto.scheduler.models.unix_time`, `.utcnow`: virtual time

`fire_due` fires what was due in a stretch of time; the ticker in `periodic` calls it. Flexible time windows count as
OFF. After a jump of the clock a function that a schedule starts sees the time after the jump; its event says when it
was due.
"""

import json
import uuid
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any

from moto.events import models as events
from moto.events.exceptions import ValidationException as EventsValidationException
from moto.scheduler import models as scheduler
from moto.scheduler.exceptions import ScheduleGroupNotFound
from moto.scheduler.exceptions import ValidationException as SchedulerValidationException

from scripts.localcloud import event_bus, moto_seams
from scripts.localcloud.cloud import ACCOUNT_ID, REGION, Cloud
from scripts.localcloud.cloudwatch.moments import seconds
from scripts.localcloud.eventing import schedule_expressions, targets
from scripts.localcloud.eventing.delivery import Delivery
from scripts.localcloud.eventing.schedule_expressions import InvalidScheduleError

MAX_FIRINGS = 1000
"""Of one schedule in one `fire_due`: a jump of a year must not start a function half a million times."""


@dataclass(frozen=True, slots=True)
class _Due:
    time: float
    name: str
    fire: Callable[[], None]


def install(cloud: Cloud) -> None:
    """Replace how moto accepts schedules."""
    seams = moto_seams.of(cloud)
    if not seams.first("schedules"):
        return
    put_rule_before = events.EventsBackend.put_rule
    create_schedule_in_moto = scheduler.EventBridgeSchedulerBackend.create_schedule
    update_schedule_in_moto = scheduler.EventBridgeSchedulerBackend.update_schedule

    def put_rule(backend: Any, name: str, **settings: Any) -> Any:
        expression = settings.get("scheduled_expression")
        if expression:
            _check_rule(expression)
        rule = put_rule_before(backend, name, **settings)
        vars(rule)["localcloud_anchor"] = cloud.clock.time()
        return rule

    def create_schedule(backend: Any, **settings: Any) -> Any:
        if (settings.get("group_name") or "default") not in backend.schedule_groups:
            raise ScheduleGroupNotFound(settings["group_name"])
        _check_schedule(settings)
        return create_schedule_in_moto(backend, **settings)

    def update_schedule(backend: Any, **settings: Any) -> Any:
        _check_schedule(settings)
        return update_schedule_in_moto(backend, **settings | {"state": settings.get("state") or "ENABLED"})

    seams.replace(events.EventsBackend, "put_rule", put_rule)
    seams.replace(scheduler.EventBridgeSchedulerBackend, "create_schedule", create_schedule)
    seams.replace(scheduler.EventBridgeSchedulerBackend, "update_schedule", update_schedule)
    seams.replace(scheduler, "unix_time", lambda *_: cloud.clock.time())
    seams.replace(scheduler, "utcnow", lambda: cloud.clock.now().replace(tzinfo=None))


def fire_due(cloud: Cloud, since: float, until: float) -> int:
    """Queue everything that was due in (since, until], in order, each time once; returns how many firings.

    Of a schedule that was due more than MAX_FIRINGS times only the newest MAX_FIRINGS are fired.
    """
    with cloud.lock:
        due = [*_due_rules(cloud, since, until), *_due_schedules(cloud, since, until)]
        due.sort(key=lambda one: (one.time, one.name))
        for one in due:
            one.fire()
        _remove_completed(until)
    return len(due)


def next_due(cloud: Cloud, since: float, until: float) -> float | None:
    """The first time in (since, until] at which a rule or schedule is due."""
    with cloud.lock:
        every = [*_times_of_rules(since, until), *_times_of_schedules(since, until)]
        return min((time for _, times in every for time in islice(times, 1)), default=None)


def _due_rules(cloud: Cloud, since: float, until: float) -> Iterator[_Due]:
    for rule, times in _times_of_rules(since, until):
        for time in _newest(times):
            yield _Due(time, rule.name, partial(_fire_rule, cloud, rule, time))


def _times_of_rules(since: float, until: float) -> Iterator[tuple[Any, Iterator[float]]]:
    rules = events.events_backends[ACCOUNT_ID][REGION].event_buses["default"].rules.values()
    for rule in list(rules):
        if rule.scheduled_expression and rule.state == "ENABLED":
            anchor = vars(rule)["localcloud_anchor"]
            schedule = schedule_expressions.parse(rule.scheduled_expression, anchor=anchor)
            yield rule, schedule.due(max(since, anchor), until)


def _newest(times: Iterator[float]) -> Iterable[float]:
    return deque(times, maxlen=MAX_FIRINGS)


def _fire_rule(cloud: Cloud, rule: Any, time: float) -> None:
    event = event_bus.scheduled_event(cloud, rule.arn, time)
    event_bus.send(cloud, rule.arn, rule.name, list(rule.targets), event)


def _due_schedules(cloud: Cloud, since: float, until: float) -> Iterator[_Due]:
    for schedule, times in _times_of_schedules(since, until):
        for time in _newest(times):
            yield _Due(time, schedule.name, partial(_fire_schedule, cloud, schedule, time))


def _times_of_schedules(since: float, until: float) -> Iterator[tuple[Any, Iterator[float]]]:
    for group in scheduler.scheduler_backends[ACCOUNT_ID][REGION].schedule_groups.values():
        for schedule in group.schedules.values():
            if schedule.state != "ENABLED":
                continue
            begin = max(since, _start(schedule) - 1e-6)  # the start itself counts
            end = min(until, seconds(schedule.end_date, until))
            yield schedule, _times(schedule).due(begin, end)


def _remove_completed(until: float) -> None:
    for group in scheduler.scheduler_backends[ACCOUNT_ID][REGION].schedule_groups.values():
        for schedule in list(group.schedules.values()):
            if schedule.action_after_completion == "DELETE" and _is_over(schedule, until):
                group.delete_schedule(schedule.name)


def _is_over(schedule: Any, until: float) -> bool:
    if schedule.schedule_expression.startswith("at("):
        times = _times(schedule)
        return next(times.due(0, until), None) is not None
    return seconds(schedule.end_date, float("inf")) <= until


def _times(schedule: Any) -> schedule_expressions.Schedule:
    # AWS: without a start date, a rate invokes its target as soon as it exists
    return schedule_expressions.parse(
        schedule.schedule_expression,
        anchor=_start(schedule),
        timezone=schedule.schedule_expression_timezone,
        at_once=True,
    )


def _start(schedule: Any) -> float:
    return seconds(schedule.start_date, float(schedule.last_modified_date))


def _fire_schedule(cloud: Cloud, schedule: Any, time: float) -> None:
    execution = str(uuid.uuid4())
    event = event_bus.scheduled_event(cloud, schedule.arn, time, source="aws.scheduler")
    target = schedule.target
    context = {
        "<aws.scheduler.schedule-arn>": schedule.arn,
        "<aws.scheduler.scheduled-time>": event["time"],
        "<aws.scheduler.execution-id>": execution,
        "<aws.scheduler.attempt-number>": "1",
    }
    text = target.get("Input") or json.dumps(event)
    for name, value in context.items():
        text = text.replace(name, value)
    Delivery(cloud, schedule.arn, schedule.name, target, text, execution, targets.send).queue()


def _check_rule(expression: str) -> None:
    refusal = "Parameter ScheduleExpression is not valid."
    if expression.startswith("at("):
        raise EventsValidationException(f"{refusal} (rules know rate() and cron() only)")
    try:
        schedule_expressions.parse(expression, anchor=0)
    except InvalidScheduleError as error:
        raise EventsValidationException(f"{refusal} ({error})") from error


def _check_schedule(settings: dict[str, Any]) -> None:
    expression, zone = settings["schedule_expression"], settings.get("schedule_expression_timezone") or "UTC"
    try:
        schedule_expressions.parse(expression, anchor=0, timezone=zone)
    except InvalidScheduleError as error:
        raise SchedulerValidationException(f"Invalid Schedule Expression {expression}. ({error})") from error
    arn = settings["target"]["Arn"]
    if arn.split(":")[2:3] not in [[service] for service in targets.SERVICES]:
        raise SchedulerValidationException(
            f"Provided Arn {arn} is not emulated: the local cloud delivers to {', '.join(targets.SERVICES)}."
        )
