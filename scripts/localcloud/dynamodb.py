"""DynamoDB whose cost depends on what a request touches, not on what the table holds.

moto copies the whole table, deeply, before every transaction, measures every item of a partition, as JSON, in every query of
it, and asks ten times of every value in an answer which of the ten kinds of values it is. A registry with a year of windows
would take seconds for each write. Seams:

* `copy` in `moto.dynamodb.models`: the backup of a table before a transaction shares its items
* `DynamoDBBackend.transact_write_items`: keeps copies of the items that the transaction names, because updates change
  them where they lie, and puts them back when it is cancelled
* `Table.query`: looks only at items whose sort key fits
* `BaseJSONSerializer._serialize_type_structure`: values of items have the form of the answer already
"""

import base64
import copy
from collections.abc import Mapping, Sequence
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

from moto.core.serialize import BaseJSONSerializer
from moto.dynamodb import models
from moto.dynamodb.comparisons import get_comparison_func
from moto.dynamodb.models.dynamo_type import DynamoType
from moto.dynamodb.models.table import Table

from scripts.localcloud import moto_seams
from scripts.localcloud.cloud import Cloud


def install(cloud: Cloud) -> None:
    """Replace what moto does about transactions and queries."""
    seams = moto_seams.of(cloud)
    if not seams.first("dynamodb"):
        return
    transact_in_moto = models.DynamoDBBackend.transact_write_items
    query_in_moto = Table.query
    serialize_in_moto = vars(BaseJSONSerializer)["_serialize_type_structure"]

    def transact_write_items(backend: Any, transact_items: list[dict[str, Any]]) -> None:
        before = _named_items(backend, transact_items)
        try:
            transact_in_moto(backend, transact_items)
        except Exception:
            for name, key, item in before:
                if item is not None:
                    _put_back(backend.tables[name], key, item)
            raise

    def query(
        table: Any,
        hash_key: Any,
        range_comparison: str | None,
        range_objs: list[Any],
        *rest: Any,
        **more: Any,
    ) -> Any:
        of_index = rest[4] if len(rest) > 4 else more.get("index_name")
        if of_index is None and table.range_key_attr:
            items = _fitting(table.items.get(hash_key, {}), range_comparison, range_objs)
            table = _sharing(table, {hash_key: items})
        return query_in_moto(table, hash_key, range_comparison, range_objs, *rest, **more)

    def serialize(serializer: Any, serialized: Any, value: Any, shape: Any, key: str) -> None:
        if shape.name == "AttributeValue":
            serialized[serializer.get_serialized_name(shape, key)] = as_answered(value)
        else:
            serialize_in_moto(serializer, serialized, value, shape, key)

    seams.replace(BaseJSONSerializer, "_serialize_type_structure", serialize)
    seams.replace(models, "copy", SimpleNamespace(deepcopy=_backup))
    seams.replace(models.DynamoDBBackend, "transact_write_items", transact_write_items)
    seams.replace(Table, "query", query)


def as_answered(value: Any) -> Any:
    """A copy of a value of an item as DynamoDB's JSON has it: numbers and bytes as text."""
    if isinstance(value, dict):
        return {kind: held if type(held) is str else as_answered(held) for kind, held in value.items()}
    if isinstance(value, list | set | tuple):
        return [as_answered(each) for each in value]
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return str(value) if type(value) in (int, float, Decimal) else value


def _backup(original: Any) -> Any:
    if not isinstance(original, Table):
        return copy.deepcopy(original)
    items = original.items
    if original.range_key_attr:
        return _sharing(original, type(items)(dict, {key: dict(rows) for key, rows in items.items()}))
    return _sharing(original, items.copy())


def _sharing(table: Any, items: Any) -> Any:
    """A table like this one that holds other items; not by copy, for moto keeps track of everything it constructs."""
    other = object.__new__(type(table))
    vars(other).update(vars(table), items=items)
    return other


def _named_items(backend: Any, transact_items: Sequence[Mapping[str, Any]]) -> list[tuple[str, Any, Any]]:
    """Table, key and a copy of each item that the operations name, as it is now; None where there is none."""
    found = []
    for operation in transact_items:
        for details in operation.values():
            table = backend.tables.get(details.get("TableName"))
            attributes = details.get("Key") or details.get("Item") or {}
            if table is not None and table.hash_key_attr in attributes:
                key = _key(table, attributes)
                found.append((table.name, key, copy.deepcopy(_item(table, key))))
    return found


def _key(table: Any, attributes: Mapping[str, Any]) -> tuple[DynamoType, DynamoType | None]:
    sort = attributes.get(table.range_key_attr) if table.range_key_attr else None
    return DynamoType(attributes[table.hash_key_attr]), None if sort is None else DynamoType(sort)


def _item(table: Any, key: tuple[DynamoType, DynamoType | None]) -> Any:
    rows = table.items.get(key[0])
    return rows if key[1] is None or rows is None else rows.get(key[1])


def _put_back(table: Any, key: tuple[DynamoType, DynamoType | None], item: Any) -> None:
    if key[1] is None:
        table.items[key[0]] = item
    else:
        table.items[key[0]][key[1]] = item


def _fitting(rows: Mapping[Any, Any], comparison: str | None, values: Sequence[Any]) -> dict[Any, Any]:
    if not comparison:
        return dict(rows)
    fits, limits = get_comparison_func(comparison), [value.cast_value for value in values]
    return {key: item for key, item in rows.items() if fits(key.cast_value, *limits)}
