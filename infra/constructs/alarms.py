"""What somebody must hear about: failing or slow predictions, failed trainings, releases that were rolled back."""

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sns as sns
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from infra.constructs.watch_alarm import alarm_name
from infra.stages import stage_of
from lambdaloop import telemetry
from lambdaloop.settings import LIVE_ALIAS

_FIVE_MINUTES = Duration.minutes(5)
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
        model: str,
        inference: lambda_.IFunction,
        max_error_rate: float,
        max_p95_latency_ms: float,
        training: sfn.IStateMachine,
        release: sfn.IStateMachine,
        topic: sns.ITopic,
    ) -> None:
        super().__init__(scope, id_)
        self._model = model
        self._action = actions.SnsAction(topic)
        live = {
            "FunctionName": inference.function_name,
            "Resource": f"{inference.function_name}:{LIVE_ALIAS}",
        }
        self._alarm("LiveErrors", f"Predictions of {model} fail", _lambda_metric("Errors", live))
        self._alarm(
            "ServerErrors",
            f"More predictions of {model} than the definition's max_error_rate are answered with a 5xx status",
            cloudwatch.Metric(
                namespace=stage_of(self).metric_namespace,
                metric_name=telemetry.SERVER_ERRORS,
                dimensions_map={telemetry.MODEL: model},
                statistic="Average",  # every request writes 0 or 1
                period=_FIVE_MINUTES,
            ),
            above=max_error_rate,
            periods=_LASTING,
        )
        self._alarm(
            "LiveThrottles", f"Predictions of {model} are throttled", _lambda_metric("Throttles", live)
        )
        self._alarm(
            "LiveLatency",
            f"Predictions of {model} are slower than the definition's max_p95_latency_ms",
            _lambda_metric("Duration", live, statistic="p95"),
            above=max_p95_latency_ms,
            periods=(3, 3),
        )
        self._alarm(
            "TrainingFailed", f"A training of {model} failed", training.metric_failed(period=_FIVE_MINUTES)
        )
        self._alarm(
            "TrainingTimedOut",
            f"A training of {model} took too long",
            training.metric_timed_out(period=_FIVE_MINUTES),
        )
        self._alarm(
            "ReleaseFailed",
            f"A release of {model} was rolled back or refused",
            release.metric_failed(period=_FIVE_MINUTES),
        )
        self._alarm(
            "ReleaseTimedOut",
            f"A release of {model} was stopped half-way: check where traffic goes",
            release.metric_timed_out(period=_FIVE_MINUTES),
        )

    def _alarm(
        self,
        id_: str,
        description: str,
        metric: cloudwatch.Metric,
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
            metric=metric,
            threshold=above,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
            datapoints_to_alarm=periods[0],
            evaluation_periods=periods[1],
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )
        alarm.add_alarm_action(self._action)


def _lambda_metric(name: str, dimensions: dict[str, str], *, statistic: str = "Sum") -> cloudwatch.Metric:
    return cloudwatch.Metric(
        namespace="AWS/Lambda",
        metric_name=name,
        dimensions_map=dimensions,
        statistic=statistic,
        period=_FIVE_MINUTES,
    )
