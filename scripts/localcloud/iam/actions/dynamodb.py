"""Which rights each DynamoDB operation needs; transactions and batches need one for every item or table.

`dynamodb:LeadingKeys` are the partition keys that a request names. A query whose partition cannot be read off its condition
has one that no policy allows; a scan names none, and a condition for all values holds for it, as in AWS.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from moto.dynamodb.models import dynamodb_backends

from scripts.localcloud.cloud import ACCOUNT_ID, REGION
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
_UNREADABLE = "?"
_EQUALITY = re.compile(r"\(?\s*([#\w]+)\s*=\s*(:\w+)")


def _access(action: str, parameters: Parameters, keys: Iterable[str], *, below: str = "") -> Access:
    leading = tuple(sorted(set(keys)))
    context = (("dynamodb:leadingkeys", leading),) if leading else ()
    return Access(action=action, resource=_table(parameters) + below, context=context)


def _partition(parameters: Parameters, item: Mapping[str, Any]) -> list[str]:
    """The partition key of an item or of its key; none where there is no such table."""
    name = str(parameters["TableName"]).rpartition("/")[2]
    table = dynamodb_backends[ACCOUNT_ID][REGION].tables.get(name)
    if table is None:
        return []
    return [str(value) for value in item.get(table.hash_key_attr, {}).values()]


def _of_item(action: str, holder: str) -> Rule:
    def rule(parameters: Parameters) -> list[Access]:
        return [_access(action, parameters, _partition(parameters, parameters[holder]))]

    return rule


def _query(parameters: Parameters) -> list[Access]:
    index = parameters.get("IndexName")
    condition = str(parameters.get("KeyConditionExpression", ""))
    equal = {
        parameters.get("ExpressionAttributeNames", {}).get(name, name): parameters[
            "ExpressionAttributeValues"
        ][value]
        for name, value in _EQUALITY.findall(condition)
    }
    keys = [] if index else _partition(parameters, equal)
    below = f"/index/{index}" if index else ""
    return [_access("dynamodb:Query", parameters, keys or [_UNREADABLE], below=below)]


def _scan(parameters: Parameters) -> list[Access]:
    index = parameters.get("IndexName")
    return [_access("dynamodb:Scan", parameters, [], below=f"/index/{index}" if index else "")]


def _transaction(parameters: Parameters) -> list[Access]:
    wanted = {
        _access(
            _TRANSACTION_ACTIONS[kind],
            request,
            _partition(request, request.get("Key") or request.get("Item")),
        )
        for item in parameters["TransactItems"]
        for kind, request in item.items()
        if request is not None
    }
    return sorted(wanted, key=lambda access: (access.resource, access.action, access.context))


def _batch(action: str, items: Callable[[Any], Iterable[Mapping[str, Any]]]) -> Rule:
    def rule(parameters: Parameters) -> list[Access]:
        return [
            _access(
                action,
                {"TableName": table},
                [key for item in items(asked) for key in _partition({"TableName": table}, item)],
            )
            for table, asked in parameters["RequestItems"].items()
        ]

    return rule


def _written(requests: list[dict[str, Any]]) -> list[Mapping[str, Any]]:
    """The items and keys of a BatchWriteItem for one table."""
    given = [request.get("PutRequest") or request.get("DeleteRequest") or {} for request in requests]
    return [each.get("Item") or each.get("Key") or {} for each in given]


RULES: Rules = {
    **same_name("dynamodb", "DescribeTable UpdateTable", _table),
    **same_name("dynamodb", "DescribeTimeToLive DescribeContinuousBackups", _table),
    **same_name("dynamodb", "ListTables"),
    "GetItem": _of_item("dynamodb:GetItem", "Key"),
    "PutItem": _of_item("dynamodb:PutItem", "Item"),
    "UpdateItem": _of_item("dynamodb:UpdateItem", "Key"),
    "DeleteItem": _of_item("dynamodb:DeleteItem", "Key"),
    "Query": _query,
    "Scan": _scan,
    "BatchGetItem": _batch("dynamodb:BatchGetItem", lambda asked: asked["Keys"]),
    "BatchWriteItem": _batch("dynamodb:BatchWriteItem", _written),
    "TransactWriteItems": _transaction,
    "TransactGetItems": _transaction,
}
