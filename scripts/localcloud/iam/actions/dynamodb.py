"""Which rights each DynamoDB operation needs; transactions and batches need one for every item or table."""

from scripts.localcloud.iam.actions.rule import Parameters, Rule, Rules, named, same_name
from scripts.localcloud.iam.policy import Access

_table = named("dynamodb", "table", "TableName")
_TRANSACTION_ACTIONS = {
    "Put": "dynamodb:PutItem",
    "Update": "dynamodb:UpdateItem",
    "Delete": "dynamodb:DeleteItem",
    "ConditionCheck": "dynamodb:ConditionCheckItem",
    "Get": "dynamodb:GetItem",
}


def _table_or_index(action: str) -> Rule:
    def rule(parameters: Parameters) -> list[Access]:
        index = parameters.get("IndexName")
        resource = _table(parameters) + (f"/index/{index}" if index else "")
        return [Access(action=action, resource=resource)]

    return rule


def _transaction(parameters: Parameters) -> list[Access]:
    wanted = {
        Access(action=_TRANSACTION_ACTIONS[kind], resource=_table(request))
        for item in parameters["TransactItems"]
        for kind, request in item.items()
        if request is not None
    }
    return sorted(wanted, key=lambda access: (access.resource, access.action))


def _batch(action: str) -> Rule:
    def rule(parameters: Parameters) -> list[Access]:
        return [
            Access(action=action, resource=_table({"TableName": table}))
            for table in parameters["RequestItems"]
        ]

    return rule


RULES: Rules = {
    **same_name("dynamodb", "GetItem PutItem UpdateItem DeleteItem DescribeTable UpdateTable", _table),
    **same_name("dynamodb", "DescribeTimeToLive DescribeContinuousBackups", _table),
    **same_name("dynamodb", "ListTables"),
    "Query": _table_or_index("dynamodb:Query"),
    "Scan": _table_or_index("dynamodb:Scan"),
    "BatchGetItem": _batch("dynamodb:BatchGetItem"),
    "BatchWriteItem": _batch("dynamodb:BatchWriteItem"),
    "TransactWriteItems": _transaction,
    "TransactGetItems": _transaction,
}
