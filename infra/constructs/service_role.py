"""A role of one AWS service with exactly the given grants, in one piece.

Inline policies, because then no function or state machine can exist for a moment without its rights,
and because CDK's own grants add wildcards.
"""

from collections.abc import Sequence

from aws_cdk import Aws
from aws_cdk import aws_iam as iam
from constructs import Construct

from infra.grants import Grant
from infra.nag import acknowledge, wildcard_finding


def service_role(
    scope: Construct, id_: str, *, service: str, grants: Sequence[Grant], own_account_only: bool = False
) -> iam.Role:
    """A role that only `service` (such as lambda) may assume.

    own_account_only: never for another account's sake, where the service says for whom it acts.
    """
    conditions = {"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}} if own_account_only else None
    role = iam.Role(
        scope,
        id_,
        assumed_by=iam.ServicePrincipal(f"{service}.amazonaws.com", conditions=conditions),
        inline_policies={
            "Grants": iam.PolicyDocument(statements=[grant.statement() for grant in grants], minimize=False)
        },
    )
    acknowledge(
        role,
        {
            wildcard_finding(role, resource): grant.wildcard
            for grant in grants
            if grant.wildcard
            for resource in grant.resources
        },
    )
    return role
