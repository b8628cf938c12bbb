"""The objects that a flushed buffer becomes: their keys, their bytes, and how failures look."""

import base64
import gzip
import json
import random
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from scripts.localcloud.delivery_streams import prefixes
from scripts.localcloud.delivery_streams.processors import Failure, Record
from scripts.localcloud.delivery_streams.stream_settings import StreamSettings


@dataclass(frozen=True, slots=True)
class S3Object:
    """A key and its content."""

    key: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Naming:
    """What object names are made of besides the prefix."""

    stream: str
    version: str
    now: float
    rng: random.Random


def delivered(settings: StreamSettings, naming: Naming, records: Iterable[Record]) -> list[S3Object]:
    """One object per combination of partition keys."""
    partitions: dict[tuple[tuple[str, str], ...], list[Record]] = {}
    for record in records:
        keys = tuple(sorted(record.keys.items())) if settings.partitioned else ()
        partitions.setdefault(keys, []).append(record)
    prefix = settings.prefix
    if not prefixes.has_expressions(prefix):
        prefix += prefixes.DEFAULT_TIME
    objects = []
    for keys, members in partitions.items():
        moment = _oldest(settings, members)
        path = prefixes.expand(prefix, moment, naming.rng, keys=dict(keys))
        body = b"".join(record.data for record in members)
        if settings.gzipped:
            body = gzip.compress(body, mtime=0)
        objects.append(S3Object(f"{path}{_name(settings, naming)}{settings.suffix}", body))
    return objects


def failed(settings: StreamSettings, naming: Naming, failures: Iterable[Failure]) -> list[S3Object]:
    """One object of JSON lines per kind of failure."""
    kinds: dict[str, list[Failure]] = {}
    for failure in failures:
        kinds.setdefault(failure.kind, []).append(failure)
    prefix = settings.error_prefix or f"{settings.prefix}!{{firehose:error-output-type}}/"
    if not prefixes.has_expressions(prefix.replace("!{firehose:error-output-type}", "")):
        prefix += prefixes.DEFAULT_TIME
    objects = []
    for kind, members in kinds.items():
        moment = _oldest(settings, [failure.record for failure in members])
        path = prefixes.expand(prefix, moment, naming.rng, error_type=kind)
        lines = [json.dumps(_described(failure, naming.now)) for failure in members]
        objects.append(S3Object(f"{path}{_name(settings, naming)}", ("\n".join(lines) + "\n").encode()))
    return objects


def _oldest(settings: StreamSettings, records: list[Record]) -> datetime:
    return datetime.fromtimestamp(min(record.arrived for record in records), settings.zone)


def _name(settings: StreamSettings, naming: Naming) -> str:
    moment = datetime.fromtimestamp(naming.now, settings.zone).strftime("%Y-%m-%d-%H-%M-%S")
    unique = "-".join(prefixes.random_text(naming.rng, length).lower() for length in (8, 4, 4, 4, 12))
    return f"{naming.stream}-{naming.version}-{moment}-{unique}"


def _described(failure: Failure, now: float) -> dict[str, object]:
    return {
        "attemptsMade": 1,
        "arrivalTimestamp": int(failure.record.arrived * 1000),
        "errorCode": failure.code,
        "errorMessage": failure.message,
        "attemptEndingTimestamp": int(now * 1000),
        "rawData": base64.b64encode(failure.record.data).decode(),
    }
