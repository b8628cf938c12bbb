"""Where metric values live: one series per metric identity, so that a query reads its own metric only.

moto keeps all values of all metrics in one list and scans it per period. Like AWS, a series keeps minutes (or
seconds, for high resolution), and coarser points the older they get: a simulated year fits into memory.
"""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from scripts.localcloud.cloudwatch.statistics import Aggregate, merged

DAY_SECONDS = 24 * 3600
RETENTION = ((3 * 3600, 1), (15 * DAY_SECONDS, 60), (63 * DAY_SECONDS, 300), (455 * DAY_SECONDS, 3600))
"""(age, resolution), both in seconds: points older than an age are kept at the next resolution, and then dropped."""

LISTED_SECONDS = 14 * DAY_SECONDS  # ListMetrics shows what had values in the last two weeks

Dimensions = tuple[tuple[str, str], ...]
"""Name and value, sorted: the order in which a caller lists dimensions does not matter."""


@dataclass(frozen=True, slots=True)
class MetricKey:
    """What makes a metric the same metric."""

    namespace: str
    name: str
    dimensions: Dimensions


def metric_key(namespace: str, name: str, dimensions: Iterable[Any]) -> MetricKey:
    """Identity of a metric from the API's `[{"Name": ..., "Value": ...}]`."""
    return MetricKey(namespace, name, tuple(sorted((d["Name"], d["Value"]) for d in dimensions or ())))


class Series:
    """The values of one metric by time and unit."""

    def __init__(self) -> None:
        self._points: dict[int, dict[str, Aggregate]] = {}
        self._times: list[int] = []  # sorted keys of _points
        self._compacted = 0

    @property
    def newest(self) -> int:
        """Time of the newest point, seconds since the epoch."""
        return self._times[-1]

    def at(self, time: float, unit: str, resolution: int) -> Aggregate:
        """The aggregate that a value at `time` belongs to; resolution 1 or 60 seconds."""
        key = int(time) // resolution * resolution
        units = self._points.get(key)
        if units is None:
            self._compact(key)
            units = self._points[key] = {}
            insort(self._times, key)
        return units.setdefault(unit, Aggregate())

    def times(self, start: float, end: float) -> list[int]:
        """Times of the points in [start, end), sorted."""
        return self._times[bisect_left(self._times, start) : bisect_left(self._times, end)]

    def periods(
        self, start: int, end: int, period: int, unit: str | None = None
    ) -> Iterator[tuple[int, dict[str, Aggregate]]]:
        """Start of each period with values in [start, end), and what each unit has there; periods start at `start`."""
        index = bisect_left(self._times, start)
        while index < len(self._times) and self._times[index] < end:
            begin = start + (self._times[index] - start) // period * period
            stop = min(begin + period, end)
            found: dict[str, Aggregate] = {}
            while index < len(self._times) and self._times[index] < stop:
                for name, aggregate in self._points[self._times[index]].items():
                    if unit in (None, name):
                        found.setdefault(name, Aggregate()).merge(aggregate)
                index += 1
            if found:
                yield begin, found

    def _compact(self, now: int) -> None:
        """Once a day, and only what has come to another age since: a point is touched as often as there are ages."""
        if now - self._compacted < DAY_SECONDS:
            return
        since, self._compacted = self._compacted, now
        for (age, _), (_, coarser) in pairwise(RETENTION):
            self._coarsen(since - age, now - age, coarser)
        gone = bisect_right(self._times, now - RETENTION[-1][0])
        for time in self._times[:gone]:
            del self._points[time]
        del self._times[:gone]

    def _coarsen(self, start: int, end: int, resolution: int) -> None:
        first, last = (
            bisect_left(self._times, start // resolution * resolution),
            bisect_right(self._times, end),
        )
        kept: dict[int, dict[str, Aggregate]] = {}
        for time in self._times[first:last]:
            units = kept.setdefault(time // resolution * resolution, {})
            for unit, aggregate in self._points.pop(time).items():
                units.setdefault(unit, Aggregate()).merge(aggregate)
        self._points |= kept
        self._times[first:last] = kept


class MetricStore:
    """All metrics of one account and region."""

    def __init__(self) -> None:
        self._series: dict[MetricKey, Series] = {}

    def put(self, namespace: str, datum: dict[str, Any], time: float) -> None:
        """Store one valid member of PutMetricData's MetricData, at `time` seconds since the epoch."""
        series = self._series.setdefault(
            metric_key(namespace, datum["MetricName"], datum.get("Dimensions") or ()), Series()
        )
        point = series.at(time, datum.get("Unit") or "None", 1 if datum.get("StorageResolution") == 1 else 60)
        if datum.get("Values"):
            counts = datum.get("Counts") or [1.0] * len(datum["Values"])
            for value, count in zip(datum["Values"], counts, strict=True):
                point.add(float(value), float(count))
        elif datum.get("StatisticValues"):
            known = {name: float(value) for name, value in datum["StatisticValues"].items()}
            point.add_set(
                count=known["SampleCount"], total=known["Sum"], least=known["Minimum"], most=known["Maximum"]
            )
        else:
            point.add(float(datum["Value"]))

    def points(
        self, key: MetricKey, start: int, end: int, period: int, unit: str | None = None
    ) -> Iterator[tuple[int, Aggregate]]:
        """Start and values of each period of `period` seconds in [start, end) that has any, units taken together."""
        for begin, units in self.points_by_unit(key, start, end, period, unit):
            yield begin, merged(units.values()) if len(units) > 1 else next(iter(units.values()))

    def points_by_unit(
        self, key: MetricKey, start: int, end: int, period: int, unit: str | None = None
    ) -> Iterator[tuple[int, dict[str, Aggregate]]]:
        """The same with units apart."""
        series = self._series.get(key)
        return series.periods(start, end, period, unit) if series else iter(())

    def times(self, key: MetricKey, start: float, end: float) -> list[int]:
        """When the metric has values, in [start, end), sorted."""
        series = self._series.get(key)
        return series.times(start, end) if series else []

    def keys(self, now: float) -> list[MetricKey]:
        """Metrics that had values in the two weeks before `now`."""
        return [key for key, series in self._series.items() if series.newest >= now - LISTED_SECONDS]


def store_of(backend: Any) -> MetricStore:
    """The store of a moto CloudWatch backend; it goes when moto resets the backend."""
    store: MetricStore = vars(backend).setdefault("localcloud_metric_store", MetricStore())
    return store
