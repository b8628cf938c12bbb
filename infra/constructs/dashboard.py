"""A dashboard of CloudWatch: alarms first, then panels two by two."""

from collections.abc import Sequence

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from infra.constructs.metric import cdk_metric
from infra.metrics import Panel

_WIDTH, _HEIGHT = 12, 6
"""Of a panel; a dashboard is 24 wide."""
_UNITS = {"ms": "Milliseconds", "s": "Seconds", "percentunit": "Share, 0 to 1"}
MOST_ALARMS = 100
"""In one widget, which is all that CloudWatch takes."""


class Dashboard(Construct):
    """Named, so that it is found in the console; where there is no data, panels are empty."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        name: str,
        panels: Sequence[Panel],
        alarms: Sequence[cloudwatch.IAlarm] = (),
    ) -> None:
        super().__init__(scope, id_)
        dashboard = cloudwatch.Dashboard(
            self, "Dashboard", dashboard_name=name, default_interval=Duration.days(1)
        )
        if alarms:
            rows = -(-min(len(alarms), MOST_ALARMS) // 8)
            dashboard.add_widgets(
                cloudwatch.AlarmStatusWidget(
                    title="Alarms", alarms=list(alarms)[:MOST_ALARMS], width=2 * _WIDTH, height=1 + rows
                )
            )
        for first in range(0, len(panels), 2):
            dashboard.add_widgets(*(self._widget(panel) for panel in panels[first : first + 2]))

    def _widget(self, panel: Panel) -> cloudwatch.GraphWidget:
        unit = _UNITS.get(panel.unit)
        return cloudwatch.GraphWidget(
            title=panel.title,
            left=[cdk_metric(self, spec, labelled=True) for spec in panel.metrics],
            left_annotations=[
                cloudwatch.HorizontalAnnotation(value=limit.value, label=limit.label)
                for limit in panel.limits
            ],
            left_y_axis=cloudwatch.YAxisProps(min=panel.least, label=unit, show_units=False)
            if unit
            else cloudwatch.YAxisProps(min=panel.least),
            width=_WIDTH,
            height=_HEIGHT,
        )
