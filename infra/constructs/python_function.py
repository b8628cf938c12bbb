"""One Lambda function with its own role and log group: everything that all functions have in common."""

from collections.abc import Sequence
from dataclasses import replace

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.constructs.layers import ARCHITECTURE, RUNTIME, Layer, code_of
from infra.constructs.service_role import service_role
from infra.grants import Grant, write_logs
from infra.nag import acknowledge
from infra.package_size import check_package_size
from infra.packages import Packages
from infra.stages import log_retention, stage_of
from lambdaloop.settings import Settings


class PythonFunction(Construct):
    """The code of `functions/VERB/`, told what `settings` say and allowed what `grants` say."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        verb: str,
        description: str,
        packages: Packages,
        layers: Sequence[Layer],
        settings: Settings,
        grants: Sequence[Grant] = (),
        memory_mib: int = 512,
        timeout_seconds: int = 60,
        snap_start: bool = False,
    ) -> None:
        super().__init__(scope, id_)
        code = packages.function(verb)
        check_package_size(code, [each.asset for each in layers])
        self.log_group = logs.LogGroup(
            self, "Log", retention=log_retention(self), removal_policy=RemovalPolicy.DESTROY
        )
        self.role = service_role(
            self, "Role", service="lambda", grants=[write_logs(self.log_group.log_group_arn), *grants]
        )
        self.function = lambda_.Function(
            self,
            "Function",
            description=description,
            code=code_of(code),
            handler=f"functions.{verb}.handler.handler",
            runtime=RUNTIME,
            architecture=ARCHITECTURE,
            layers=[each.version for each in layers],
            environment=replace(settings, stage=stage_of(self).name).to_env(),
            role=self.role.without_policy_updates(),
            log_group=self.log_group,
            memory_size=memory_mib,
            timeout=Duration.seconds(timeout_seconds),
            snap_start=lambda_.SnapStartConf.ON_PUBLISHED_VERSIONS if snap_start else None,
        )
        acknowledge(
            self.function,
            {
                "AwsSolutions-L1": "python3.13 is what the layers are built, compiled and tested for; it changes together with them"
            },
        )
