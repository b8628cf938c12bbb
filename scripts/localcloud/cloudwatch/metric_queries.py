"""Answers metric data queries: what GetMetricData returns and what an alarm looks at."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from scripts.localcloud.cloudwatch import metric_math, statistics
from scripts.localcloud.cloudwatch.metric_math import InvalidExpressionError, TimeSeries
from scripts.localcloud.cloudwatch.metric_store import DAY_SECONDS, MetricStore, metric_key


class InvalidQueryError(ValueError):
    """A query that CloudWatch refuses, or that the local cloud does not answer."""


@dataclass(frozen=True, slots=True)
class QueryResult:
    """The series of one query."""

    id: str
    label: str
    period: int
    returned: bool
    series: TimeSeries
    samples: Mapping[int, float]
    """How many values each point stands for; empty for an expression."""


def check_period(period: Any) -> int:
    """The period in seconds.

    Raises InvalidQueryError unless it is 1, 5, 10, 30 or a multiple of 60.
    """
    seconds = int(period)
    if seconds not in (1, 5, 10, 30) and (seconds < 60 or seconds % 60):
        raise InvalidQueryError(f"period must be 1, 5, 10, 30 or a multiple of 60 seconds, got {seconds}")
    return seconds


def first_period(start: float, period: int, now: float) -> int:
    """Where the first period starts: AWS rounds down to the minute, and more coarsely for older data."""
    age = now - start
    step = 60 if age < 15 * DAY_SECONDS else 300 if age < 63 * DAY_SECONDS else 3600
    return int(start) // min(step, max(period, 1)) * min(step, max(period, 1))


def run(
    store: MetricStore, queries: Iterable[Mapping[str, Any]], start: float, end: float, now: float
) -> list[QueryResult]:
    """Results in the order of the queries, hidden ones too.

    Raises InvalidQueryError, InvalidExpressionError or UnknownStatisticError.
    """
    return _Run(store, {query["Id"]: query for query in queries}, start, end, now).results()


class _Run:
    def __init__(
        self,
        store: MetricStore,
        queries: Mapping[str, Mapping[str, Any]],
        start: float,
        end: float,
        now: float,
    ) -> None:
        self._store = store
        self._queries = queries
        self._start = start
        self._end = end
        self._now = now
        self._done: dict[str, QueryResult] = {}
        self._busy: list[str] = []

    def results(self) -> list[QueryResult]:
        return [self._result(name) for name in self._queries]

    def _result(self, name: str) -> QueryResult:
        if name not in self._done:
            if name in self._busy:
                raise InvalidExpressionError(
                    f"expressions refer to each other in a circle: {[*self._busy, name]}"
                )
            if name not in self._queries:
                raise InvalidExpressionError(f"there is no metric or expression with the id {name!r}")
            self._busy.append(name)
            query = self._queries[name]
            self._done[name] = self._expression(query) if "Expression" in query else self._metric(query)
            self._busy.pop()
        return self._done[name]

    def _metric(self, query: Mapping[str, Any]) -> QueryResult:
        wanted = query["MetricStat"]
        metric, name = wanted["Metric"], wanted["Stat"]
        statistics.check(name)
        period = check_period(wanted["Period"])
        key = metric_key(metric["Namespace"], metric["MetricName"], metric.get("Dimensions"))
        begin = first_period(self._start, period, self._now)
        series: TimeSeries = {}
        samples: dict[int, float] = {}
        for time, values in self._store.points(key, begin, int(self._end), period, wanted.get("Unit")):
            value = values.statistic(name)
            if value is not None:
                series[time], samples[time] = value, values.count
        label = query.get("Label") or metric["MetricName"]
        return QueryResult(query["Id"], label, period, query.get("ReturnData") is not False, series, samples)

    def _expression(self, query: Mapping[str, Any]) -> QueryResult:
        text = query["Expression"]
        used = metric_math.identifiers(text) or [
            name for name, other in self._queries.items() if "MetricStat" in other
        ]
        periods = {self._result(name).period for name in used}
        if len(periods) != 1:
            raise InvalidQueryError(f"expression {text!r} needs metrics of one period, got {sorted(periods)}")
        period = periods.pop()
        begin = first_period(self._start, period, self._now)
        series = metric_math.evaluate(
            text,
            resolve=lambda name: self._result(name).series,
            everything=lambda: [
                self._result(n).series for n, other in self._queries.items() if "MetricStat" in other
            ],
            grid=list(range(begin, int(self._end), period)),
        )
        label = query.get("Label") or query["Id"]
        return QueryResult(query["Id"], label, period, query.get("ReturnData") is not False, series, {})
