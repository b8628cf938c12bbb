"""Every resource type that a stack may contain; a template with any other fails to deploy."""

from collections.abc import Mapping

from scripts.localcloud.cloudformation.errors import UnsupportedResourceError
from scripts.localcloud.cloudformation.resource_type import ResourceType
from scripts.localcloud.cloudformation.resources import (
    account,
    apigatewayv2,
    awslambda,
    cloudwatch,
    dynamodb,
    events,
    firehose,
    iam,
    logs,
    s3,
    sns,
    sqs,
    stepfunctions,
)

RESOURCE_TYPES: Mapping[str, ResourceType] = {
    kind.type: kind
    for kind in (
        account.CdkMetadata(),
        account.GatewayAccount(),
        account.Key(),
        account.KeyAlias(),
        account.Parameter(),
        account.Repository(),
        apigatewayv2.Api(),
        apigatewayv2.Authorizer(),
        apigatewayv2.Integration(),
        apigatewayv2.Route(),
        apigatewayv2.Stage(),
        awslambda.Alias(),
        awslambda.EventInvokeConfig(),
        awslambda.EventSourceMapping(),
        awslambda.Function(),
        awslambda.LayerVersion(),
        awslambda.Permission(),
        awslambda.Version(),
        cloudwatch.Alarm(),
        cloudwatch.CompositeAlarm(),
        cloudwatch.Dashboard(),
        dynamodb.Table(),
        events.EventBus(),
        events.Rule(),
        events.Schedule(),
        events.ScheduleGroup(),
        firehose.DeliveryStream(),
        iam.InlinePolicy(),
        iam.ManagedPolicy(),
        iam.Role(),
        logs.LogGroup(),
        logs.LogStream(),
        logs.MetricFilter(),
        logs.ResourcePolicy(),
        logs.SubscriptionFilter(),
        s3.Bucket(),
        s3.BucketPolicy(),
        sns.Subscription(),
        sns.Topic(),
        sns.TopicPolicy(),
        sqs.Queue(),
        sqs.QueuePolicy(),
        stepfunctions.StateMachine(),
    )
}


def resource_type(name: str) -> ResourceType:
    """The type of that name; raises UnsupportedResourceError for one the local cloud does not provide."""
    if name not in RESOURCE_TYPES:
        raise UnsupportedResourceError(
            f"the local cloud does not provide {name}: add it to scripts/localcloud/cloudformation/resources"
        )
    return RESOURCE_TYPES[name]
