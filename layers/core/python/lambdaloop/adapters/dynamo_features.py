"""The online store of features: one item for each group and entity, which always holds the newest row."""

import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lambdaloop.adapters.aws_client import aws_client
from lambdaloop.adapters.aws_errors import ConditionFailedError, aws_errors
from lambdaloop.domain.errors import BackendUnavailableError
from lambdaloop.domain.stored_features import StoredRow, item_key, read_time, write_time, write_values
from lambdaloop.ports.features import ItemState

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_KEYS_AT_ONCE = 100
_ROUNDS = 10
"""How often keys that DynamoDB left over are asked for again; each wait is random and up to twice as long as the one before."""
_FIRST_WAIT_SECONDS, _LONGEST_WAIT_SECONDS = 0.05, 2.0


class DynamoFeatureStore:
    """The port FeatureStore. IAM: states dynamodb:BatchGetItem; put dynamodb:PutItem."""

    def __init__(
        self,
        *,
        table: str,
        client: "DynamoDBClient | None" = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._table = table
        self._client: DynamoDBClient = client or aws_client("dynamodb", attempts=8)
        self._sleep = sleep

    def states(self, group: str, entities: Sequence[str]) -> Mapping[str, ItemState]:
        """By entity; those without an item are left out."""
        found: dict[str, ItemState] = {}
        names = {item_key(group, entity): entity for entity in entities}
        for item in self._items([*names], "pk, event_time, put_at, expires"):
            expires = item.get("expires")
            found[names[item["pk"]["S"]]] = ItemState(
                event_time=read_time(item["event_time"]["S"]),
                put_at=read_time(item["put_at"]["S"]),
                expires=int(expires["N"]) if expires else None,
            )
        return found

    def put(self, group: str, row: StoredRow, *, expires: int | None) -> bool:
        """Write the row unless a newer one is there: then False. `expires`: seconds since 1970, from when on it may go."""
        event_time, put_at = write_time(row.event_time), write_time(row.put_at)
        item: dict[str, Any] = {
            "pk": {"S": item_key(group, row.entity)},
            "event_time": {"S": event_time},
            "put_at": {"S": put_at},
            "values": {"S": write_values(row.values)},
            **({} if expires is None else {"expires": {"N": str(expires)}}),
        }
        try:
            with aws_errors():
                self._client.put_item(
                    TableName=self._table,
                    Item=item,
                    ConditionExpression="attribute_not_exists(pk) OR event_time < :event_time "
                    "OR (event_time = :event_time AND put_at <= :put_at)",
                    ExpressionAttributeValues={":event_time": {"S": event_time}, ":put_at": {"S": put_at}},
                )
        except ConditionFailedError:
            return False
        return True

    def stored(self, groups: Sequence[str], entity: str) -> Mapping[str, Mapping[str, str]]:
        """What is stored about one entity, by group, as text: event_time, put_at, values, and expires where it does."""
        names = {item_key(group, entity): group for group in groups}
        return {
            names[item["pk"]["S"]]: {
                name: str(next(iter(value.values()))) for name, value in sorted(item.items()) if name != "pk"
            }
            for item in self._items([*names], None)
        }

    def _items(self, keys: Sequence[str], attributes: str | None) -> Iterator[Mapping[str, Any]]:
        for start in range(0, len(keys), _KEYS_AT_ONCE):
            few = keys[start : start + _KEYS_AT_ONCE]
            asked: dict[str, Any] = {"Keys": [{"pk": {"S": key}} for key in few], "ConsistentRead": True}
            if attributes:
                asked["ProjectionExpression"] = attributes
            yield from self._batch({self._table: asked})

    def _batch(self, asked: dict[str, Any]) -> Iterator[Mapping[str, Any]]:
        for number in range(_ROUNDS):
            with aws_errors():
                answer = self._client.batch_get_item(RequestItems=asked)
            yield from answer["Responses"].get(self._table, [])
            asked = dict(answer.get("UnprocessedKeys") or {})
            if not asked:
                return
            wait = min(_FIRST_WAIT_SECONDS * 2**number, _LONGEST_WAIT_SECONDS)
            self._sleep(random.uniform(0, wait))  # noqa: S311  (spreads retries, no secret)
        raise BackendUnavailableError(
            f"table {self._table} left keys over {_ROUNDS} times: it is throttled: try again"
        )
