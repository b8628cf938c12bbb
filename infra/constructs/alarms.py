"""What somebody must hear about: failing or slow predictions, failed trainings, releases that were rolled back."""

from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_sns as sns
from constructs import Construct

from infra.constructs.metric import cdk_metric
from infra.constructs.watch_alarm import alarm_name
from infra.metrics import MetricSpec, ModelNames, executions, live, own
from infra.stages import stage_of
from lambdaloop import telemetry

_LASTING = (2, 3)
"""One bad answer in a quiet minute is a high rate, too."""


class Alarms(Construct):
    """The alarms of one model. No data is no alarm: a model may have quiet nights.

    Their names are fixed, such as lambdaloop-churn-live-errors, so that a definition can have them in release.alarms
    before the first deployment.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        names: ModelNames,
        max_error_rate: float,
        max_p95_latency_ms: float,
        topic: sns.ITopic,
    ) -> None:
        super().__init__(scope, id_)
        model = names.model
        self._model = model
        self._action = actions.SnsAction(topic)
        self.all: list[cloudwatch.Alarm] = []
        function = names.inference_function
        self._alarm("LiveErrors", f"Predictions of {model} fail", live(function, "Errors", "errors"))
        self._alarm(
            "ServerErrors",
            f"More predictions of {model} than the definition's max_error_rate are answered with a 5xx status",
            # every request writes 0 or 1
            own(model, telemetry.SERVER_ERRORS, "5xx", statistic="Average"),
            above=max_error_rate,
            periods=_LASTING,
        )
        self._alarm(
            "LiveThrottles", f"Predictions of {model} are throttled", live(function, "Throttles", "throttles")
        )
        self._alarm(
            "LiveLatency",
            f"Predictions of {model} are slower than the definition's max_p95_latency_ms",
            live(function, "Duration", "p95", statistic="p95"),
            above=max_p95_latency_ms,
            periods=(3, 3),
        )
        self._alarm(
            "TrainingFailed",
            f"A training of {model} failed",
            executions(names.training_workflow, "ExecutionsFailed", "failed"),
        )
        self._alarm(
            "TrainingTimedOut",
            f"A training of {model} took too long",
            executions(names.training_workflow, "ExecutionsTimedOut", "timed out"),
        )
        self._alarm(
            "ReleaseFailed",
            f"A release of {model} was rolled back or refused, or could not be rolled back",
            executions(names.release_workflow, "ExecutionsFailed", "failed"),
        )
        self._alarm(
            "ReleaseTimedOut",
            f"A release of {model} was stopped half-way: check where traffic goes",
            executions(names.release_workflow, "ExecutionsTimedOut", "timed out"),
        )

    def _alarm(
        self,
        id_: str,
        description: str,
        metric: MetricSpec,
        *,
        above: float = 0,
        periods: tuple[int, int] = (1, 1),
    ) -> None:
        """`periods`: M of N."""
        alarm = cloudwatch.Alarm(
            self,
            id_,
            alarm_name=alarm_name(self._model, id_, stage_of(self)),
            alarm_description=description,
            metric=cdk_metric(self, metric),
            threshold=above,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
            datapoints_to_alarm=periods[0],
            evaluation_periods=periods[1],
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )
        alarm.add_alarm_action(self._action)
        alarm.add_ok_action(self._action)
        self.all.append(alarm)
