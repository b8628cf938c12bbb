"""One alarm about one model: its name, and who hears when it begins and when it ends."""

import re

from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_sns as sns
from constructs import Construct

from lambdaloop.domain.stage import Stage

ABOVE = cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD
AT_LEAST = cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD
BELOW = cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD

STANDS = cloudwatch.TreatMissingData.IGNORE
"""No value is no news: what was said last holds until something else is said."""
FINE = cloudwatch.TreatMissingData.NOT_BREACHING
"""No value means that nothing happened."""
BAD = cloudwatch.TreatMissingData.BREACHING
"""No value is the very thing to be told about."""

_NONE = Stage()
_WORD = re.compile(r"(?<=[a-z])(?=[A-Z])")
"""Between the words of a construct's id."""


def alarm_name(model: str, id_: str, stage: Stage = _NONE) -> str:
    """The fixed name of an alarm, such as lambdaloop-churn-live-errors for LiveErrors.

    No id's words may end another id's (Drop, EstimatedDrop): models called a and a-estimated would share a name.
    """
    return f"{stage.alarm_prefix}{model}-{_WORD.sub('-', id_).lower()}"


def watch_alarm(
    scope: Construct,
    id_: str,
    *,
    name: str,
    says: str,
    metric: cloudwatch.IMetric,
    when: cloudwatch.ComparisonOperator,
    threshold: float,
    missing: cloudwatch.TreatMissingData,
    topic: sns.ITopic,
    windows: tuple[int, int] = (1, 1),
) -> cloudwatch.Alarm:
    """An alarm that needs M breaching periods among the last N; the topic hears of its beginning and of its end."""
    alarm = cloudwatch.Alarm(
        scope,
        id_,
        alarm_name=name,
        alarm_description=says,
        metric=metric,
        comparison_operator=when,
        threshold=threshold,
        datapoints_to_alarm=windows[0],
        evaluation_periods=windows[1],
        treat_missing_data=missing,
    )
    action = actions.SnsAction(topic)
    alarm.add_alarm_action(action)
    alarm.add_ok_action(action)
    return alarm
