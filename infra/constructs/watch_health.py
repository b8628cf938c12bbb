"""The monitor of the monitor: whether the watch runs, gets its data, reaches the governor, and is not ignored by it."""

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.constructs.metric import cdk_metric
from infra.constructs.watch_alarm import ABOVE, BAD, BELOW, FINE, alarm_name, watch_alarm
from infra.constructs.watching import DELAY
from infra.metrics import ModelNames, delivered, executions, own
from infra.stages import stage_of
from lambdaloop import telemetry

_FIVE_MINUTES = Duration.minutes(5)
_SILENT = (3, 3)
"""Two runs that did not come, and the value of the present period, which even in good times comes only after the watch's
delay. Three periods of 24 hours at most: CloudWatch looks back seven days."""
_LASTING = (3, 3)
"""Firehose tries again by itself."""


class WatchHealth(Construct):
    """Alarms about everything between a prediction and a verdict on it."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        names: ModelNames,
        every_hours: int,
        undelivered: sqs.IQueue,
        topic: sns.ITopic,
    ) -> None:
        super().__init__(scope, id_)
        model, watch, stream = names.model, names.watch_workflow, names.capture_stream
        self._model, self._topic = model, topic
        self.all: list[cloudwatch.Alarm] = []
        seconds = every_hours * 3600
        period = Duration.seconds(seconds)
        # FILL makes a number of silence, so that a silent period counts as one, and is not passed over for the real values
        # further back. Where there never was a value there is nothing to fill: BAD. The alarm therefore rings when a model
        # is deployed for the first time, until its first watch.
        self._alarm(
            "WatchSilent",
            says=f"two runs of its watch, every {every_hours} h, did not come",
            metric=cloudwatch.MathExpression(
                expression="FILL(runs, 0)",
                label="runs of the watch",
                using_metrics={
                    "runs": cdk_metric(self, own(model, telemetry.WATCH_RUNS, "runs").every(seconds))
                },
                period=period,
            ),
            when=BELOW,
            threshold=1,
            windows=_SILENT,
            missing=BAD,
        )
        self._alarm(
            "WatchFailed",
            says="a watch failed",
            metric=cdk_metric(self, executions(watch, "ExecutionsFailed", "failed")),
        )
        self._alarm(
            "WatchTimedOut",
            says="a watch took too long",
            metric=cdk_metric(self, executions(watch, "ExecutionsTimedOut", "timed out")),
        )
        self._alarm(
            "RetrainingStorm",
            says="the governor's limits hold trainings back: trained again and again, it still does not fit",
            metric=cdk_metric(self, own(model, telemetry.RETRAINING_STORMS, "storms").every(seconds)),
        )
        self._alarm(
            "CaptureUndelivered",
            says="Firehose cannot write to the capture bucket",
            metric=cdk_metric(
                self, delivered(stream, "DeliveryToS3.Success", "delivered", statistic="Minimum")
            ),
            when=BELOW,
            threshold=1,
            windows=_LASTING,
        )
        self._alarm(
            "CaptureLate",
            says="lines reach the capture bucket later than the watch reads them",
            metric=cdk_metric(
                self, delivered(stream, "DeliveryToS3.DataFreshness", "age", statistic="Maximum")
            ),
            threshold=DELAY.to_seconds(),
            windows=_LASTING,
        )
        self._alarm(
            "EventsUndelivered",
            says="an event or a scheduled start found nobody to take it",
            metric=undelivered.metric_approximate_number_of_messages_visible(
                period=_FIVE_MINUTES, statistic="Maximum"
            ),
        )

    def _alarm(
        self,
        id_: str,
        *,
        says: str,
        metric: cloudwatch.IMetric,
        when: cloudwatch.ComparisonOperator = ABOVE,
        threshold: float = 0,
        windows: tuple[int, int] = (1, 1),
        missing: cloudwatch.TreatMissingData = FINE,
    ) -> None:
        alarm = watch_alarm(
            self,
            id_,
            name=alarm_name(self._model, id_, stage_of(self)),
            says=f"{self._model}: {says}",
            metric=metric,
            when=when,
            threshold=threshold,
            windows=windows,
            missing=missing,
            topic=self._topic,
        )
        self.all.append(alarm)
