"""What CloudWatch counted of all models together, asked once for each stretch of time: it charges for every figure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from lambdaloop import telemetry
from lambdaloop.adapters.aws_client import aws_client
from lambdaloop.adapters.aws_errors import aws_errors
from lambdaloop.adapters.metric_values import metric_stat, metric_values
from lambdaloop.domain.fleet import ModelTraffic
from lambdaloop.settings import Settings

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient

_MOST_QUERIES = 500  # of one GetMetricData
_PERCENTILES = ("p50", "p95", "p99")
_READ_SECONDS, _ATTEMPTS = 5, 3
"""An answer that API Gateway does not wait for is no use."""


@dataclass(frozen=True, slots=True)
class _Figure:
    metric: str
    statistic: str
    model: str
    release: int | None = None

    @property
    def dimensions(self) -> dict[str, str]:
        by_release = {} if self.release is None else {telemetry.RELEASE: str(self.release)}
        return {telemetry.MODEL: self.model, **by_release}


class CloudWatchFleet:
    """The port FleetFigures. IAM: cloudwatch:GetMetricData and cloudwatch:DescribeAlarms, which take no resource.

    Figures of the last stretch that was asked for are kept.
    """

    def __init__(self, *, client: "CloudWatchClient | None" = None) -> None:
        self._client: CloudWatchClient = client or aws_client(
            "cloudwatch", read_seconds=_READ_SECONDS, attempts=_ATTEMPTS
        )
        self._stretch: tuple[datetime, datetime] | None = None
        self._known: dict[_Figure, float | None] = {}

    def traffic(
        self, releases: Mapping[str, Sequence[int]], *, start: datetime, end: datetime
    ) -> Mapping[str, ModelTraffic]:
        """By model, of these models and these of their releases."""
        if self._stretch != (start, end):
            self._stretch, self._known = (start, end), {}
        figures = [figure for model, numbers in releases.items() for figure in _figures(model, numbers)]
        missing = [figure for figure in figures if figure not in self._known]
        for first in range(0, len(missing), _MOST_QUERIES):
            self._known |= self._ask(missing[first : first + _MOST_QUERIES], start, end)
        return {model: self._traffic(model, numbers) for model, numbers in releases.items()}

    def ringing(self) -> Sequence[str]:
        """Names of the alarms in ALARM, of all that belong to this deployment."""
        pages = self._client.get_paginator("describe_alarms").paginate(
            AlarmNamePrefix=Settings.from_env().at_stage.alarm_prefix,
            AlarmTypes=["MetricAlarm", "CompositeAlarm"],
            StateValue="ALARM",
        )
        with aws_errors():
            return [
                alarm["AlarmName"]
                for page in pages
                for alarm in (*page.get("MetricAlarms", []), *page.get("CompositeAlarms", []))
            ]

    def _ask(self, figures: Sequence[_Figure], start: datetime, end: datetime) -> dict[_Figure, float | None]:
        """One value for each, None where nothing was counted; BackendUnavailableError unless CloudWatch knows all of them."""
        names = {f"f{place}": figure for place, figure in enumerate(figures)}
        seconds = int((end - start).total_seconds())
        queries = {
            name: metric_stat(
                figure.metric,
                figure.dimensions,
                figure.statistic,
                namespace=telemetry.namespace(),
                seconds=seconds,
            )
            for name, figure in names.items()
        }
        values = metric_values(self._client, queries, start=start, end=end)
        return {figure: values[name][-1] if values[name] else None for name, figure in names.items()}

    def _traffic(self, model: str, releases: Sequence[int]) -> ModelTraffic:
        def counted(metric: str, statistic: str = "Sum", release: int | None = None) -> float:
            return self._known[_Figure(metric, statistic, model, release)] or 0.0

        server_errors = counted(telemetry.SERVER_ERRORS)
        latency = {each: self._known[_Figure(telemetry.LATENCY, each, model)] for each in _PERCENTILES}
        return ModelTraffic(
            requests=counted(telemetry.SERVER_ERRORS, "SampleCount"),
            client_errors=counted(telemetry.REQUEST_ERRORS) - server_errors,
            server_errors=server_errors,
            invalid_requests=counted(telemetry.INVALID_REQUESTS),
            predictions=counted(telemetry.PREDICTIONS),
            lost_lines=counted(telemetry.CAPTURE_LOST),
            latency_seconds={each: value for each, value in latency.items() if value is not None},
            release_requests={
                number: counted(telemetry.SERVER_ERRORS, "SampleCount", number) for number in releases
            },
        )


def _figures(model: str, releases: Sequence[int]) -> list[_Figure]:
    return [
        # One value for each request, whatever it was answered: their number is the number of requests.
        _Figure(telemetry.SERVER_ERRORS, "SampleCount", model),
        _Figure(telemetry.SERVER_ERRORS, "Sum", model),
        _Figure(telemetry.REQUEST_ERRORS, "Sum", model),
        _Figure(telemetry.INVALID_REQUESTS, "Sum", model),
        _Figure(telemetry.PREDICTIONS, "Sum", model),
        _Figure(telemetry.CAPTURE_LOST, "Sum", model),
        *(_Figure(telemetry.LATENCY, percentile, model) for percentile in _PERCENTILES),
        *(_Figure(telemetry.SERVER_ERRORS, "SampleCount", model, number) for number in releases),
    ]
