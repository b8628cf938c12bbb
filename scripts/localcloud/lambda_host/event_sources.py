"""Event source mappings: which function reads which stream, and how. Only streams of DynamoDB are read."""

import json
import threading
import uuid
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from moto.dynamodb.models import dynamodb_backends
from moto.events.models import EventPattern

from scripts.localcloud import change_streams
from scripts.localcloud.change_streams import Record
from scripts.localcloud.cloud import ACCOUNT_ID, REGION
from scripts.localcloud.lambda_host.errors import (
    InvalidParameterError,
    NotEmulatedError,
    ResourceConflictError,
    ResourceNotFoundError,
)
from scripts.localcloud.lambda_host.names import FunctionName, parse_name
from scripts.localcloud.lambda_host.stream_reader import MappingSettings, StreamReader

if TYPE_CHECKING:
    from scripts.localcloud.lambda_host.host import LambdaHost

_KNOWN = frozenset(
    {
        "BatchSize",
        "BisectBatchOnFunctionError",
        "DestinationConfig",
        "EventSourceArn",
        "FilterCriteria",
        "FunctionName",
        "FunctionResponseTypes",
        "MaximumRecordAgeInSeconds",
        "MaximumRetryAttempts",
        "StartingPosition",
        "Tags",
    }
)
_MOST_RECORDS = 10_000
_MOST_FILTERS = 5


class EventSources:
    """The mappings of all functions."""

    def __init__(self, host: "LambdaHost") -> None:
        self._host = host
        self._guard = threading.Lock()
        self._mappings: dict[str, tuple[dict[str, Any], StreamReader]] = {}

    def create(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Begin to read; LambdaApiError for what AWS refuses or this cloud does not do."""
        if unknown := sorted(
            name for name in request.keys() - _KNOWN if request[name] not in (None, 0, True)
        ):
            raise NotEmulatedError(f"event source mappings with {', '.join(unknown)}")
        reader = StreamReader(self._host, self._settings(request))
        source = reader.settings.source
        with self._guard:
            if any(self._is_same(each, reader.settings) for _, each in self._mappings.values()):
                raise ResourceConflictError(f"{reader.settings.function} reads {source} already")
        if missing := reader.check_rights():
            raise InvalidParameterError(
                f"Cannot access stream {source}. Please ensure the role can perform the GetRecords, GetShardIterator, "
                f"DescribeStream, and ListStreams Actions on your stream in IAM (it lacks {missing})."
            )
        document = _described(request, reader.settings, self._host.cloud.clock.time())
        with self._guard:
            self._mappings[reader.settings.uuid] = document, reader
        change_streams.of(self._host.cloud).read(source, reader.settings.uuid, reader.take)
        return document

    def get(self, mapping: str) -> dict[str, Any]:
        """ResourceNotFoundError when there is none."""
        return self._found(mapping)[0]

    def of(self, *, function: str | None, source: str | None) -> list[dict[str, Any]]:
        """Those of a function (by its name), of a stream, or all."""
        arn = None if function is None else FunctionName(parse_name(function).name).arn
        with self._guard:
            every = [document for document, _ in self._mappings.values()]
        return [
            each
            for each in every
            if arn in (None, each["FunctionArn"]) and source in (None, each["EventSourceArn"])
        ]

    def delete(self, mapping: str) -> dict[str, Any]:
        """Read no more; ResourceNotFoundError when there is none."""
        document, reader = self._found(mapping)
        change_streams.of(self._host.cloud).forget(reader.settings.source, mapping)
        reader.close()
        with self._guard:
            self._mappings.pop(mapping, None)
        return document | {"State": "Deleting"}

    def busy(self) -> int:
        """How many streams are being read."""
        with self._guard:
            return sum(reader.busy() for _, reader in self._mappings.values())

    def close(self) -> None:
        """Deliver nothing more."""
        with self._guard:
            for _, reader in self._mappings.values():
                reader.close()

    def _found(self, mapping: str) -> tuple[dict[str, Any], StreamReader]:
        with self._guard:
            if mapping not in self._mappings:
                raise ResourceNotFoundError("The resource you requested does not exist.")
            return self._mappings[mapping]

    def _is_same(self, reader: StreamReader, settings: MappingSettings) -> bool:
        return (reader.settings.function, reader.settings.source) == (settings.function, settings.source)

    def _settings(self, request: Mapping[str, Any]) -> MappingSettings:
        name = parse_name(request["FunctionName"])
        self._host.find(name)
        source = str(request.get("EventSourceArn") or "")
        if source.split(":")[2:3] != ["dynamodb"]:
            raise NotEmulatedError(
                f"event source mappings of {source or 'no stream'}, only streams of DynamoDB"
            )
        tables = dynamodb_backends[ACCOUNT_ID][REGION].tables.values()
        if source not in {change_streams.stream_arn_of(table) for table in tables if table.stream_shard}:
            raise InvalidParameterError(f"Stream not found: {source}")
        if request.get("StartingPosition") not in ("LATEST", "TRIM_HORIZON"):
            raise InvalidParameterError("StartingPosition of a stream must be LATEST or TRIM_HORIZON")
        responses = request.get("FunctionResponseTypes") or []
        destination = ((request.get("DestinationConfig") or {}).get("OnFailure") or {}).get("Destination")
        return MappingSettings(
            uuid=str(uuid.uuid4()),
            function=name.arn,
            source=source,
            batch_size=_bounded(request, "BatchSize", 1, _MOST_RECORDS, default=100) or 100,
            retries=_bounded(request, "MaximumRetryAttempts", -1, 10_000),
            max_age_seconds=_bounded(request, "MaximumRecordAgeInSeconds", -1, 604_800),
            bisect=bool(request.get("BisectBatchOnFunctionError")),
            partial="ReportBatchItemFailures" in responses,
            on_failure=destination,
            wanted=_filter(request.get("FilterCriteria") or {}),
        )


def _bounded(
    request: Mapping[str, Any], name: str, low: int, high: int, *, default: int | None = None
) -> int | None:
    """A number; None for -1, which means without limit."""
    value = request.get(name)
    if value is None:
        return default
    if not low <= int(value) <= high:
        raise InvalidParameterError(f"{name} must be {low} to {high}, got {value}")
    return None if int(value) == -1 else int(value)


def _filter(criteria: Mapping[str, Any]) -> Callable[[Record], bool]:
    filters = criteria.get("Filters") or []
    if len(filters) > _MOST_FILTERS:
        raise InvalidParameterError(f"at most {_MOST_FILTERS} filters, got {len(filters)}")
    patterns = [EventPattern(each["Pattern"], json.loads(each["Pattern"])) for each in filters]
    return lambda record: not patterns or any(pattern.matches_event(record) for pattern in patterns)


def _described(request: Mapping[str, Any], settings: MappingSettings, now: float) -> dict[str, Any]:
    given = {
        name: request[name] for name in _KNOWN - {"FunctionName", "Tags"} if request.get(name) is not None
    }
    return {
        **given,
        "UUID": settings.uuid,
        "FunctionArn": settings.function,
        "BatchSize": settings.batch_size,
        "State": "Enabled",
        "LastModified": now,
    }
