"""The processors of a delivery stream, one after the other: records in, records and failures out."""

import base64
import codecs
import gzip
import json
import uuid
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from scripts.localcloud import json_path
from scripts.localcloud.cloud import REGION, Cloud
from scripts.localcloud.delivery_streams import metadata_queries
from scripts.localcloud.eventing import targets

LAMBDA_RETRIES = 3
LAMBDA_BATCH = 500  # records of one invocation


@dataclass(frozen=True, slots=True)
class Record:
    """Bytes on their way, when they arrived (seconds), and the partition keys found so far."""

    data: bytes
    arrived: float
    keys: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Failure:
    """A record that goes under the error prefix instead; `kind` is what !{firehose:error-output-type} becomes."""

    record: Record
    kind: str
    code: str
    message: str


class InvalidProcessorError(ValueError):
    """A processor that Firehose refuses, or that the local cloud does not emulate."""


class _RecordError(Exception):
    """Why one record cannot be processed."""

    def __init__(self, code: str, message: str, kind: str = "processing-failed") -> None:
        super().__init__(message)
        self.code = code
        self.kind = kind


_Step = Callable[[Record], Iterator[Record]]


def parameters(processor: Mapping[str, Any]) -> dict[str, str]:
    """The parameters of a processor by name."""
    return {one["ParameterName"]: one["ParameterValue"] for one in processor.get("Parameters") or []}


def check(processors: Sequence[Mapping[str, Any]]) -> None:
    """Raise InvalidProcessorError for processors that cannot run here."""
    kinds = [processor["Type"] for processor in processors]
    for processor in processors:
        if processor["Type"] != "Lambda":
            _step(processor)
        elif "LambdaArn" not in parameters(processor):
            raise InvalidProcessorError("a Lambda processor needs the parameter LambdaArn")
    if "CloudWatchLogProcessing" in kinds and "Decompression" not in kinds:
        raise InvalidProcessorError("CloudWatchLogProcessing needs Decompression")


def query_keys(processors: Sequence[Mapping[str, Any]]) -> frozenset[str]:
    """Partition keys that metadata extraction makes.

    Raises InvalidProcessorError.
    """
    queries = [
        parameters(one)["MetadataExtractionQuery"]
        for one in processors
        if one["Type"] == "MetadataExtraction"
    ]
    return frozenset(key for query in queries for key in _metadata_paths(query))


def run(
    cloud: Cloud, stream_arn: str, processors: Sequence[Mapping[str, Any]], records: list[Record]
) -> tuple[list[Record], list[Failure]]:
    """Process records; call it without the lock of moto, because a processor may be a Lambda function."""
    failures: list[Failure] = []
    for processor in processors:
        if processor["Type"] == "Lambda":
            records, failed = _transform(cloud, stream_arn, parameters(processor), records)
        else:
            records, failed = _each(_step(processor), records)
        failures += failed
    return records, failures


def _each(step: _Step, records: list[Record]) -> tuple[list[Record], list[Failure]]:
    done: list[Record] = []
    failures: list[Failure] = []
    for record in records:
        try:
            done += list(step(record))
        except _RecordError as error:
            failures.append(Failure(record, error.kind, error.code, str(error)))
    return done, failures


def _step(processor: Mapping[str, Any]) -> _Step:
    given = parameters(processor)
    match processor["Type"]:
        case "Decompression":
            if given.get("CompressionFormat", "GZIP") != "GZIP":
                raise InvalidProcessorError(f"Decompression knows GZIP, got {given['CompressionFormat']!r}")
            return _decompress
        case "CloudWatchLogProcessing":
            return (
                _extract_messages
                if given.get("DataMessageExtraction") == "true"
                else lambda record: iter([record])
            )
        case "RecordDeAggregation":
            return _de_aggregate(given)
        case "MetadataExtraction":
            return _extract_metadata(given)
        case "AppendDelimiterToRecord":
            delimiter = codecs.decode(given.get("Delimiter", "\\n"), "unicode_escape").encode()
            return lambda record: iter([replace(record, data=record.data + delimiter)])
    raise InvalidProcessorError(f"processor {processor['Type']!r} is not emulated locally")


def _decompress(record: Record) -> Iterator[Record]:
    try:
        yield replace(record, data=gzip.decompress(record.data))
    except (OSError, EOFError, zlib.error) as error:
        raise _RecordError("Decompression.Failed", f"the record is not gzip: {error}") from error


def _extract_messages(record: Record) -> Iterator[Record]:
    """One record per log event. Nothing is added between them: that is AppendDelimiterToRecord's job."""
    try:
        envelope = json.loads(record.data)
        kind, events = envelope["messageType"], envelope["logEvents"]
    except (ValueError, KeyError, TypeError) as error:
        raise _RecordError(
            "CloudWatchLogProcessing.Failed", f"no CloudWatch Logs envelope: {error}"
        ) from error
    if kind == "DATA_MESSAGE":  # a CONTROL_MESSAGE only probes whether the destination is there
        for event in events:
            yield replace(record, data=event["message"].encode())


def _de_aggregate(given: Mapping[str, str]) -> _Step:
    kind = given.get("SubRecordType")
    if kind == "JSON":
        return _split_json
    if kind == "DELIMITED" and given.get("Delimiter"):
        delimiter = base64.b64decode(given["Delimiter"])
        return lambda record: (replace(record, data=part) for part in record.data.split(delimiter) if part)
    raise InvalidProcessorError(
        f"RecordDeAggregation needs SubRecordType JSON, or DELIMITED and Delimiter, got {given}"
    )


def _split_json(record: Record) -> Iterator[Record]:
    decoder = json.JSONDecoder()
    try:
        text = record.data.decode()
        position = 0
        while position < len(text):
            if text[position].isspace():
                position += 1
                continue
            _, end = decoder.raw_decode(text, position)
            yield replace(record, data=text[position:end].encode())
            position = end
    except ValueError as error:
        raise _RecordError("RecordDeAggregation.Failed", f"the record is not JSON: {error}") from error


def _extract_metadata(given: Mapping[str, str]) -> _Step:
    if given.get("JsonParsingEngine") != "JQ-1.6":
        raise InvalidProcessorError(f"MetadataExtraction needs JsonParsingEngine JQ-1.6, got {given}")
    paths = _metadata_paths(given.get("MetadataExtractionQuery", ""))

    def extract(record: Record) -> Iterator[Record]:
        kind, code = "metadata-extraction-failed", "DynamicPartitioning.MetadataExtractionFailed"
        try:
            document = json.loads(record.data)
        except ValueError as error:
            raise _RecordError(code, f"the record is not JSON: {error}", kind) from error
        found = {key: json_path.find(document, path) for key, path in paths.items()}
        bad = [
            key
            for key, value in found.items()
            if isinstance(value, dict | list) or value in (None, "", json_path.MISSING)
        ]
        if bad:
            raise _RecordError(code, f"partition keys must not be null or empty: {bad}", kind)
        yield replace(record, keys={**record.keys, **{key: _as_text(value) for key, value in found.items()}})

    return extract


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _metadata_paths(query: str) -> dict[str, json_path.Path]:
    try:
        return metadata_queries.parse(query)
    except metadata_queries.InvalidQueryError as error:
        raise InvalidProcessorError(str(error)) from error


def _transform(
    cloud: Cloud, stream_arn: str, given: Mapping[str, str], records: list[Record]
) -> tuple[list[Record], list[Failure]]:
    done: list[Record] = []
    failures: list[Failure] = []
    for start in range(0, len(records), LAMBDA_BATCH):
        batch = {str(uuid.uuid4()): record for record in records[start : start + LAMBDA_BATCH]}
        try:
            answers = _invoke(cloud, stream_arn, given, batch)
        except targets.DeliveryError as error:
            failures += [
                Failure(record, "processing-failed", error.code, error.message) for record in batch.values()
            ]
            continue
        for number, record in batch.items():
            answer = answers.get(number) or {"result": "missing"}
            if answer["result"] == "Ok":
                keys = (answer.get("metadata") or {}).get("partitionKeys") or {}
                data = base64.b64decode(answer["data"])
                done.append(replace(record, data=data, keys={**record.keys, **keys}))
            elif answer["result"] != "Dropped":
                message = "ProcessingFailed status set for record" if answer["result"] == "ProcessingFailed" else (
                    f"the function returned no valid result for the record: {answer['result']}"
                )  # fmt: skip
                failures.append(
                    Failure(record, "processing-failed", "Lambda.ProcessingFailedStatus", message)
                )
    return done, failures


def _invoke(
    cloud: Cloud, stream_arn: str, given: Mapping[str, str], batch: Mapping[str, Record]
) -> dict[str, dict[str, Any]]:
    event = {
        "invocationId": str(uuid.uuid4()),
        "deliveryStreamArn": stream_arn,
        "region": REGION,
        "records": [
            {
                "recordId": number,
                "approximateArrivalTimestamp": int(record.arrived * 1000),
                "data": base64.b64encode(record.data).decode(),
            }
            for number, record in batch.items()
        ],
    }
    attempts = int(given.get("NumberOfRetries", LAMBDA_RETRIES)) + 1
    for attempt in range(1, attempts + 1):
        try:
            answer = json.loads(targets.invoke_and_wait(cloud, given["LambdaArn"], json.dumps(event)))
            return {one["recordId"]: one for one in answer["records"]}
        except targets.DeliveryError as error:
            if attempt == attempts or not error.retryable:
                raise
        except (ValueError, KeyError, TypeError) as error:
            raise targets.DeliveryError(
                "Lambda.JsonProcessingException", str(error), retryable=False
            ) from error
    raise AssertionError("the last attempt returns or raises")
