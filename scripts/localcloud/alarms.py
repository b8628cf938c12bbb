"""CloudWatch alarms that really watch: evaluation, actions, history, composite alarms, EventBridge events.

moto stores alarms and nothing more, starts them at OK and forgets their state on update. Seams:

* `CloudWatchBackend.put_metric_alarm` (new alarms are INSUFFICIENT_DATA, updates keep the state, what is not
  emulated is refused), `.set_alarm_state` (with actions)
* `CloudWatchResponse.describe_alarms` (AlarmTypes, all filters together, pages); `.put_composite_alarm` and
  `.describe_alarm_history` are new there

`evaluate_alarms` does one round; the ticker in `periodic` calls it each virtual minute.
"""

import json
from datetime import UTC, datetime
from typing import Any

from moto.cloudwatch import models, responses
from moto.cloudwatch.exceptions import InvalidFormat, ResourceNotFound, ValidationError
from moto.core.responses import ActionResult, EmptyResult

from scripts.localcloud import event_bus, moto_seams
from scripts.localcloud.cloud import ACCOUNT_ID, REGION, Cloud
from scripts.localcloud.cloudwatch import alarm_documents, alarm_history, alarm_judging, alarm_validation
from scripts.localcloud.cloudwatch.alarm_documents import State
from scripts.localcloud.cloudwatch.alarm_evaluation import Verdict
from scripts.localcloud.cloudwatch.alarm_rules import AlarmRule
from scripts.localcloud.cloudwatch.metric_store import store_of
from scripts.localcloud.eventing import targets, work_queue

STATES = ("OK", "ALARM", "INSUFFICIENT_DATA")
PAGE = 100  # alarms in one answer of DescribeAlarms


def install(cloud: Cloud) -> None:
    """Replace what moto does about alarms."""
    seams = moto_seams.of(cloud)
    if not seams.first("alarms"):
        return
    put_metric_alarm_in_moto = models.CloudWatchBackend.put_metric_alarm

    def put_metric_alarm(backend: Any, name: str, **settings: Any) -> Any:
        alarm_validation.check(backend, name, settings)
        before = backend.alarms.get(name)
        alarm = put_metric_alarm_in_moto(backend, name=name, **settings)
        alarm.configuration_updated_timestamp = cloud.clock.now()
        if before is None:
            _set_state(
                alarm, State("INSUFFICIENT_DATA", "Unchecked: Initial alarm creation", "", cloud.clock.now())
            )
            alarm_history.created(alarm)
        else:
            _set_state(alarm, _state(before))
            alarm.history = before.history
            alarm_history.updated(alarm)
        return alarm

    def set_alarm_state(
        backend: Any, alarm_name: str, reason: str, reason_data: str | None, state_value: str
    ) -> None:
        if alarm_name not in backend.alarms:
            raise ResourceNotFound
        if state_value not in STATES:
            raise ValidationError(
                f"1 validation error detected: Value '{state_value}' at 'stateValue' failed to satisfy constraint: "
                f"Member must satisfy enum value set: {sorted(STATES)}"
            )
        try:
            json.loads(reason_data or "{}")
        except ValueError as error:
            raise InvalidFormat("StateReasonData was not a valid JSON document") from error
        new = State(state_value, reason, reason_data or "", cloud.clock.now())
        _change(cloud, backend.alarms[alarm_name], new)
        _evaluate_composites(cloud, backend, cloud.clock.now())

    def put_composite_alarm(response: Any) -> Any:
        given = response._get_params()  # noqa: SLF001  # as moto's own responses do
        if given.get("ActionsSuppressor"):
            raise ValidationError("ActionsSuppressor is not emulated by the local cloud.")
        response.cloudwatch_backend.put_metric_alarm(
            name=given["AlarmName"],
            rule=given["AlarmRule"],
            description=given.get("AlarmDescription"),
            alarm_actions=given.get("AlarmActions") or [],
            ok_actions=given.get("OKActions") or [],
            insufficient_data_actions=given.get("InsufficientDataActions") or [],
            actions_enabled=given.get("ActionsEnabled", True),
            tags=given.get("Tags") or [],
            dimensions=[],
            **dict.fromkeys(
                (
                    "namespace",
                    "metric_name",
                    "comparison_operator",
                    "evaluation_periods",
                    "period",
                    "threshold",
                    "statistic",
                )
            ),
        )
        with cloud.lock:
            _evaluate_composites(cloud, response.cloudwatch_backend, cloud.clock.now())
        return EmptyResult()

    seams.replace(models.CloudWatchBackend, "put_metric_alarm", put_metric_alarm)
    seams.replace(models.CloudWatchBackend, "set_alarm_state", set_alarm_state)
    seams.replace(responses.CloudWatchResponse, "put_composite_alarm", put_composite_alarm)
    seams.replace(responses.CloudWatchResponse, "describe_alarms", _describe_alarms)
    seams.replace(
        responses.CloudWatchResponse, "describe_alarm_history", alarm_history.describe_alarm_history
    )


def evaluate_alarms(cloud: Cloud, at: float | None = None) -> None:
    """Evaluate every alarm as of virtual time `at` (seconds; now if not given) and queue the actions of changes."""
    moment = cloud.clock.time() if at is None else at
    now = datetime.fromtimestamp(moment, UTC)
    with cloud.lock:
        backend = models.cloudwatch_backends[ACCOUNT_ID][REGION]
        for alarm in list(backend.alarms.values()):
            if alarm.rule is None:
                _evaluate(cloud, backend, alarm, now)
        _evaluate_composites(cloud, backend, now)


def next_change(cloud: Cloud, since: float, until: float) -> float | None:
    """The first full minute in (since, until] at which some alarm must change its state, by the data there are now."""
    with cloud.lock:
        backend = models.cloudwatch_backends[ACCOUNT_ID][REGION]
        metric_alarms = [alarm for alarm in backend.alarms.values() if alarm.rule is None]
        return alarm_judging.next_change(store_of(backend), metric_alarms, since, until)


def _evaluate(cloud: Cloud, backend: Any, alarm: Any, now: datetime) -> None:
    verdict = alarm_judging.judged(store_of(backend), alarm, now)
    if verdict is not None and verdict.state != alarm.state_value:
        data = _reason_data(alarm, verdict, now)
        _change(cloud, alarm, State(verdict.state, verdict.reason, json.dumps(data), now))


def _reason_data(alarm: Any, verdict: Verdict, now: datetime) -> dict[str, Any]:
    times = [datetime.fromtimestamp(point.time, UTC) for point in verdict.considered]
    data: dict[str, Any] = {"version": "1.0", "queryDate": alarm_documents.stamp(now)}
    if times:
        data["startDate"] = alarm_documents.stamp(min(times))
    if not alarm.metric_data_queries:
        data["statistic"] = alarm.statistic or alarm.extended_statistic
    return data | {
        "period": alarm_judging.period_of(alarm),
        "recentDatapoints": [point.value for point in reversed(verdict.considered)],
        "threshold": float(alarm.threshold),
        "evaluatedDatapoints": [
            {"timestamp": alarm_documents.stamp(time), "sampleCount": point.samples, "value": point.value}
            for time, point in zip(times, verdict.considered, strict=True)
        ],
    }


def _evaluate_composites(cloud: Cloud, backend: Any, now: datetime) -> None:
    """Until nothing changes any more: composite alarms may look at composite alarms, though not in a circle."""
    composites = [
        (alarm, AlarmRule(alarm.rule)) for alarm in backend.alarms.values() if alarm.rule is not None
    ]
    for _ in composites:
        changed = False
        for alarm, rule in composites:
            states = {name: other.state_value for name, other in backend.alarms.items()}
            value = "ALARM" if rule.holds(states) else "OK"
            if value != alarm.state_value:
                seen = {name: states.get(name, "INSUFFICIENT_DATA") for name in sorted(rule.alarm_names)}
                told = ", ".join(f"{name} is {state}" for name, state in seen.items())
                data = json.dumps(
                    {"triggeringAlarms": [{"name": n, "state": {"value": s}} for n, s in seen.items()]}
                )
                _change(cloud, alarm, State(value, f"alarm rule evaluated to {value}: {told}", data, now))
                changed = True
        if not changed:
            return


def _change(cloud: Cloud, alarm: Any, new: State) -> None:
    old = _state(alarm)
    _set_state(alarm, new)
    if new.value == old.value:
        return
    alarm.state_transitioned_timestamp = new.since
    alarm_history.changed(alarm, new, old)
    event_bus.publish(
        cloud,
        source="aws.cloudwatch",
        detail_type="CloudWatch Alarm State Change",
        resources=[alarm.alarm_arn],
        detail=alarm_documents.change_detail(alarm, new, old),
    )
    if alarm.actions_enabled:
        for arn in _actions(alarm, new.value):
            _act(cloud, alarm, arn, new, old)


def _actions(alarm: Any, state: str) -> list[str]:
    by_state = {"ALARM": alarm.alarm_actions, "OK": alarm.ok_actions}
    return list(by_state.get(state, alarm.insufficient_data_actions) or [])


def _act(cloud: Cloud, alarm: Any, arn: str, new: State, old: State) -> None:
    def act() -> None:
        failure = None
        try:
            if arn.split(":")[2] == "sns":
                subject = alarm_documents.notification_subject(alarm, new)
                targets.publish(cloud, arn, alarm_documents.notification(alarm, new, old), subject=subject)
            else:
                targets.invoke(cloud, arn, json.dumps(alarm_documents.lambda_event(alarm, new, old)))
        except targets.DeliveryError as error:
            failure = str(error)  # AWS too gives up, and says so in the history
        with cloud.lock:
            alarm_history.acted(alarm, arn, new, cloud.clock.now(), failure)

    work_queue.of(cloud).add(act)


def _state(alarm: Any) -> State:
    return State(
        alarm.state_value, alarm.state_reason, alarm.state_reason_data, alarm.state_updated_timestamp
    )


def _set_state(alarm: Any, state: State) -> None:
    alarm.state_value = state.value
    alarm.state_reason = state.reason
    alarm.state_reason_data = state.data
    alarm.state_updated_timestamp = state.since


def _describe_alarms(response: Any) -> Any:
    given = response._get_params()  # noqa: SLF001  # as moto's own responses do
    types = given.get("AlarmTypes") or ["MetricAlarm"]  # AWS: composite alarms only when asked for
    names, prefix = given.get("AlarmNames"), given.get("AlarmNamePrefix") or ""
    action, state = given.get("ActionPrefix") or "", given.get("StateValue")
    found = [
        alarm
        for alarm in response.cloudwatch_backend.alarms.values()
        if ("MetricAlarm" if alarm.rule is None else "CompositeAlarm") in types
        and (not names or alarm.name in names)
        and alarm.name.startswith(prefix)
        and state in (None, alarm.state_value)
        and (not action or any(arn.startswith(action) for s in STATES for arn in _actions(alarm, s)))
    ]
    first, size = int(given.get("NextToken") or 0), int(given.get("MaxRecords") or PAGE)
    page = found[first : first + size]
    result: dict[str, Any] = {
        "MetricAlarms": [alarm for alarm in page if alarm.rule is None],
        "CompositeAlarms": [alarm for alarm in page if alarm.rule is not None],
    }
    if first + size < len(found):
        result["NextToken"] = str(first + size)
    return ActionResult(result)
