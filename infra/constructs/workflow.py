"""A state machine with its own role, its execution log and traces."""

from collections.abc import Sequence

from aws_cdk import Aws, Duration, RemovalPolicy
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from infra.constructs.service_role import service_role
from infra.grants import deliver_execution_logs, invoke_functions, send_traces
from infra.nag import acknowledge
from infra.stages import log_retention


class Workflow(Construct):
    """Runs a chain of steps; may invoke the functions of that chain and nothing else."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        chain: sfn.IChainable,
        functions: Sequence[lambda_.IFunction],
        timeout: Duration,
    ) -> None:
        super().__init__(scope, id_)
        self.execution_log = logs.LogGroup(
            self,
            "Log",
            # Under this prefix AWS does not append to the account's one, size-limited, log resource policy.
            log_group_name=f"/aws/vendedlogs/states/{Aws.STACK_NAME}-{id_}",
            retention=log_retention(self),
            removal_policy=RemovalPolicy.DESTROY,
        )
        role = service_role(
            self,
            "Role",
            service="states",
            grants=[invoke_functions(list(functions)), deliver_execution_logs(), send_traces()],
        )
        self.state_machine = sfn.StateMachine(
            self,
            "StateMachine",
            definition_body=sfn.DefinitionBody.from_chainable(chain),
            role=role.without_policy_updates(),
            timeout=timeout,
            tracing_enabled=True,
            # Failures with their data: what an alarm leads to. Step Functions itself keeps all events of an execution
            # for 90 days, as long as this log, and asks no money for it.
            logs=sfn.LogOptions(
                destination=self.execution_log, level=sfn.LogLevel.ERROR, include_execution_data=True
            ),
        )
        acknowledge(
            self.state_machine,
            {"AwsSolutions-SF1": "the execution history has every event for as long as the log would"},
        )
