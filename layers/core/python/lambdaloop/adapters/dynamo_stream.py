"""Changes of the registry table as its stream hands them to a function."""

from collections.abc import Mapping, Sequence
from typing import Any

from lambdaloop.adapters.dynamo_numbers import from_attributes
from lambdaloop.domain.documents import Document
from lambdaloop.domain.registry_change import RegistryChange


class DynamoStream:
    """Reads the batches of an event source mapping."""

    def changes(self, event: Mapping[str, Any]) -> Sequence[RegistryChange]:
        """In the order in which they happened."""
        return [_change(record["dynamodb"]) for record in event["Records"]]


def _change(record: Mapping[str, Any]) -> RegistryChange:
    keys = from_attributes(record["Keys"])
    return RegistryChange(
        sequence=record["SequenceNumber"],
        pk=keys["pk"],
        sk=keys["sk"],
        before=_image(record, "OldImage"),
        after=_image(record, "NewImage"),
    )


def _image(record: Mapping[str, Any], name: str) -> Document | None:
    return from_attributes(record[name]) if name in record else None
