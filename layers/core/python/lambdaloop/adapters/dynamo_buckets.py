"""Token buckets in the registry table: one number each, moved by one conditional write that nothing is read for."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from lambdaloop.adapters.aws_client import aws_client
from lambdaloop.adapters.aws_errors import ConditionFailedError, aws_errors
from lambdaloop.adapters.dynamo_keys import Key, bucket_of
from lambdaloop.domain.throttle import Throttle

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_IDLE = ("SET booked = :now + :interval", "attribute_not_exists(booked) OR booked <= :now")
"""A full bucket: what was booked is over, so the next booking starts now."""
_BUSY = ("SET booked = booked + :interval", "booked > :now AND booked <= :last")
"""One that is filling up again: one interval more, if there is room for it."""


class DynamoBuckets:
    """The port Buckets. IAM: dynamodb:UpdateItem.

    DynamoDB knows no maximum of two numbers, so there are two writes to choose from, and each holds only where it is right:
    a wrong guess changes nothing, and is answered with the number that the other one needs. What was booked last is
    remembered. Since it only grows, a memory says for sure that a bucket is empty: a flood costs no writes.
    """

    def __init__(self, *, table: str, client: "DynamoDBClient | None" = None) -> None:
        self._table = table
        self._client: DynamoDBClient = client or aws_client("dynamodb")
        self._booked: dict[Key, int] = {}

    def take(self, model: str, key: str, *, throttle: Throttle, now: datetime) -> int | None:
        """Take one request; None when there was one, and otherwise the whole seconds until there is."""
        place, at = bucket_of(model, key), round(now.timestamp() * 1_000_000)
        for _ in range(
            2
        ):  # the second guess is never wrong: nothing makes a bucket that is booked a full one
            if wait := throttle.wait(self._booked.get(place), at):
                return wait
            is_busy = self._booked.get(place, at) > at
            booked, taken = self._book(place, _BUSY if is_busy else _IDLE, throttle, at)
            self._booked[place] = max(booked, self._booked.get(place, 0))
            if taken:
                return None
        return throttle.wait(self._booked[place], at)

    def _book(self, place: Key, how: tuple[str, str], throttle: Throttle, at: int) -> tuple[int, bool]:
        """Until when the bucket is booked now, and whether it was this that did it."""
        change, condition = how
        values = {":now": at, ":interval": throttle.interval}
        if how is _BUSY:
            values[":last"] = at + throttle.tolerance
        request: dict[str, Any] = {
            "TableName": self._table,
            "Key": {"pk": {"S": place.pk}, "sk": {"S": place.sk}},
            "UpdateExpression": change,
            "ConditionExpression": condition,
            "ExpressionAttributeValues": {name: {"N": str(value)} for name, value in values.items()},
            "ReturnValues": "UPDATED_NEW",
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
        try:
            with aws_errors():
                answer = self._client.update_item(**request)
        except ConditionFailedError as refusal:
            return int(refusal.item["booked"]["N"]), False
        return int(answer["Attributes"]["booked"]["N"]), True
