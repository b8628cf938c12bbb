"""STS GetCallerIdentity names the same person as a verified HTTP request does: the owner of keys that nobody was given."""

from typing import Any

from moto.sts.models import STSBackend

from scripts.localcloud import moto_seams
from scripts.localcloud.cloud import ACCOUNT_ID, Cloud
from scripts.localcloud.iam.principals import ROOT, Principals


def install(cloud: Cloud, principals: Principals) -> None:
    """Answer with whom the rest of the cloud takes the caller for."""

    def get_caller_identity(_: Any, access_key_id: str, region: str) -> tuple[str, str, str]:  # noqa: ARG001
        caller = principals.find(access_key_id) or ROOT
        return caller.user_id, caller.arn, ACCOUNT_ID

    moto_seams.of(cloud).replace(STSBackend, "get_caller_identity", get_caller_identity)
