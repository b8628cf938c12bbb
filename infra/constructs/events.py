"""Events for others: every change of the registry, on a bus of our own.

The registry's table is the outbox: what changes there goes into its stream in the same instant, and a function tells it to the bus.
So no change can be lost between the two, whoever made it, and no function of ours has to publish anything.
"""

import json
from collections.abc import Sequence

from aws_cdk import Duration
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as events
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sns as sns
from constructs import Construct

from infra.constructs.layers import Layer
from infra.constructs.python_function import PythonFunction
from infra.constructs.undelivered import Undelivered
from infra.constructs.watch_alarm import ABOVE, FINE, watch_alarm
from infra.grants import put_events, read_changes, send_messages
from infra.packages import Packages
from infra.stages import stage_of
from lambdaloop.domain.registry_change import TOLD
from lambdaloop.settings import Settings

_PATTERN = {
    "eventName": ["INSERT", "MODIFY"],
    "dynamodb": {
        "Keys": {
            "pk": {"S": [{"prefix": "MODEL#"}]},
            "sk": {"S": [{"prefix": beginning} for beginning in TOLD]},
        }
    },
}


class Events(Construct):
    """The bus `lambdaloop`, the function that fills it, and the queue that says what it could not tell."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        packages: Packages,
        layers: Sequence[Layer],
        registry: dynamodb.ITable,
        topic: sns.ITopic,
    ) -> None:
        super().__init__(scope, id_)
        self.bus = events.EventBus(
            self,
            "Bus",
            event_bus_name=stage_of(self).event_bus,
            description="What happened to models: docs/events.md",
        )
        self.undelivered = undelivered = Undelivered(self, "Undelivered").queue
        function = PythonFunction(
            self,
            "PublishEvents",
            verb="publish_events",
            description="Tells the event bus what changed in the registry",
            packages=packages,
            layers=layers,
            settings=Settings(event_bus=self.bus.event_bus_name),
            grants=[*read_changes(registry), put_events(self.bus), send_messages(undelivered)],
        ).function
        lambda_.CfnEventSourceMapping(
            self,
            "Changes",
            function_name=function.function_name,
            event_source_arn=registry.table_stream_arn,
            # From the oldest change there is: Lambda needs a while to begin, and nothing may fall into that gap.
            starting_position="TRIM_HORIZON",
            batch_size=100,
            bisect_batch_on_function_error=True,
            function_response_types=["ReportBatchItemFailures"],
            maximum_retry_attempts=30,
            maximum_record_age_in_seconds=12 * 3600,
            destination_config=lambda_.CfnEventSourceMapping.DestinationConfigProperty(
                on_failure=lambda_.CfnEventSourceMapping.OnFailureProperty(destination=undelivered.queue_arn)
            ),
            filter_criteria=lambda_.CfnEventSourceMapping.FilterCriteriaProperty(
                filters=[lambda_.CfnEventSourceMapping.FilterProperty(pattern=json.dumps(_PATTERN))]
            ),
        )
        watch_alarm(
            self,
            "Unpublished",
            name=stage_of(self).alarm("lambdaloop-events-unpublished"),
            says="changes of the registry were not told to the event bus: the queue says which",
            metric=undelivered.metric_approximate_number_of_messages_visible(
                period=Duration.minutes(5), statistic="Maximum"
            ),
            when=ABOVE,
            threshold=0,
            missing=FINE,
            topic=topic,
        )
