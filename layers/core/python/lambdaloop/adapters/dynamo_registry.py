"""The registry on one DynamoDB table: what was trained, what is served, who changed it and when."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from lambdaloop.adapters.dynamo_approvals import DynamoApprovals
from lambdaloop.adapters.dynamo_audit import DynamoAudit
from lambdaloop.adapters.dynamo_decisions import DynamoDecisions
from lambdaloop.adapters.dynamo_experiments import DynamoExperiments
from lambdaloop.adapters.dynamo_leases import DynamoLeases
from lambdaloop.adapters.dynamo_returns import DynamoReturns
from lambdaloop.adapters.dynamo_runs import DynamoRuns
from lambdaloop.adapters.dynamo_table import DynamoTable
from lambdaloop.adapters.dynamo_versions import DynamoVersions
from lambdaloop.adapters.dynamo_windows import DynamoWindows

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class DynamoRegistry(
    DynamoRuns,
    DynamoVersions,
    DynamoReturns,
    DynamoApprovals,
    DynamoExperiments,
    DynamoLeases,
    DynamoWindows,
    DynamoDecisions,
    DynamoAudit,
):
    """The ports RunLog, VersionRegistry, ReleaseLog, ApprovalLog, ExperimentLog, Leases, WindowLog and DecisionLog.

    The items of a model have the partition key `pk` = MODEL#name and these sort keys `sk`: VERSION#number, RELEASE#number,
    APPROVAL#release, RUN#id, EXECUTION#name (which release it opened), ALIAS#name, ALIASLOG#name#time, EVENT#time#random, LEASE#name,
    COUNTER#version, COUNTER#release, EXPERIMENT#id, EXPERIMENTING (which one is under way), WINDOW#end, DECISION#time#id, DECIDED#id (when that was), RETRAINING#number (which
    decision it was) and UPLOAD#time#id. NAMESPACE#name / RANGES has the buckets that experiments of all models hold.
    """

    def __init__(
        self,
        *,
        table: str,
        client: "DynamoDBClient | None" = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        super().__init__(DynamoTable(table, client=client, sleep=sleep))
