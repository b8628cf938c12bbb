"""The function that tells people: of every alarm, and of the events that somebody has to know about.

What goes wrong with it is told without it: its own alarms publish to the people's topic directly.
"""

import json
from collections.abc import Sequence

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns
from constructs import Construct

from infra.constructs.alerts import Alerts
from infra.constructs.layers import Layer
from infra.constructs.python_function import PythonFunction
from infra.constructs.undelivered import Undelivered, keep_failed, kept_target
from infra.constructs.watch_alarm import ABOVE, FINE, watch_alarm
from infra.grants import publish_notices, read_secrets, send_messages, use_alert_log
from infra.packages import Packages
from infra.stages import stage_of
from lambdaloop import telemetry
from lambdaloop.domain.alert_rules import AlertPlan
from lambdaloop.domain.documents import to_document
from lambdaloop.domain.happening import SOURCE, detail_type
from lambdaloop.settings import Settings

TOLD = ("release_rolled_back", "release_closed", "release_returned", "run_finished", "approval_asked")
"""Events that people may want to hear of."""
HEARTBEAT = "window_judged"
"""Comes every few hours, and lets go what was held back."""
_NEWS = {"$or": [{"NewStateValue": ["ALARM"]}, {"OldStateValue": ["ALARM"]}]}
"""An alarm that is made begins in no state, and is OK a minute later: dozens of messages with no news in them."""
_FIVE_MINUTES = Duration.minutes(5)


class AlertSending(Construct):
    """`send_alerts`, what calls it, and its own alarms."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        packages: Packages,
        layers: Sequence[Layer],
        models: Sequence[str],
        plan: AlertPlan,
        registry: dynamodb.ITable,
        alerts: Alerts,
        bus: events.IEventBus,
    ) -> None:
        super().__init__(scope, id_)
        stage = stage_of(self)
        self.undelivered = undelivered = Undelivered(self, "Undelivered").queue
        channels = plan.channels
        function = PythonFunction(
            self,
            "SendAlerts",
            verb="send_alerts",
            description="Tells people of alarms and events, in words",
            packages=packages,
            layers=layers,
            settings=Settings(
                alert_plan=json.dumps(to_document(plan), separators=(",", ":")),
                alert_topic=alerts.topic.topic_arn,
                api_models=",".join(models),
                registry_table=registry.table_name,
            ),
            grants=[
                use_alert_log(registry),
                publish_notices(alerts.topic),
                *([read_secrets(self, [each.parameter for each in channels])] if channels else []),
                send_messages(undelivered),
            ],
            timeout_seconds=600,  # ten channels, each of which may be slow three times
        ).function
        keep_failed(self, "Retries", function=function, undelivered=undelivered)
        function.add_permission(
            "Alarms",
            principal=iam.ServicePrincipal("sns.amazonaws.com"),
            source_arn=alerts.alarms.topic_arn,
        )
        sns.CfnSubscription(
            self,
            "Subscription",
            topic_arn=alerts.alarms.topic_arn,
            protocol="lambda",
            endpoint=function.function_arn,
            filter_policy=_NEWS,
            filter_policy_scope="MessageBody",
        )
        events.Rule(
            self,
            "Happened",
            description="Events that people may have to know about",
            event_bus=bus,
            event_pattern=events.EventPattern(
                source=[SOURCE], detail_type=[detail_type(kind) for kind in (*TOLD, HEARTBEAT)]
            ),
            targets=[kept_target(function, undelivered)],
        )
        for channel in channels:
            self._own_alarm(
                f"Failing{channel.name.title().replace('-', '')}",
                name=stage.alarm(f"lambdaloop-alerts-failing.{channel.name}"),
                says=f"alerts do not reach the channel {channel.name}: see the log of send_alerts for the reason",
                metric=cloudwatch.Metric(
                    namespace=stage.metric_namespace,
                    metric_name=telemetry.ALERT_FAILURES,
                    dimensions_map={telemetry.CHANNEL: channel.name},
                    statistic="Sum",
                    period=_FIVE_MINUTES,
                ),
                topic=alerts.topic,
            )
        self._own_alarm(
            "Lost",
            name=stage.alarm("lambdaloop-alerts-undelivered"),
            says="an alert reached not everybody, however often it was tried: it lies in the queue",
            metric=undelivered.metric_approximate_number_of_messages_visible(
                period=_FIVE_MINUTES, statistic="Maximum"
            ),
            topic=alerts.topic,
        )

    def _own_alarm(
        self, id_: str, *, name: str, says: str, metric: cloudwatch.IMetric, topic: sns.ITopic
    ) -> None:
        watch_alarm(
            self, id_, name=name, says=says, metric=metric, when=ABOVE, threshold=0, missing=FINE, topic=topic
        )
