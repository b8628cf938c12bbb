"""The policies that AWS manages, such as AWSLambdaBasicExecutionRole, parsed once per process.

moto leaves them out; asked for them, it parses all fifteen hundred for each of the six partitions of AWS whenever an account is
first seen. A local cloud lies in one.
"""

import json
from datetime import datetime
from functools import cache
from typing import Any

from moto.iam.aws_managed_policies import aws_managed_policies_data
from moto.iam.models import AWSManagedPolicy, IAMBackend

from scripts.localcloud import moto_seams
from scripts.localcloud.cloud import Cloud

_PARTITION = "aws"


def install(cloud: Cloud) -> None:
    """Let roles attach them."""

    def init_aws_policies(backend: IAMBackend) -> list[AWSManagedPolicy]:
        if backend.region_name != _PARTITION:
            return []
        return [
            AWSManagedPolicy(name, account_id=backend.account_id, region=backend.region_name, **settings)
            for name, settings in _parsed().items()
        ]

    moto_seams.of(cloud).replace(IAMBackend, "_init_aws_policies", init_aws_policies)


@cache
def _parsed() -> dict[str, dict[str, Any]]:
    return {
        name: {
            "default_version_id": data.get("DefaultVersionId"),
            "path": data.get("Path"),
            "document": json.dumps(data.get("Document")),
            "create_date": datetime.fromisoformat(data["CreateDate"]),
            "update_date": datetime.fromisoformat(data["UpdateDate"]),
        }
        for name, data in json.loads(aws_managed_policies_data).items()
    }
