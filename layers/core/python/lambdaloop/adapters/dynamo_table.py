"""The registry table: consistent reads and all-or-nothing conditional writes.

Every change of the registry has one shape: read, decide, write on the condition that what was read still holds. That makes
it safe to repeat after a lost answer, a crash or a collision. Nothing is added to or appended in place.
"""

import random
import time
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from lambdaloop.adapters.aws_client import aws_client
from lambdaloop.adapters.aws_errors import ConditionFailedError, ContendedError, aws_errors
from lambdaloop.adapters.dynamo_keys import Key
from lambdaloop.adapters.dynamo_numbers import from_attributes, to_attributes
from lambdaloop.domain.documents import Document
from lambdaloop.domain.errors import BackendUnavailableError, ConflictError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

T = TypeVar("T")
Write = dict[str, Any]
"""One entry of TransactItems."""

COLLISIONS = 12
"""How often a change is decided anew before it gives up; each wait is random and up to twice as long as the one before."""
_FIRST_WAIT_SECONDS, _LONGEST_WAIT_SECONDS = 0.02, 1.0


class DynamoTable:
    """One table with string keys `pk` and `sk`.

    IAM: dynamodb:GetItem, Query for reading; PutItem and UpdateItem for writing (transactions are authorised as these).
    """

    def __init__(
        self,
        name: str,
        *,
        client: "DynamoDBClient | None" = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.name = name
        self._client: DynamoDBClient = client or aws_client("dynamodb")
        self._sleep = sleep

    def get(self, key: Key) -> Document | None:
        """One item, read consistently."""
        with aws_errors():
            answer = self._client.get_item(TableName=self.name, Key=_key(key), ConsistentRead=True)
        return from_attributes(answer["Item"]) if "Item" in answer else None

    def newest(self, pk: str, *, first: str, last: str, limit: int | None = None) -> Iterator[Document]:
        """Items with sort keys from `first` to `last`, both included, in falling order."""
        request: dict[str, Any] = {
            "TableName": self.name,
            "ConsistentRead": True,
            "ScanIndexForward": False,
            "KeyConditionExpression": "pk = :pk AND sk BETWEEN :first AND :last",
            "ExpressionAttributeValues": to_attributes({":pk": pk, ":first": first, ":last": last}),
        }
        if limit is not None:
            request["Limit"] = limit
        found = 0
        while limit is None or found < limit:
            with aws_errors():
                page = self._client.query(**request)
            for item in page["Items"][: None if limit is None else limit - found]:
                found += 1
                yield from_attributes(item)
            if "LastEvaluatedKey" not in page:
                return
            request["ExclusiveStartKey"] = page["LastEvaluatedKey"]

    def below(self, pk: str, prefix: str, *, limit: int | None = None) -> Iterator[Document]:
        """Items whose sort key starts with the prefix, in falling order."""
        return self.newest(pk, first=prefix, last=prefix + "\U0010ffff", limit=limit)

    def create(self, key: Key, document: Mapping[str, Any]) -> Write:
        """Write a new item; the condition is that there is none."""
        item = to_attributes({**document, "pk": key.pk, "sk": key.sk})
        return {
            "Put": {
                "TableName": self.name,
                "Item": item,
                "ConditionExpression": "attribute_not_exists(pk)",
            }
        }

    def put(self, key: Key, document: Mapping[str, Any]) -> Write:
        """Write an item over whatever is there: only for records that one writer alone writes, and the same each time."""
        item = to_attributes({**document, "pk": key.pk, "sk": key.sk})
        return {"Put": {"TableName": self.name, "Item": item}}

    def replace(self, key: Key, document: Mapping[str, Any], *, revision: int | None) -> Write:
        """Write an item over the one with that revision; None: where there is none."""
        write = self.create(key, document)
        if revision is not None:
            write["Put"]["ConditionExpression"] = "revision = :revision"
            write["Put"]["ExpressionAttributeValues"] = to_attributes({":revision": revision})
        return write

    def update(self, key: Key, *, change: Mapping[str, Any], expect: Mapping[str, Any]) -> Write:
        """Set attributes, on the condition that others have the expected values (None: are not there; tuple: one of them).

        Attributes that are not named stay: a newer writer's fields survive an older one.
        """
        names = {f"#{name}": name for name in (*change, *expect)}
        values = {f":{name}": value for name, value in change.items()}
        conditions = [_condition(name, wanted, values) for name, wanted in expect.items()]
        return {
            "Update": {
                "TableName": self.name,
                "Key": _key(key),
                "UpdateExpression": "SET " + ", ".join(f"#{name} = :{name}" for name in change),
                "ConditionExpression": " AND ".join(conditions),
                "ExpressionAttributeNames": names,
                "ExpressionAttributeValues": to_attributes(values),
            }
        }

    def write(self, *writes: Write) -> None:
        """All of them or none; ConditionFailedError, ContendedError."""
        with aws_errors():
            self._client.transact_write_items(TransactItems=writes)  # type: ignore[arg-type]

    def swap(self, change: Callable[[], T]) -> T:
        """Run `change` (read, decide, write) until its write finds what it has read.

        A collision means that somebody else succeeded, so another try makes progress. Bounded: ConflictError when the
        state kept changing, BackendUnavailableError when DynamoDB kept cancelling.
        """
        for collision in range(COLLISIONS):
            try:
                return change()
            except (ConditionFailedError, ContendedError) as error:
                last = error
            wait = min(_FIRST_WAIT_SECONDS * 2**collision, _LONGEST_WAIT_SECONDS)
            self._sleep(random.uniform(0, wait))  # noqa: S311  (spreads competitors, keeps no secret)
        if isinstance(last, ContendedError):
            raise BackendUnavailableError(
                f"table {self.name} cancelled {COLLISIONS} times: {last}: try again"
            ) from last
        raise ConflictError(
            f"table {self.name} kept changing through {COLLISIONS} tries: {last}: try again"
        ) from last


class OnTable:
    """What keeps its records on the registry table."""

    def __init__(self, table: DynamoTable) -> None:
        self._table = table


def _key(key: Key) -> dict[str, Any]:
    return to_attributes({"pk": key.pk, "sk": key.sk})


def _condition(name: str, wanted: Any, values: dict[str, Any]) -> str:
    if wanted is None:
        return f"attribute_not_exists(#{name})"
    if not isinstance(wanted, tuple):
        values[f":expected_{name}"] = wanted
        return f"#{name} = :expected_{name}"
    slots = {f":expected_{name}_{i}": value for i, value in enumerate(wanted)}
    values.update(slots)
    return f"#{name} IN ({', '.join(slots)})"
