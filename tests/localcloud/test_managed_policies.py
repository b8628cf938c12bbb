"""AWS's own policies, which are read once per process."""

from pathlib import Path

import pytest
from moto.iam.models import iam_backends

from scripts.localcloud.cloud import ACCOUNT_ID
from tests.localcloud.running_cloud import RunningCloud

pytestmark = pytest.mark.localcloud

BASIC = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"


def test_each_cloud_has_the_policies_of_aws_anew(tmp_path: Path) -> None:
    for name in ("one", "two"):
        with RunningCloud.running(tmp_path / name, speed=1) as running:
            iam = running.client("iam")
            policy = iam.get_policy(PolicyArn=BASIC)["Policy"]
            assert (policy["PolicyName"], policy["AttachmentCount"]) == ("AWSLambdaBasicExecutionRole", 0)
            version = iam.get_policy_version(PolicyArn=BASIC, VersionId=policy["DefaultVersionId"])
            [statement] = version["PolicyVersion"]["Document"]["Statement"]
            assert "logs:PutLogEvents" in statement["Action"]
            running.role("worker")
            iam.attach_role_policy(RoleName="worker", PolicyArn=BASIC)
            assert iam.get_policy(PolicyArn=BASIC)["Policy"]["AttachmentCount"] == 1


def test_other_partitions_of_aws_have_none(tmp_path: Path) -> None:
    with RunningCloud.running(tmp_path, speed=1) as running:
        running.client("iam").list_roles()
        policies = {name: len(iam.managed_policies) for name, iam in iam_backends[ACCOUNT_ID].items()}
        assert {name for name, count in policies.items() if count} == {"aws"}
