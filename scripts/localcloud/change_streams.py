"""DynamoDB streams as event source mappings read them: every change of an item in order, once its transaction has succeeded.

moto notes the changes of a transaction even when it is cancelled, keeps them for ever, and measures each as JSON. Seams:

* `StreamShard.add`: hands the change on, or keeps it until the end of its transaction
* `DynamoDBBackend.transact_write_items`: the end of a transaction
"""

import threading
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from moto.dynamodb import models
from moto.dynamodb.models.table import StreamShard

from scripts.localcloud import moto_seams
from scripts.localcloud.cloud import REGION, Cloud
from scripts.localcloud.dynamodb import as_answered

Record = dict[str, Any]
"""One change, as Lambda gets it."""
Reader = Callable[[Record], None]
"""Takes a change; must return at once, for whoever made the change holds the lock of moto."""


class ChangeStreams:
    """Who reads which stream. Changes that nobody reads are forgotten."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._readers: dict[str, dict[str, Reader]] = {}
        self._number = 0
        self.waiting: list[tuple[str, Record]] | None = None
        """What the transaction under way has changed so far."""

    def read(self, stream_arn: str, name: str, reader: Reader) -> None:
        """Give the reader every change from now on."""
        with self._guard:
            self._readers.setdefault(stream_arn, {})[name] = reader

    def forget(self, stream_arn: str, name: str) -> None:
        """No more changes for this reader."""
        with self._guard:
            self._readers.get(stream_arn, {}).pop(name, None)

    def has_readers(self, stream_arn: str) -> bool:
        """Whether anybody would take a change."""
        return bool(self._readers.get(stream_arn))

    def tell(self, stream_arn: str, record: Record) -> None:
        """Hand a change to all readers, under the next sequence number."""
        with self._guard:
            self._number += 1
            record["dynamodb"]["SequenceNumber"] = f"{self._number:021d}"
            readers = list(self._readers.get(stream_arn, {}).values())
        for reader in readers:
            reader(record)


def of(cloud: Cloud) -> ChangeStreams:
    """The streams of this cloud."""
    return moto_seams.of(cloud).part(ChangeStreams, ChangeStreams)


def install(cloud: Cloud) -> None:
    """Replace what moto does about streams."""
    seams = moto_seams.of(cloud)
    if not seams.first("change_streams"):
        return
    streams = of(cloud)
    transact_before = models.DynamoDBBackend.transact_write_items

    def add(shard: Any, old: Any, new: Any) -> None:
        arn = stream_arn_of(shard.table)
        if not streams.has_readers(arn) or (old is not None and new is not None and old.attrs == new.attrs):
            return  # DynamoDB writes nothing to the stream where nothing changed
        record = _record(shard.table, arn, old, new, at=cloud.clock.time())
        if streams.waiting is None:
            streams.tell(arn, record)
        else:
            streams.waiting.append((arn, record))

    def transact_write_items(backend: Any, transact_items: list[dict[str, Any]]) -> None:
        streams.waiting = []
        try:
            transact_before(backend, transact_items)
            done = streams.waiting
        finally:
            streams.waiting = None
        for arn, record in done:
            streams.tell(arn, record)

    seams.replace(StreamShard, "add", add)
    seams.replace(models.DynamoDBBackend, "transact_write_items", transact_write_items)


def stream_arn_of(table: Any) -> str:
    """The stream of a moto table; one that has none gets an ARN that nobody reads."""
    return f"{table.table_arn}/stream/{table.latest_stream_label}"


def _record(table: Any, arn: str, old: Any, new: Any, *, at: float) -> Record:
    images = {"OldImage": _attributes(old), "NewImage": _attributes(new)}
    wanted = str(table.stream_specification["StreamViewType"])
    kept = {
        name: image
        for name, image in images.items()
        if image is not None and (wanted == "NEW_AND_OLD_IMAGES" or wanted == _SPELLED[name])
    }
    whole: Mapping[str, Any] = images["NewImage"] or images["OldImage"] or {}
    names = [table.hash_key_attr, *([table.range_key_attr] if table.range_key_attr else [])]
    kind = "INSERT" if old is None else "REMOVE" if new is None else "MODIFY"
    return {
        "eventID": uuid.uuid4().hex,
        "eventName": kind,
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": REGION,
        "dynamodb": {
            "ApproximateCreationDateTime": int(at),
            "Keys": {name: whole[name] for name in names},
            **kept,
            "StreamViewType": wanted,
        },
        "eventSourceARN": arn,
    }


_SPELLED = {"OldImage": "OLD_IMAGE", "NewImage": "NEW_IMAGE"}


def _attributes(item: Any) -> dict[str, Any] | None:
    """A copy of an item, which moto changes in place."""
    return None if item is None else as_answered(item.to_json()["Attributes"])
