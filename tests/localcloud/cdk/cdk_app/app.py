"""A small CDK app with one resource of nearly every type that the project's own stacks use.

Context values stand for edits between deployments: `message` changes the function's environment, `layer` its layer,
`code` its code, `unknown=true` adds a type the local cloud does not have, `broken=true` a resource AWS refuses.
"""

import json
from pathlib import Path

import aws_cdk as cdk
from aws_cdk import aws_apigatewayv2 as apigateway
from aws_cdk import aws_apigatewayv2_integrations as integrations
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kinesisfirehose as firehose
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_ssm as ssm
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct


class Storage(cdk.Stack):
    """What the other stack imports."""

    def __init__(self, scope: Construct, name: str) -> None:
        super().__init__(scope, name)
        self.bucket = s3.Bucket(
            self,
            "Data",
            versioned=True,
            encryption=s3.BucketEncryption.S3_MANAGED,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            enforce_ssl=True,
            lifecycle_rules=[s3.LifecycleRule(noncurrent_version_expiration=cdk.Duration.days(30))],
            removal_policy=cdk.RemovalPolicy.RETAIN,
        )
        self.table = dynamodb.Table(
            self,
            "Registry",
            partition_key=dynamodb.Attribute(name="pk", type=dynamodb.AttributeType.STRING),
            sort_key=dynamodb.Attribute(name="sk", type=dynamodb.AttributeType.STRING),
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            time_to_live_attribute="expires_at",
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )
        self.topic = sns.Topic(self, "Alerts", enforce_ssl=True)


class Service(cdk.Stack):
    """A function behind an alias and an HTTP API, a workflow, and everything that watches them."""

    def __init__(self, scope: Construct, name: str, *, storage: Storage, assets: Path) -> None:
        super().__init__(scope, name)
        context = self.node.try_get_context
        layer = lambda_.LayerVersion(
            self,
            "Layer",
            code=lambda_.Code.from_asset(str(assets / f"{context('layer') or 'layer'}.zip")),
            compatible_runtimes=[lambda_.Runtime.PYTHON_3_13],
        )
        failures = sqs.Queue(self, "Failures", retention_period=cdk.Duration.days(14), enforce_ssl=True)
        function = lambda_.Function(
            self,
            "Function",
            runtime=lambda_.Runtime.PYTHON_3_13,
            architecture=lambda_.Architecture.ARM_64,
            handler="index.handler",
            code=lambda_.Code.from_asset(str(assets / f"{context('code') or 'function'}.zip")),
            layers=[layer],
            memory_size=256,
            environment={"TABLE": storage.table.table_name, "MESSAGE": context("message") or "hello"},
            log_group=logs.LogGroup(
                self,
                "Logs",
                retention=logs.RetentionDays.ONE_MONTH,
                removal_policy=cdk.RemovalPolicy.DESTROY,
            ),
            logging_format=lambda_.LoggingFormat.JSON,
        )
        function.configure_async_invoke(retry_attempts=0)
        storage.table.grant_read_write_data(function)
        storage.bucket.grant_read(function)
        first = lambda_.Version(self, "First", lambda_=function, removal_policy=cdk.RemovalPolicy.RETAIN)
        live = lambda_.Alias(self, "Live", alias_name="live", version=first)
        api = apigateway.HttpApi(
            self, "Api", default_integration=integrations.HttpLambdaIntegration("Integration", live)
        )
        machine = sfn.StateMachine(
            self,
            "Workflow",
            definition_body=sfn.DefinitionBody.from_chainable(
                sfn.Wait(self, "Hour", time=sfn.WaitTime.duration(cdk.Duration.hours(1))).next(
                    sfn.Pass(self, "Done")
                )
            ),
        )
        alarm = cloudwatch.Alarm(
            self, "Errors", metric=live.metric_errors(), threshold=1, evaluation_periods=1
        )
        alarm.add_alarm_action(actions.SnsAction(storage.topic))
        cloudwatch.Dashboard(self, "Dashboard").add_widgets(cloudwatch.AlarmWidget(alarm=alarm))
        storage.topic.add_subscription(subscriptions.SqsSubscription(failures))
        events.Rule(
            self,
            "Uploads",
            event_pattern=events.EventPattern(source=["aws.s3"]),
            targets=[targets.SfnStateMachine(machine)],
        )
        ssm.StringParameter(self, "Setting", string_value="42")
        self._capture(storage.bucket, function.log_group)
        self._retrain(machine)
        cdk.CfnOutput(self, "ApiEndpoint", value=api.api_endpoint)
        cdk.CfnOutput(self, "FunctionName", value=function.function_name)
        cdk.CfnOutput(self, "WorkflowArn", value=machine.state_machine_arn)
        if context("unknown"):
            cdk.CfnResource(self, "Unknown", type="AWS::Teleport::Gate", properties={"To": "Mars"})
        if context("broken"):
            sfn.CfnStateMachine(
                self,
                "Broken",
                role_arn=machine.role.role_arn,
                definition_string=json.dumps(
                    {"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "B"}}}
                ),
            )

    def _capture(self, bucket: s3.IBucket, log_group: logs.ILogGroup) -> None:
        role = iam.Role(self, "DeliveryRole", assumed_by=iam.ServicePrincipal("firehose.amazonaws.com"))
        bucket.grant_write(role)
        stream = firehose.CfnDeliveryStream(
            self,
            "Delivery",
            delivery_stream_type="DirectPut",
            extended_s3_destination_configuration={
                "bucketArn": bucket.bucket_arn,
                "roleArn": role.role_arn,
                "bufferingHints": {"intervalInSeconds": 60, "sizeInMBs": 5},
            },
        )
        may_send = iam.PolicyStatement(actions=["firehose:PutRecord"], resources=[stream.attr_arn])
        sender = iam.Role(
            self,
            "SenderRole",
            assumed_by=iam.ServicePrincipal("logs.amazonaws.com"),
            inline_policies={"Send": iam.PolicyDocument(statements=[may_send])},
        )
        logs.CfnSubscriptionFilter(
            self,
            "Subscription",
            log_group_name=log_group.log_group_name,
            destination_arn=stream.attr_arn,
            filter_pattern="{ $.capture = * }",
            role_arn=sender.role_arn,
        )

    def _retrain(self, machine: sfn.StateMachine) -> None:
        role = iam.Role(self, "ScheduleRole", assumed_by=iam.ServicePrincipal("scheduler.amazonaws.com"))
        machine.grant_start_execution(role)
        scheduler.CfnSchedule(
            self,
            "Weekly",
            flexible_time_window={"mode": "OFF"},
            schedule_expression="rate(7 days)",
            target={"arn": machine.state_machine_arn, "roleArn": role.role_arn},
        )


app = cdk.App(analytics_reporting=False)
storage = Storage(app, "Storage")
Service(app, "Service", storage=storage, assets=Path(app.node.get_context("assets")))
app.synth()
