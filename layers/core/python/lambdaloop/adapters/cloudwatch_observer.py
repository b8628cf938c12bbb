"""What CloudWatch knows about live traffic and about alarms."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from lambdaloop import telemetry
from lambdaloop.adapters.aws_client import aws_client
from lambdaloop.adapters.aws_errors import aws_errors
from lambdaloop.adapters.metric_values import metric_stat, metric_values
from lambdaloop.domain.release import Release
from lambdaloop.domain.traffic import Observation
from lambdaloop.settings import LIVE_ALIAS

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient

_MINUTE = timedelta(minutes=1)
_LONGEST_PERIOD = timedelta(days=1)
_HOUR = timedelta(hours=1)
_KEPT = ((timedelta(days=15) - _HOUR, _MINUTE), (timedelta(days=63) - _HOUR, timedelta(minutes=5)))
"""Up to which age CloudWatch keeps which period, and by the hour from there on. An hour is taken off, because a window
starts a little before it was asked for, and time goes on."""


class CloudWatchObserver:
    """The port TrafficObserver. IAM: cloudwatch:GetMetricData and cloudwatch:DescribeAlarms (neither takes a resource)."""

    def __init__(self, *, function: str, client: "CloudWatchClient | None" = None) -> None:
        self._function = function
        self._client: CloudWatchClient = client or aws_client("cloudwatch")

    def observe(self, release: Release, *, since: datetime, until: datetime, alone: bool) -> Observation:
        """Figures of the release behind the live alias, in the whole minutes that touch the window.

        Requests, their latency and 5xx answers are our own metrics: Lambda counts labels that people send as invocations,
        too, and an invocation that answered with status 500 as a success. What died before it could answer is counted by
        Lambda alone: those failures are requests as well.

        Of Lambda's metrics, the dimension ExecutedVersion is there for telling the versions of a weighted alias apart; AWS does
        not promise it for an alias without weights, so a release that is alone is seen as the alias itself. The minute in
        which it came to be alone also counts what the alias did before, and is left out unless there is no other yet.

        CloudWatch merges minutes of two weeks ago to five, and later to hours; so does a window that starts then.
        """
        period = _period(until - since)
        start, end = _window(since, until, period, alone=alone)
        whole = min(end - start, _LONGEST_PERIOD)  # a percentile of minutes is no percentile of the window
        live = {"FunctionName": self._function, "Resource": f"{self._function}:{LIVE_ALIAS}"}
        lambda_version = live if alone else {**live, "ExecutedVersion": str(release.lambda_version)}
        own = {telemetry.MODEL: release.model, telemetry.RELEASE: str(release.number)}
        ours, lambdas = telemetry.namespace(), "AWS/Lambda"
        seconds, all_seconds = int(period.total_seconds()), int(whole.total_seconds())
        queries = {
            # One value for each request, whatever it was answered: their number is the number of requests.
            "requests": metric_stat(
                telemetry.SERVER_ERRORS, own, "SampleCount", namespace=ours, seconds=seconds
            ),
            "answers": metric_stat(telemetry.SERVER_ERRORS, own, "Sum", namespace=ours, seconds=seconds),
            "failures": metric_stat("Errors", lambda_version, "Sum", namespace=lambdas, seconds=seconds),
            "p95": metric_stat(telemetry.LATENCY, own, "p95", namespace=ours, seconds=all_seconds),
            "p99": metric_stat(telemetry.LATENCY, own, "p99", namespace=ours, seconds=all_seconds),
        }
        figures = metric_values(self._client, queries, start=start, end=end)
        failures = round(sum(figures["failures"]))
        return Observation(
            requests=round(sum(figures["requests"])) + failures,
            errors=failures + round(sum(figures["answers"])),
            p95_latency_ms=_milliseconds(figures["p95"]),
            p99_latency_ms=_milliseconds(figures["p99"]),
        )

    def alarm_states(self, names: Sequence[str]) -> Mapping[str, str]:
        """OK, ALARM or INSUFFICIENT_DATA by name; a missing alarm is left out."""
        states: dict[str, str] = {}
        if not names:  # an empty list of names would mean all alarms
            return states
        pages = self._client.get_paginator("describe_alarms").paginate(
            AlarmNames=list(names), AlarmTypes=["MetricAlarm", "CompositeAlarm"]
        )
        with aws_errors():
            for page in pages:
                for alarm in (*page.get("MetricAlarms", []), *page.get("CompositeAlarms", [])):
                    states[alarm["AlarmName"]] = alarm["StateValue"]
        return states


def _milliseconds(seconds: Sequence[float]) -> float | None:
    """Of the slowest day, where a window is longer than one; rounded, because a float of seconds is not exact."""
    return round(max(seconds) * 1000, 6) if seconds else None


def _period(age: timedelta) -> timedelta:
    """The shortest one for which there are still figures."""
    return next((period for kept, period in _KEPT if age <= kept), _HOUR)


def _window(since: datetime, until: datetime, period: timedelta, *, alone: bool) -> tuple[datetime, datetime]:
    """The whole periods that touch the window, at least one; `alone`: those that start in it, if any does."""
    start, end = _floor(since, period), _floor(until, period)
    if end < until or end == start:
        end += period
    if alone and start < since and start + period < until:
        start += period
    return start, end


def _floor(at: datetime, period: timedelta) -> datetime:
    return at.astimezone(UTC) - (at - datetime.fromtimestamp(0, UTC)) % period
