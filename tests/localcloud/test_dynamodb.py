"""DynamoDB keeps its promises however much a table holds, and does not become slower for it."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.localcloud.running_cloud import RunningCloud

pytestmark = pytest.mark.localcloud


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCloud]:
    with RunningCloud.running(tmp_path_factory.mktemp("dynamodb"), speed=1) as cloud:
        yield cloud


class Table:
    """A table with a partition and a sort key."""

    def __init__(self, running: RunningCloud, name: str, *, sort_key: bool = True) -> None:
        self.client, self.name = running.client("dynamodb"), name
        keys = [("pk", "HASH"), *([("sk", "RANGE")] if sort_key else [])]
        self.client.create_table(
            TableName=name,
            KeySchema=[{"AttributeName": key, "KeyType": kind} for key, kind in keys],
            AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key, _ in keys],
            BillingMode="PAY_PER_REQUEST",
        )

    def put(self, sk: str, **values: str) -> None:
        self.client.put_item(TableName=self.name, Item=item(sk, **values))

    def get(self, sk: str) -> dict[str, str] | None:
        found = self.client.get_item(TableName=self.name, Key=key(sk)).get("Item")
        return found and {name: value["S"] for name, value in found.items() if name not in ("pk", "sk")}

    def query(self, condition: str, limit: int | None = None, **values: str) -> list[str]:
        given: dict[str, Any] = {"Limit": limit} if limit else {}
        answer = self.client.query(
            TableName=self.name,
            KeyConditionExpression=f"pk = :pk{condition}",
            ExpressionAttributeValues={":pk": {"S": "a"}} | {f":{n}": {"S": v} for n, v in values.items()},
            **given,
        )
        return [found["sk"]["S"] for found in answer["Items"]]

    def transact(self, *operations: dict[str, Any]) -> None:
        named = [
            {kind: {"TableName": self.name, **details} for kind, details in operation.items()}
            for operation in operations
        ]
        self.client.transact_write_items(TransactItems=named)


def key(sk: str) -> dict[str, Any]:
    return {"pk": {"S": "a"}, "sk": {"S": sk}}


def item(sk: str, **values: str) -> dict[str, Any]:
    return key(sk) | {name: {"S": value} for name, value in values.items()}


def update(sk: str, value: str) -> dict[str, Any]:
    return {
        "Update": {
            "Key": key(sk),
            "UpdateExpression": "SET v = :v",
            "ExpressionAttributeValues": {":v": {"S": value}},
        }
    }


def refused(sk: str) -> dict[str, Any]:
    """An operation whose condition never holds."""
    return {"Put": {"Item": item(sk), "ConditionExpression": "attribute_exists(nothing)"}}


def test_a_cancelled_transaction_leaves_every_item_as_it_was(running: RunningCloud) -> None:
    table = Table(running, "cancelled")
    table.put("old", v="1")
    table.put("doomed", v="2")
    table.put("bystander", v="3")
    with pytest.raises(ClientError, match="TransactionCanceledException"):
        table.transact(
            update("old", "changed"),
            {"Delete": {"Key": key("doomed")}},
            {"Put": {"Item": item("new", v="9")}},
            refused("never"),
        )
    assert table.get("old") == {"v": "1"}
    assert table.get("doomed") == {"v": "2"}
    assert table.get("bystander") == {"v": "3"}
    assert table.get("new") is None
    assert table.query("") == ["bystander", "doomed", "old"]


def test_a_transaction_that_holds_changes_all_it_names(running: RunningCloud) -> None:
    table = Table(running, "held")
    table.put("old", v="1")
    table.put("doomed", v="2")
    table.transact(
        update("old", "changed"), {"Delete": {"Key": key("doomed")}}, {"Put": {"Item": item("new", v="9")}}
    )
    assert (table.get("old"), table.get("doomed"), table.get("new")) == ({"v": "changed"}, None, {"v": "9"})


def test_a_table_without_a_sort_key_is_put_back_too(running: RunningCloud) -> None:
    table = Table(running, "plain", sort_key=False)
    client = running.client("dynamodb")
    client.put_item(TableName="plain", Item={"pk": {"S": "a"}, "v": {"S": "1"}})
    change = update("", "changed")["Update"] | {"Key": {"pk": {"S": "a"}}}
    with pytest.raises(ClientError, match="TransactionCanceledException"):
        table.transact(
            {"Update": change},
            {"Put": {"Item": {"pk": {"S": "b"}}, "ConditionExpression": "attribute_exists(nothing)"}},
        )
    assert client.get_item(TableName="plain", Key={"pk": {"S": "a"}})["Item"]["v"] == {"S": "1"}


def test_queries_by_sort_key_find_what_fits_in_order_and_page_by_page(running: RunningCloud) -> None:
    table = Table(running, "queried")
    for number in (3, 1, 2):
        table.put(f"WINDOW#{number}")
    table.put("RUN#1")
    assert table.query(" AND begins_with(sk, :p)", p="WINDOW#") == ["WINDOW#1", "WINDOW#2", "WINDOW#3"]
    assert table.query(" AND sk BETWEEN :a AND :b", a="WINDOW#2", b="WINDOW#~") == ["WINDOW#2", "WINDOW#3"]
    assert table.query(" AND sk < :a", a="WINDOW#2") == ["RUN#1", "WINDOW#1"]
    assert table.query("") == ["RUN#1", "WINDOW#1", "WINDOW#2", "WINDOW#3"]
    pages = (
        running.client("dynamodb")
        .get_paginator("query")
        .paginate(
            TableName="queried",
            KeyConditionExpression="pk = :pk AND begins_with(sk, :p)",
            ExpressionAttributeValues={":pk": {"S": "a"}, ":p": {"S": "WINDOW#"}},
            ScanIndexForward=False,
            PaginationConfig={"PageSize": 2},
        )
    )
    assert [[one["sk"]["S"] for one in page["Items"]] for page in pages] == [
        ["WINDOW#3", "WINDOW#2"],
        ["WINDOW#1"],
    ]


def test_an_item_that_a_query_returned_does_not_change_with_the_table(running: RunningCloud) -> None:
    table = Table(running, "returned")
    table.put("one", v="1")
    assert table.query("") == ["one"]
    table.transact(update("one", "2"))
    assert table.get("one") == {"v": "2"}


def test_writing_and_asking_take_no_longer_in_a_full_table(running: RunningCloud) -> None:
    table = Table(running, "full")
    text = "x" * 200

    def seconds() -> float:
        started = time.perf_counter()
        for number in range(20):
            table.transact(update("LEASE", str(number)))
            table.query(" AND begins_with(sk, :p)", p="LEASE")
        return time.perf_counter() - started

    empty = min(seconds() for _ in range(3))
    for number in range(400):
        table.put(f"WINDOW#{number:04}", **{f"column{column}": text for column in range(40)})
    assert min(seconds() for _ in range(3)) < 3 * empty


def test_every_kind_of_value_comes_back_as_it_went(running: RunningCloud) -> None:
    table = Table(running, "kinds")
    values: dict[str, Any] = {
        "text": {"S": "ä"},
        "number": {"N": "-1.5"},
        "bytes": {"B": b"\x00\xff"},
        "none": {"NULL": True},
        "truth": {"BOOL": False},
        "texts": {"SS": ["a", "b"]},
        "numbers": {"NS": ["1", "2"]},
        "many_bytes": {"BS": [b"a", b"\xfe"]},
        "list": {"L": [{"N": "1"}, {"L": []}, {"B": b"\x01"}]},
        "map": {
            "M": {"N": {"S": "a name like a kind"}, "empty": {"M": {}}, "deep": {"M": {"B": {"B": b"x"}}}}
        },
    }
    table.client.put_item(TableName=table.name, Item={**key("1"), **values})
    table.client.update_item(
        TableName=table.name,
        Key=key("1"),
        UpdateExpression="ADD counted :one",
        ExpressionAttributeValues={":one": {"N": "1"}},
    )
    wanted = {**key("1"), **values, "counted": {"N": "1"}}
    assert table.client.get_item(TableName=table.name, Key=key("1"))["Item"] == wanted
    [found] = table.client.query(
        TableName=table.name,
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": "a"}},
    )["Items"]
    assert found == wanted
