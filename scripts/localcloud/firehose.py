"""Firehose with buffers: records wait for size or (virtual) time, are processed, and land in S3 where prefixes say.

moto writes one object per call, at once, ignoring processors, compression, expressions and the stream's role. Seams:

* `FirehoseBackend.put_record_batch` and `.put_record`: into the buffer, within AWS's limits, with injected faults
* `FirehoseBackend.create_delivery_stream` and `.update_destination`: refuse what AWS refuses or is not emulated
* `moto.firehose.models.utcnow`: virtual time

POST /_localcloud/firehose-faults {"stream": name, "fail_records": n} lets the next n records of a stream fail.
"""

import copy
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.firehose import models
from moto.firehose.exceptions import InvalidArgumentException, ResourceNotFoundException
from moto.s3.exceptions import MissingBucket
from moto.s3.models import s3_backends

from scripts.localcloud import iam, moto_seams
from scripts.localcloud.cloud import ACCOUNT_ID, REGION, Cloud
from scripts.localcloud.delivery_streams import processors, s3_objects, stream_settings
from scripts.localcloud.delivery_streams.processors import Record
from scripts.localcloud.delivery_streams.s3_objects import S3Object
from scripts.localcloud.delivery_streams.stream_settings import InvalidStreamError, StreamSettings
from scripts.localcloud.eventing import work_queue
from scripts.localcloud.iam import Access, service_roles

MAX_RECORD_BYTES = 1_024_000
MAX_BATCH_RECORDS = 500
MAX_BATCH_BYTES = 4 * 1024 * 1024
RETRY_SECONDS = 60
GIVE_UP_SECONDS = 24 * 3600
SLOW_DOWN = ("ServiceUnavailableException", "Slow down.")


@dataclass(slots=True)
class Buffer:
    """Records of one stream that wait, and which flush they wait for."""

    records: list[Record] = field(default_factory=list)
    size: int = 0
    generation: int = 0


@dataclass(slots=True)
class Buffers:
    """All buffers of the cloud, and the faults it was told to have."""

    by_stream: dict[str, Buffer] = field(default_factory=dict)
    faults: dict[str, int] = field(default_factory=dict)


class S3AccessDeniedError(Exception):
    """The role of a stream does not let it deliver."""


class ServiceUnavailableError(JsonRESTError):  # type: ignore[misc]  # moto is untyped to us
    """What PutRecord answers for a record that an injected fault refuses."""

    code = 503

    def __init__(self) -> None:
        super().__init__(*SLOW_DOWN)


def install(cloud: Cloud) -> None:
    """Replace how moto takes and delivers records."""
    seams = moto_seams.of(cloud)
    if not seams.first("firehose"):
        return
    create_in_moto = models.FirehoseBackend.create_delivery_stream
    update_in_moto = models.FirehoseBackend.update_destination

    def put_record_batch(
        backend: Any, delivery_stream_name: str, records: list[dict[str, Any]]
    ) -> dict[str, Any]:
        stream = _stream(backend, delivery_stream_name)
        _check_records(records)
        answers = [_put(cloud, stream, record["Data"]) for record in records]
        refused = sum("ErrorCode" in answer for answer in answers)
        return {"FailedPutCount": refused, "Encrypted": False, "RequestResponses": answers}

    def put_record(backend: Any, delivery_stream_name: str, record: dict[str, Any]) -> dict[str, Any]:
        [answer] = put_record_batch(backend, delivery_stream_name, [record])["RequestResponses"]
        if "ErrorCode" in answer:
            raise ServiceUnavailableError
        return {"RecordId": answer["RecordId"], "Encrypted": False}

    def create_delivery_stream(backend: Any, *settings: Any, **more: Any) -> Any:
        arn = create_in_moto(backend, *settings, **more)
        name = arn.rpartition("/")[2]
        try:
            _check_stream(backend.delivery_streams[name])
        except InvalidStreamError as error:
            backend.delete_delivery_stream(name)
            raise InvalidArgumentException(str(error)) from error
        return arn

    def update_destination(backend: Any, delivery_stream_name: str, *settings: Any, **more: Any) -> None:
        stream = _stream(backend, delivery_stream_name)
        before = copy.deepcopy(stream.destinations), stream.version_id
        update_in_moto(backend, delivery_stream_name, *settings, **more)
        try:
            _check_stream(stream)
        except InvalidStreamError as error:
            stream.destinations, stream.version_id = before
            raise InvalidArgumentException(str(error)) from error

    seams.replace(models.FirehoseBackend, "put_record_batch", put_record_batch)
    seams.replace(models.FirehoseBackend, "put_record", put_record)
    seams.replace(models.FirehoseBackend, "create_delivery_stream", create_delivery_stream)
    seams.replace(models.FirehoseBackend, "update_destination", update_destination)
    seams.replace(models, "utcnow", lambda: cloud.clock.now().replace(tzinfo=None))
    cloud.routes["POST", "firehose-faults"] = lambda request: _inject(cloud, request)


def flush(cloud: Cloud) -> None:
    """Process and deliver everything that waits, now, on this thread; call it without the lock of moto."""
    for name in list(_buffers(cloud).by_stream):
        _flush(cloud, name)


def fail_next_records(cloud: Cloud, stream: str, records: int) -> None:
    """Refuse the next `records` records that are put on a stream, as a throttled stream does."""
    with cloud.lock:
        _buffers(cloud).faults[stream] = records


def _put(cloud: Cloud, stream: Any, data: bytes) -> dict[str, str]:
    buffers, name = _buffers(cloud), stream.delivery_stream_name
    if buffers.faults.get(name, 0) > 0:
        buffers.faults[name] -= 1
        return dict(zip(("ErrorCode", "ErrorMessage"), SLOW_DOWN, strict=True))
    settings = _settings(stream)
    buffer = buffers.by_stream.setdefault(name, Buffer())
    if not buffer.records:
        _flush_later(cloud, name, settings.buffer_seconds)
    buffer.records.append(Record(data, cloud.clock.time()))
    buffer.size += len(data)
    if buffer.size >= settings.buffer_bytes:
        _flush_later(cloud, name, 0)
    return {"RecordId": uuid.uuid4().hex}


def _flush_later(cloud: Cloud, name: str, seconds: float) -> None:
    generation = _buffers(cloud).by_stream[name].generation

    def flush_if_waiting() -> None:
        if _buffers(cloud).by_stream[name].generation == generation:
            _flush(cloud, name)

    work_queue.of(cloud).add(flush_if_waiting, due=cloud.clock.time() + seconds)


def _flush(cloud: Cloud, name: str) -> None:
    with cloud.lock:
        stream = models.firehose_backends[ACCOUNT_ID][REGION].delivery_streams.get(name)
        buffer = _buffers(cloud).by_stream[name]
        waiting = buffer.records
        buffer.records, buffer.size, buffer.generation = [], 0, buffer.generation + 1
        if stream is None or not waiting:
            return  # AWS too drops what a deleted stream still held
        settings, arn, version = _settings(stream), stream.delivery_stream_arn, stream.version_id
    records, failures = processors.run(cloud, arn, settings.processors, waiting)  # may wait for a function
    naming = s3_objects.Naming(name, version, cloud.clock.time(), cloud.random)
    objects = s3_objects.delivered(settings, naming, records) + s3_objects.failed(settings, naming, failures)
    with cloud.lock:
        try:
            _deliver(cloud, settings, objects)
        except (MissingBucket, S3AccessDeniedError):
            _put_back(cloud, name, waiting)


def _deliver(cloud: Cloud, settings: StreamSettings, objects: Sequence[S3Object]) -> None:
    for one in objects:
        access = Access(action="s3:PutObject", resource=f"arn:aws:s3:::{settings.bucket}/{one.key}")
        if not service_roles.may(iam.of(cloud), settings.role, access, service="firehose"):
            raise S3AccessDeniedError
    for one in objects:
        s3_backends[ACCOUNT_ID]["aws"].put_object(settings.bucket, one.key, one.body)


def _put_back(cloud: Cloud, name: str, records: list[Record]) -> None:
    """AWS tries for a day to deliver to a bucket that is not there, or that the role may not write to."""
    buffer = _buffers(cloud).by_stream[name]
    young = [record for record in records if cloud.clock.time() - record.arrived < GIVE_UP_SECONDS]
    buffer.records = young + buffer.records
    buffer.size = sum(len(record.data) for record in buffer.records)
    if buffer.records:
        _flush_later(cloud, name, RETRY_SECONDS)


def _buffers(cloud: Cloud) -> Buffers:
    return moto_seams.of(cloud).part(Buffers, Buffers)


def _stream(backend: Any, name: str) -> Any:
    if name not in backend.delivery_streams:
        raise ResourceNotFoundException(f"Firehose {name} under account {ACCOUNT_ID} not found.")
    return backend.delivery_streams[name]


def _settings(stream: Any) -> StreamSettings:
    destination = stream.destinations[0]
    return stream_settings.read(destination.get("ExtendedS3") or destination["S3"])


def _check_stream(stream: Any) -> None:
    if not stream.destinations[0].keys() & {"S3", "ExtendedS3"}:
        raise InvalidStreamError("only S3 destinations are emulated locally")
    if stream.delivery_stream_type != "DirectPut":
        raise InvalidStreamError(
            f"only DirectPut streams are emulated locally, got {stream.delivery_stream_type}"
        )
    _settings(stream)


def _check_records(records: list[dict[str, Any]]) -> None:
    sizes = [len(record["Data"]) for record in records]
    if len(records) > MAX_BATCH_RECORDS or sum(sizes) > MAX_BATCH_BYTES:
        raise InvalidArgumentException("Records size exceeds 4 MB limit or 500 records.")
    if max(sizes) > MAX_RECORD_BYTES:
        raise InvalidArgumentException(f"Record size exceeds {MAX_RECORD_BYTES} bytes.")


def _inject(cloud: Cloud, request: Mapping[str, Any]) -> dict[str, Any]:
    stream, records = request.get("stream"), request.get("fail_records")
    if (
        request.keys() != {"stream", "fail_records"}
        or not isinstance(stream, str)
        or not isinstance(records, int)
    ):
        raise ValueError(f"give stream (a name) and fail_records (a number), got {dict(request)}")
    fail_next_records(cloud, stream, records)
    return dict(request)
