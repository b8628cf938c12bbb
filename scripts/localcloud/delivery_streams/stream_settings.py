"""What a delivery stream is told to do, checked once: settings that Firehose refuses or that we do not emulate."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from scripts.localcloud.delivery_streams import prefixes, processors
from scripts.localcloud.delivery_streams.prefixes import InvalidPrefixError
from scripts.localcloud.delivery_streams.processors import InvalidProcessorError

MEGABYTE = 1024 * 1024


class InvalidStreamError(ValueError):
    """A delivery stream that cannot work, or not here."""


@dataclass(frozen=True, slots=True)
class StreamSettings:
    """How records of a stream become objects."""

    bucket: str
    role: str
    prefix: str
    error_prefix: str
    suffix: str
    gzipped: bool
    buffer_bytes: int
    buffer_seconds: int
    zone: ZoneInfo
    partitioned: bool
    processors: Sequence[Mapping[str, Any]]


def read(destination: Mapping[str, Any]) -> StreamSettings:
    """Settings of an S3 or extended S3 destination.

    Raises InvalidStreamError.
    """
    hints = destination.get("BufferingHints") or {}
    compression = destination.get("CompressionFormat") or "UNCOMPRESSED"
    partitioned = bool((destination.get("DynamicPartitioningConfiguration") or {}).get("Enabled"))
    processing = destination.get("ProcessingConfiguration") or {}
    settings = StreamSettings(
        bucket=str(destination["BucketARN"]).rpartition(":")[2],
        role=str(destination["RoleARN"]),
        prefix=destination.get("Prefix") or "",
        error_prefix=destination.get("ErrorOutputPrefix") or "",
        suffix=destination.get("FileExtension") or (".gz" if compression == "GZIP" else ""),
        gzipped=compression == "GZIP",
        buffer_bytes=int(hints.get("SizeInMBs", 64 if partitioned else 5)) * MEGABYTE,
        buffer_seconds=int(hints.get("IntervalInSeconds", 300)),
        zone=_zone(destination.get("CustomTimeZone") or "UTC"),
        partitioned=partitioned,
        processors=(processing.get("Processors") or []) if processing.get("Enabled") else [],
    )
    _check_emulated(destination, compression)
    try:
        _check(settings)
    except (InvalidPrefixError, InvalidProcessorError) as error:
        raise InvalidStreamError(str(error)) from error
    return settings


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise InvalidStreamError(f"unknown CustomTimeZone {name!r}") from error


def _check_emulated(destination: Mapping[str, Any], compression: str) -> None:
    if compression not in ("UNCOMPRESSED", "GZIP"):
        raise InvalidStreamError(
            f"compression {compression!r} is not emulated locally, use UNCOMPRESSED or GZIP"
        )
    if (destination.get("DataFormatConversionConfiguration") or {}).get("Enabled"):
        raise InvalidStreamError("data format conversion is not emulated locally")
    if (destination.get("S3BackupMode") or "Disabled") != "Disabled":
        raise InvalidStreamError("S3BackupMode is not emulated locally")


def _check(settings: StreamSettings) -> None:
    if not MEGABYTE <= settings.buffer_bytes <= 128 * MEGABYTE or not 0 <= settings.buffer_seconds <= 900:
        raise InvalidStreamError("BufferingHints must be 1 to 128 MB and 0 to 900 seconds")
    if settings.partitioned and settings.buffer_bytes < 64 * MEGABYTE:
        raise InvalidStreamError(
            "BufferingHints.SizeInMBs must be at least 64 when Dynamic Partitioning is enabled."
        )
    if settings.partitioned and not settings.error_prefix:
        raise InvalidStreamError("ErrorOutputPrefix must be given when Dynamic Partitioning is enabled.")
    if prefixes.has_expressions(settings.prefix) and not settings.error_prefix:
        raise InvalidStreamError(
            "ErrorOutputPrefix cannot be null or empty when Prefix contains expressions."
        )
    processors.check(settings.processors)
    keys = processors.query_keys(settings.processors)
    functions = any(processor["Type"] == "Lambda" for processor in settings.processors)
    if keys and not settings.partitioned:
        raise InvalidStreamError("MetadataExtraction needs Dynamic Partitioning to be enabled.")
    prefixes.check(
        settings.prefix,
        for_errors=False,
        query_keys=keys if settings.partitioned else frozenset(),
        lambda_keys=functions and settings.partitioned,
    )
    prefixes.check(settings.error_prefix, for_errors=True, query_keys=frozenset(), lambda_keys=False)
