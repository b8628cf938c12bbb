"""What pipelines deploy with: roles that believe the tokens of one repository, and may assume the roles of CDK's bootstrap only.

In a stack of its own: somebody with more rights deploys it first, once for each stage.
"""

from collections.abc import Sequence

from aws_cdk import CfnOutput, Duration, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from constructs import Construct

from infra.deployers import Claims, Deployer
from infra.stages import StageSettings, settle

_QUALIFIER = "hnb659fds"
_DEPLOYING, _COMPARING = ("deploy", "file-publishing", "lookup"), ("lookup",)
"""CDK's roles: one starts CloudFormation, one uploads packages, one looks things up. None of them are for images: there are none."""


class DeployerStack(Stack):
    """An OIDC provider for each pipeline, unless it is there already, and its roles."""

    def __init__(
        self, scope: Construct, id_: str, *, stage: StageSettings, deployers: Sequence[Deployer]
    ) -> None:
        super().__init__(
            scope, id_, description="Lambdaloop: what pipelines deploy with", env=stage.environment
        )
        settle(self, stage)
        for deployer in deployers:
            name = deployer.kind.capitalize()
            provider = self._provider(name, deployer)
            self._role(f"{name}Deploy", deployer, provider, deployer.deploys, _DEPLOYING)
            if deployer.reads:
                self._role(f"{name}Diff", deployer, provider, deployer.reads, _COMPARING)

    def _provider(self, name: str, deployer: Deployer) -> str:
        if deployer.provider_exists:
            return f"arn:{self.partition}:iam::{self.account}:oidc-provider/{deployer.issuer}"
        made = iam.CfnOIDCProvider(
            self, f"{name}Provider", url=deployer.url, client_id_list=[deployer.audience]
        )
        # Another stage of this account, or something of somebody else, may believe it by now.
        made.apply_removal_policy(RemovalPolicy.RETAIN)
        return made.attr_arn

    def _role(
        self, id_: str, deployer: Deployer, provider: str, claims: Claims, may_assume: Sequence[str]
    ) -> None:
        role = iam.Role(
            self,
            id_,
            description=f"Assumed by pipelines: {', '.join(claims['sub'])}"[:1000],
            assumed_by=iam.WebIdentityPrincipal(
                provider,
                conditions={
                    "StringEquals": {
                        f"{deployer.issuer}:aud": deployer.audience,
                        **{f"{deployer.issuer}:{claim}": list(values) for claim, values in claims.items()},
                    }
                },
            ),
            max_session_duration=Duration.hours(1),
            inline_policies={
                "Bootstrap": iam.PolicyDocument(
                    statements=[
                        iam.PolicyStatement(
                            actions=["sts:AssumeRole"],
                            resources=[
                                f"arn:{self.partition}:iam::{self.account}:role/cdk-{_QUALIFIER}-{each}-role-{self.account}-{self.region}"
                                for each in may_assume
                            ],
                        )
                    ]
                )
            },
        )
        CfnOutput(self, f"{id_}Role", value=role.role_arn)
