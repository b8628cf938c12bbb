"""The registry on one DynamoDB table: what was trained, what is served, who changed it and when."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from lambdaloop.adapters.dynamo_audit import DynamoAudit
from lambdaloop.adapters.dynamo_leases import DynamoLeases
from lambdaloop.adapters.dynamo_releases import DynamoReleases
from lambdaloop.adapters.dynamo_runs import DynamoRuns
from lambdaloop.adapters.dynamo_table import DynamoTable
from lambdaloop.adapters.dynamo_versions import DynamoVersions

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class DynamoRegistry(DynamoRuns, DynamoVersions, DynamoReleases, DynamoLeases, DynamoAudit):
    """The ports RunLog, VersionRegistry, ReleaseLog and Leases.

    The items of a model have the partition key `pk` = MODEL#name and these sort keys `sk`: VERSION#number, RELEASE#number,
    RUN#id, EXECUTION#name (which release it opened), ALIAS#name, ALIASLOG#name#time, EVENT#time#random, LEASE#name,
    COUNTER#version and COUNTER#release.
    """

    def __init__(
        self,
        *,
        table: str,
        client: "DynamoDBClient | None" = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        super().__init__(DynamoTable(table, client=client, sleep=sleep))
