"""The state that the stored values call for, now or at the next minute at which it becomes another one."""

from collections.abc import Iterable
from datetime import UTC, datetime
from operator import itemgetter
from typing import Any

from scripts.localcloud.cloudwatch import alarm_documents, metric_queries
from scripts.localcloud.cloudwatch.alarm_evaluation import EXTRA_PERIODS, Point, Threshold, Verdict, judge
from scripts.localcloud.cloudwatch.metric_store import MetricStore, metric_key

MINUTE = 60


def judged(store: MetricStore, alarm: Any, now: datetime) -> Verdict | None:
    """The verdict on a metric alarm as of `now`; None: it stays as it is."""
    treatment = alarm.treat_missing_data or "missing"
    threshold = Threshold(
        operator=alarm.comparison_operator,
        limit=float(alarm.threshold),
        evaluation_periods=int(alarm.evaluation_periods),
        datapoints_to_alarm=int(alarm.datapoints_to_alarm or alarm.evaluation_periods),
        # AWS: alarms on DynamoDB's metrics ignore missing data whatever they say
        treat_missing_data="ignore" if alarm.namespace == "AWS/DynamoDB" else treatment,
    )
    queries, period = alarm_documents.metric_queries(alarm), period_of(alarm)
    end = int(now.timestamp()) // min(period, MINUTE) * min(period, MINUTE)
    start = end - period * (threshold.evaluation_periods + EXTRA_PERIODS)
    results = metric_queries.run(store, queries, start, end, now.timestamp())
    [result] = [result for result in results if result.returned]
    points = [
        Point(time, result.series.get(time), result.samples.get(time, 0.0))
        for time in range(start, end, period)
    ]
    return judge(threshold, points)


def next_change(store: MetricStore, alarms: Iterable[Any], since: float, until: float) -> float | None:
    """The first full minute in (since, until] at which one of these metric alarms must change its state.

    A verdict can change in the minute after something happened, and when a value moves from one period of the alarm
    into an older one. Only those minutes are judged, so that a day without news costs next to nothing.
    """
    minutes = [
        (minute, alarm) for alarm in alarms for minute in _minutes_of_change(store, alarm, since, until)
    ]
    for minute, alarm in sorted(minutes, key=itemgetter(0)):
        verdict = judged(store, alarm, datetime.fromtimestamp(minute, UTC))
        if verdict is not None and verdict.state != alarm.state_value:
            return minute
    return None


def period_of(alarm: Any) -> int:
    """The period of its metrics, in seconds."""
    queries = alarm_documents.metric_queries(alarm)
    return int(next(query["MetricStat"]["Period"] for query in queries if "MetricStat" in query))


def _minutes_of_change(store: MetricStore, alarm: Any, since: float, until: float) -> set[float]:
    period, periods = period_of(alarm), int(alarm.evaluation_periods) + EXTRA_PERIODS
    first = since // MINUTE * MINUTE + MINUTE
    minutes = {first}
    for query in alarm_documents.metric_queries(alarm):
        if "MetricStat" in query:
            metric = query["MetricStat"]["Metric"]
            key = metric_key(metric["Namespace"], metric["MetricName"], metric["Dimensions"])
            for time in store.times(key, since - period * (periods + 1), until):
                moves = (time + number * period for number in range(periods + 1))
                minutes.update(moved // MINUTE * MINUTE + MINUTE for moved in moves)
    return {minute for minute in minutes if first <= minute <= until}
