"""What functions may do: exact actions on exact ARNs, in the words of the design.

Where AWS leaves no choice but a `*`, the grant says why, and cdk-nag is given that reason.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from aws_cdk import Stack
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_stepfunctions as sfn
from constructs import IConstruct

from lambdaloop.domain.capture_layout import feedback_prefix


@dataclass(frozen=True, kw_only=True)
class Grant:
    """One statement of a role."""

    actions: tuple[str, ...]
    resources: tuple[str, ...]
    conditions: Mapping[str, Mapping[str, list[str]]] = field(default_factory=dict)
    wildcard: str | None = None
    """Why a resource has a `*`; without a reason cdk-nag refuses it."""

    def statement(self) -> iam.PolicyStatement:
        """As CDK writes it."""
        return iam.PolicyStatement(
            actions=list(self.actions), resources=list(self.resources), conditions=dict(self.conditions)
        )


def read_training_data(bucket: s3.IBucket, location: str) -> Grant:
    """The exact object versions that a dataset names."""
    return Grant(
        actions=("s3:GetObjectVersion",),
        resources=(below(bucket, _folder(location)),),
        wildcard="training data have names that users choose, below one folder",
    )


def list_training_data(bucket: s3.IBucket, location: str) -> Grant:
    """The names and versions below one folder of the data bucket."""
    return Grant(
        actions=("s3:ListBucketVersions",),
        resources=(bucket.bucket_arn,),
        conditions={"StringEquals": {"s3:prefix": [_folder(location)]}},
    )


def read_artifacts(bucket: s3.IBucket, model: str) -> Grant:
    """Artifacts of one model, by their version id."""
    return _artifacts(bucket, model, "s3:GetObjectVersion")


def write_artifacts(bucket: s3.IBucket, model: str) -> Grant:
    """New artifacts of one model; reading shows whether the same content is there already."""
    return _artifacts(bucket, model, "s3:PutObject", "s3:GetObject")


def _artifacts(bucket: s3.IBucket, model: str, *actions: str) -> Grant:
    return Grant(
        actions=actions,
        resources=(below(bucket, f"models/{model}/artifacts/"),),
        wildcard="artifacts are named by their sha256, below one folder for each model",
    )


def list_capture(bucket: s3.IBucket, model: str, *folders: str) -> Grant:
    """The names of what lies in some folders of the capture bucket, such as raw, about one model."""
    return Grant(
        actions=("s3:ListBucket",),
        resources=(bucket.bucket_arn,),
        conditions={"StringLike": {"s3:prefix": [f"{_of_model(folder, model)}*" for folder in folders]}},
    )


def read_capture(bucket: s3.IBucket, model: str, *folders: str) -> Grant:
    """What lies in some folders of the capture bucket about one model."""
    return _captured(bucket, model, folders, "s3:GetObject")


def write_capture(bucket: s3.IBucket, model: str, *folders: str) -> Grant:
    """New objects, and new content of old ones, in some folders of the capture bucket about one model."""
    return _captured(bucket, model, folders, "s3:PutObject")


def deliver_capture(bucket: s3.IBucket, model: str) -> list[Grant]:
    """What Firehose needs to write objects, by its own documentation; it names them and its upload may have several parts."""
    return [
        _captured(
            bucket,
            model,
            ("raw", "failed"),
            "s3:PutObject",
            "s3:AbortMultipartUpload",
            "s3:GetObject",
        ),
        Grant(
            actions=("s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"),
            resources=(bucket.bucket_arn,),
        ),
    ]


def _captured(bucket: s3.IBucket, model: str, folders: tuple[str, ...], *actions: str) -> Grant:
    return Grant(
        actions=actions,
        resources=tuple(below(bucket, _of_model(folder, model)) for folder in folders),
        wildcard="captured objects are named by hour and source, below one folder for each model",
    )


def list_feedback(bucket: s3.IBucket, model: str) -> Grant:
    """The names and versions of the files of labels that users upload for one model."""
    return Grant(
        actions=("s3:ListBucketVersions",),
        resources=(bucket.bucket_arn,),
        conditions={"StringEquals": {"s3:prefix": [feedback_prefix(model)]}},
    )


def read_feedback(bucket: s3.IBucket, model: str) -> Grant:
    """The exact versions of the files of labels that users upload for one model."""
    return Grant(
        actions=("s3:GetObjectVersion",),
        resources=(below(bucket, feedback_prefix(model)),),
        wildcard="files of labels have names that users choose, below one folder for each model",
    )


def use_registry(table: dynamodb.ITable, model: str, *actions: str) -> Grant:
    """The registry's items of one model; a transaction needs the rights of its parts."""
    return Grant(
        actions=tuple(f"dynamodb:{action}" for action in actions),
        resources=(table.table_arn,),
        conditions={"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": [f"MODEL#{model}"]}},
    )


def read_api_keys(table: dynamodb.ITable, model: str) -> Grant:
    """The records of the API keys that open one model, one by one."""
    return Grant(
        actions=("dynamodb:GetItem",),
        resources=(table.table_arn,),
        conditions={"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": [f"APIKEYS#{model}"]}},
    )


def use_buckets(table: dynamodb.ITable, model: str) -> Grant:
    """How much the keys of one model may still ask: each has a partition of its own."""
    return Grant(
        actions=("dynamodb:UpdateItem",),
        resources=(table.table_arn,),
        conditions={"ForAllValues:StringLike": {"dynamodb:LeadingKeys": [f"BUCKET#{model}#*"]}},
    )


def read_whole_registry(table: dynamodb.ITable, *actions: str) -> Grant:
    """The registry's items of all models."""
    return Grant(
        actions=tuple(f"dynamodb:{action}" for action in actions),
        resources=(table.table_arn,),
        conditions={"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["MODEL#*"]}},
    )


def use_alert_log(table: dynamodb.ITable) -> Grant:
    """What people were told: a partition of its own."""
    return Grant(
        actions=("dynamodb:GetItem", "dynamodb:Query", "dynamodb:PutItem"),
        resources=(table.table_arn,),
        conditions={"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["ALERTS"]}},
    )


def read_secrets(scope: IConstruct, parameters: Sequence[str]) -> Grant:
    """The values of some parameters; those under the AWS managed key need no right for the key."""
    arns = tuple(
        Stack.of(scope).format_arn(
            service="ssm", resource="parameter", resource_name=parameter.removeprefix("/")
        )
        for parameter in parameters
    )
    return Grant(actions=("ssm:GetParameter",), resources=arns)


def use_namespaces(table: dynamodb.ITable, *actions: str) -> Grant:
    """Who holds which buckets of a namespace: experiments of several models may share one."""
    return Grant(
        actions=tuple(f"dynamodb:{action}" for action in actions),
        resources=(table.table_arn,),
        conditions={"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["NAMESPACE#*"]}},
    )


def read_changes(table: dynamodb.ITable) -> list[Grant]:
    """The stream of a table, which Lambda reads under the function's role."""
    return [
        Grant(
            actions=("dynamodb:DescribeStream", "dynamodb:GetShardIterator", "dynamodb:GetRecords"),
            resources=(str(table.table_stream_arn),),
        ),
        Grant(
            actions=("dynamodb:ListStreams",),
            resources=(f"{table.table_arn}/stream/*",),
            wildcard="Lambda lists the streams of the table, whose names are times",
        ),
    ]


def put_events(bus: events.IEventBus) -> Grant:
    """New events on one bus."""
    return Grant(actions=("events:PutEvents",), resources=(bus.event_bus_arn,))


def manage_function(function: lambda_.IFunction, *actions: str) -> Grant:
    """Actions on the function itself, its versions' list and its aliases."""
    return Grant(actions=tuple(f"lambda:{action}" for action in actions), resources=(function.function_arn,))


def use_function_versions(function: lambda_.IFunction, *actions: str) -> Grant:
    """Actions on published versions, one by one."""
    return Grant(
        actions=tuple(f"lambda:{action}" for action in actions),
        resources=(f"{function.function_arn}:*",),
        wildcard="the numbers of versions that are yet to be published are not known",
    )


def read_metrics() -> Grant:
    """CloudWatch's figures."""
    return Grant(
        actions=("cloudwatch:GetMetricData",),
        resources=("*",),
        wildcard="CloudWatch cannot limit GetMetricData to metrics",
    )


def read_alarms() -> Grant:
    """The states of alarms that a definition names."""
    return Grant(
        actions=("cloudwatch:DescribeAlarms",),
        resources=("*",),
        wildcard="CloudWatch shows composite alarms only to those who may describe all alarms",
    )


def start_workflow(workflow: sfn.IStateMachine) -> Grant:
    """New executions of one state machine."""
    return Grant(actions=("states:StartExecution",), resources=(workflow.state_machine_arn,))


def publish_notices(topic: sns.ITopic) -> Grant:
    """Messages to people."""
    return Grant(actions=("sns:Publish",), resources=(topic.topic_arn,))


def answer_tasks() -> Grant:
    """Ending tasks that wait under a token."""
    return Grant(
        actions=("states:SendTaskSuccess",),
        resources=("*",),
        wildcard="Step Functions knows no resource for tasks: who holds a token may answer it",
    )


def send_messages(queue: sqs.IQueue) -> Grant:
    """New messages in one queue."""
    return Grant(actions=("sqs:SendMessage",), resources=(queue.queue_arn,))


def put_records(stream_arn: str) -> Grant:
    """New records in one delivery stream."""
    return Grant(actions=("firehose:PutRecord", "firehose:PutRecordBatch"), resources=(stream_arn,))


def write_to_log_stream(log_group_arn: str) -> Grant:
    """New lines in streams of one log group that exist already."""
    return Grant(actions=("logs:PutLogEvents",), resources=(log_group_arn,))


def write_logs(log_group_arn: str) -> Grant:
    """Lambda writes a function's log under the function's role; the ARN of a group covers its streams."""
    return Grant(actions=("logs:CreateLogStream", "logs:PutLogEvents"), resources=(log_group_arn,))


def invoke_functions(functions: list[lambda_.IFunction]) -> Grant:
    """Exactly the functions that a state machine's steps name."""
    return Grant(actions=("lambda:InvokeFunction",), resources=tuple(each.function_arn for each in functions))


def deliver_execution_logs() -> Grant:
    """What Step Functions needs to log executions."""
    return Grant(
        actions=(
            "logs:CreateLogDelivery",
            "logs:GetLogDelivery",
            "logs:UpdateLogDelivery",
            "logs:DeleteLogDelivery",
            "logs:ListLogDeliveries",
            "logs:PutResourcePolicy",
            "logs:DescribeResourcePolicies",
            "logs:DescribeLogGroups",
        ),
        resources=("*",),
        wildcard="CloudWatch Logs cannot limit log deliveries to resources",
    )


def send_traces() -> Grant:
    """What X-Ray needs to show executions."""
    return Grant(
        actions=(
            "xray:PutTraceSegments",
            "xray:PutTelemetryRecords",
            "xray:GetSamplingRules",
            "xray:GetSamplingTargets",
        ),
        resources=("*",),
        wildcard="X-Ray cannot limit traces to resources",
    )


def below(bucket: s3.IBucket, folder: str) -> str:
    """Every object below a folder. The export is the one CDK would make; made here, cdk-nag's finding has a known name."""
    return f"{Stack.of(bucket).export_value(bucket.bucket_arn)}/{folder}*"


def _of_model(folder: str, model: str) -> str:
    return f"{folder}/model={model}/"


def _folder(location: str) -> str:
    return location.rstrip("/") + "/"
