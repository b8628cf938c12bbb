"""Refuses alarms that CloudWatch would refuse, and those whose evaluation the local cloud does not emulate."""

from typing import Any

from moto.cloudwatch.exceptions import ValidationError

from scripts.localcloud.cloudwatch import statistics
from scripts.localcloud.cloudwatch.alarm_documents import query_document
from scripts.localcloud.cloudwatch.alarm_evaluation import OPERATORS, TREATMENTS
from scripts.localcloud.cloudwatch.alarm_rules import AlarmRule, InvalidAlarmRuleError
from scripts.localcloud.cloudwatch.metric_math import InvalidExpressionError
from scripts.localcloud.cloudwatch.metric_queries import InvalidQueryError, check_period, run
from scripts.localcloud.cloudwatch.metric_store import MetricStore
from scripts.localcloud.cloudwatch.statistics import UnknownStatisticError

_ACTION_SERVICES = ("sns", "lambda")
_DAY_SECONDS = 24 * 3600


def check(backend: Any, name: str, settings: dict[str, Any]) -> None:
    """Check the arguments of moto's put_metric_alarm.

    Raises moto's ValidationError, which the caller of the API gets.
    """
    for kind in ("alarm_actions", "ok_actions", "insufficient_data_actions"):
        for arn in settings.get(kind) or []:
            if arn.split(":")[2:3] not in [[service] for service in _ACTION_SERVICES]:
                raise ValidationError(
                    f"alarm {name}: only SNS and Lambda actions are emulated locally, got {arn}"
                )
    if settings.get("rule") is not None:
        _check_rule(backend, name, settings["rule"])
        return
    try:
        _check_metrics(name, settings)
    except (InvalidExpressionError, InvalidQueryError, UnknownStatisticError) as error:
        raise ValidationError(f"alarm {name}: {error}") from error


def _check_rule(backend: Any, name: str, text: str) -> None:
    try:
        rule = AlarmRule(text)
    except InvalidAlarmRuleError as error:
        raise ValidationError(f"Error in AlarmRule: {error}") from error
    missing = sorted(rule.alarm_names - backend.alarms.keys())
    if missing:
        raise ValidationError(
            f"Could not save the composite alarm as alarms {missing} in the alarm rule do not exist"
        )
    seen = {name}
    look_at = set(rule.alarm_names)
    while look_at:
        other = look_at.pop()
        if other == name:
            raise ValidationError(
                f"Could not save the composite alarm as it has a circular dependency on {name}"
            )
        alarm = backend.alarms.get(other)
        if other not in seen and alarm is not None and alarm.rule is not None:
            look_at |= AlarmRule(alarm.rule).alarm_names
        seen.add(other)


def _check_metrics(name: str, settings: dict[str, Any]) -> None:
    operator = settings.get("comparison_operator")
    if operator not in OPERATORS or settings.get("threshold_metric_id") or settings.get("threshold") is None:
        raise ValidationError(f"alarm {name}: anomaly detection is not emulated locally, got {operator}")
    if (settings.get("treat_missing_data") or "missing") not in TREATMENTS:
        raise ValidationError(
            f"Option {settings['treat_missing_data']} is not supported. Supported options for parameter "
            f"TreatMissingData are {', '.join(TREATMENTS)}."
        )
    if settings.get("evaluate_low_sample_count_percentile") == "ignore":
        raise ValidationError(
            f"alarm {name}: EvaluateLowSampleCountPercentile=ignore is not emulated locally"
        )
    periods = int(settings["evaluation_periods"])
    to_alarm = int(settings.get("datapoints_to_alarm") or periods)
    if not 1 <= to_alarm <= periods:
        raise ValidationError(
            f"DatapointsToAlarm {to_alarm} must be between 1 and EvaluationPeriods {periods}."
        )
    queries = settings.get("metric_data_queries")
    if queries:
        period = _check_queries(name, queries)
    else:
        statistics.check(settings.get("statistic") or settings.get("extended_statistic") or "")
        period = check_period(settings["period"])
    if periods * period > (_DAY_SECONDS if period < 3600 else 7 * _DAY_SECONDS):
        raise ValidationError(
            "Metrics cannot be checked across more than a day (EvaluationPeriods * Period must be <= 86400)."
        )


def _check_queries(name: str, moto_queries: list[Any]) -> int:
    queries = [query_document(query) for query in moto_queries]
    returned = [query for query in queries if query["ReturnData"]]
    if len(returned) != 1:
        raise ValidationError(
            f"alarm {name}: exactly one element of Metrics may return data, got {len(returned)}"
        )
    periods = {check_period(query["MetricStat"]["Period"]) for query in queries if "MetricStat" in query}
    if len(periods) != 1:
        raise ValidationError(f"alarm {name}: the metrics of an alarm need one period, got {sorted(periods)}")
    period = periods.pop()
    # A rehearsal with one value of each metric finds what reading alone would not: an evaluation must never fail.
    store = MetricStore()
    for query in queries:
        if "MetricStat" in query:
            metric = query["MetricStat"]["Metric"]
            store.put(
                metric["Namespace"], metric | {"Value": 1.0, "Unit": query["MetricStat"].get("Unit")}, 0
            )
    run(store, queries, 0, period, 0)
    return period
