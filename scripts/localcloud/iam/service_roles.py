"""What an AWS service may do with a role that it was given: the role must trust the service, and allow the access.

For services that run in this very process and so make no request that the authority would see. Conditions of the trust
are not evaluated.
"""

import json
import logging
from collections.abc import Mapping
from typing import Any

from moto.iam.exceptions import NotFoundException
from moto.iam.models import iam_backends

from scripts.localcloud.cloud import ACCOUNT_ID
from scripts.localcloud.iam.enforcement import Iam
from scripts.localcloud.iam.policy import Access
from scripts.localcloud.iam.principals import Principal

logger = logging.getLogger(__name__)


def may(iam: Iam, role_arn: str, access: Access, *, service: str) -> bool:
    """Whether `service` (such as firehose) may do this with the role; a refusal is also told in the cloud's log."""
    try:
        role = iam_backends[ACCOUNT_ID]["aws"].get_role_by_arn(role_arn)
    except NotFoundException:
        logger.warning("%s cannot assume %s: there is no such role", service, role_arn)
        return False
    if not _trusts(role.assume_role_policy_document, f"{service}.amazonaws.com"):
        logger.warning("%s cannot assume %s: the role does not trust it", service, role_arn)
        return False
    principal = Principal(
        arn=f"arn:aws:sts::{ACCOUNT_ID}:assumed-role/{role.name}/{service}",
        user_id=f"{role.id}:{service}",
        access_key="",
        secret_key="",
        session_token=None,
        role_name=role.name,
    )
    if iam.authorize(principal, access).allowed:
        return True
    logger.warning("%s may not %s on %s", principal.arn, access.action, access.resource)
    return False


def _trusts(document: str | Mapping[str, Any], service: str) -> bool:
    policy = json.loads(document) if isinstance(document, str) else document
    return any(
        statement["Effect"] == "Allow" and service in _listed(statement.get("Principal", {}).get("Service"))
        for statement in _listed(policy.get("Statement"))
    )


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]
