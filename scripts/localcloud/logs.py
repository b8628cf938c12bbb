"""CloudWatch Logs that act on what is written: metrics out of lines, subscriptions, and real filter patterns.

moto stores lines, sends all of them to every subscription, ignores metric filters, and lets a pattern that it does not
know match everything. Seams:

* `LogStream.put_log_events`: afterwards, embedded metrics and metric filters; then the oldest lines are forgotten
* `LogStream._send_log_events`: only matching lines, Lambda later instead of under the caller's lock, and Firehose with the
  rights of the subscription's role
* `moto.logs.models.EventMessageFilter` and `LogsBackend.filter_log_events`: our patterns, streams interleaved as in AWS
* `LogsBackend.put_subscription_filter`, `LogGroup.put_subscription_filter`, `LogsBackend.put_metric_filter`: refuse bad
  patterns, replace a filter of the same name
* `LogsBackend.start_query`: refuses what moto's Logs Insights would ignore
* `moto.logs.models.utcnow`: virtual time
"""

import base64
import gzip
import json
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from typing import Any

from moto.firehose.exceptions import ResourceNotFoundException as NoSuchStream
from moto.firehose.models import firehose_backends
from moto.logs import models
from moto.logs.exceptions import InvalidParameterException, LimitExceededException, ResourceNotFoundException

from scripts.localcloud import iam, moto_seams
from scripts.localcloud.cloud import ACCOUNT_ID, REGION, Cloud
from scripts.localcloud.cloudwatch import log_metrics
from scripts.localcloud.cloudwatch.log_patterns import InvalidPatternError, Matcher, compile_pattern
from scripts.localcloud.eventing import targets, work_queue
from scripts.localcloud.iam import Access, service_roles

BATCH_BYTES = 1_000_000
"""Of lines in one envelope: packed, they fit into one record of Firehose."""
KEPT_LINES = 1_000
"""Of each stream at least, and at most twice as many: a minute of busy traffic writes more than that, and nobody reads it twice."""
UNDELIVERABLE = "Could not deliver test message to specified Firehose stream. Check if the given Firehose stream is in ACTIVE state."
INSIGHTS_COMMANDS = ("fields", "sort", "limit")


class _EventFilter:
    """Stands where moto's EventMessageFilter stood."""

    def __init__(self, pattern: str | None) -> None:
        self.matches = _matcher(pattern)


def install(cloud: Cloud) -> None:
    """Replace what moto does with log lines."""
    seams = moto_seams.of(cloud)
    if not seams.first("logs"):
        return
    put_log_events_in_moto = models.LogStream.put_log_events
    send_log_events_in_moto = models.LogStream._send_log_events  # noqa: SLF001  # the seam
    filter_log_events_in_moto = models.LogsBackend.filter_log_events
    put_subscription_filter_in_moto = models.LogsBackend.put_subscription_filter
    put_in_group_in_moto = models.LogGroup.put_subscription_filter
    put_metric_filter_in_moto = models.LogsBackend.put_metric_filter
    start_query_in_moto = models.LogsBackend.start_query

    def put_log_events(stream: Any, log_events: list[dict[str, Any]]) -> Any:
        token = put_log_events_in_moto(stream, log_events)
        log_metrics.publish(cloud, stream.log_group.name, log_events)
        if len(stream.events) > 2 * KEPT_LINES:
            del stream.events[:-KEPT_LINES]
        return token

    def send_log_events(
        stream: Any, service: str, destination_arn: str, filter_name: str, log_events: list[dict[str, Any]]
    ) -> None:
        subscription = stream.log_group.subscription_filters[filter_name]
        matches = compile_pattern(subscription.filter_pattern)
        chosen = [event | {"id": f"{event['id']:056d}"} for event in log_events if matches(event["message"])]
        if not chosen:
            return
        if service not in ("lambda", "firehose"):
            send_log_events_in_moto(stream, service, destination_arn, filter_name, chosen)
            return
        for events in _batches(chosen):
            envelope = _envelope(stream, filter_name, events)
            if service == "lambda":
                work_queue.of(cloud).add(partial(targets.invoke, cloud, destination_arn, _event(envelope)))
            elif _may_put(cloud, subscription.role_arn, destination_arn, "PutRecordBatch"):
                # AWS keeps the lines and drops what it cannot forward.
                with suppress(NoSuchStream):
                    name = destination_arn.rpartition("/")[2]
                    firehose_backends[ACCOUNT_ID][REGION].put_record_batch(name, [{"Data": envelope}])

    def filter_log_events(
        backend: Any,
        log_group_name: str,
        log_stream_names: list[str],
        start_time: int,
        end_time: int,
        limit: int | None,
        next_token: str | None,
        filter_pattern: str,
        _interleaved: bool,  # AWS: the parameter is ignored, streams are always interleaved
    ) -> Any:
        _matcher(filter_pattern)
        return filter_log_events_in_moto(
            backend,
            log_group_name,
            log_stream_names,
            start_time,
            end_time,
            limit,
            next_token,
            filter_pattern,
            True,
        )

    def put_subscription_filter(
        backend: Any,
        log_group_name: str,
        filter_name: str,
        filter_pattern: str,
        destination_arn: str,
        role_arn: str,
    ) -> None:
        _matcher(filter_pattern)
        # AWS sends a test message before it takes the filter.
        if destination_arn.split(":")[2] == "firehose" and not _may_put(
            cloud, role_arn, destination_arn, "PutRecord"
        ):
            raise InvalidParameterException(msg=UNDELIVERABLE)
        put_subscription_filter_in_moto(
            backend, log_group_name, filter_name, filter_pattern, destination_arn, role_arn
        )

    def put_in_group(group: Any, filter_name: str, *settings: str) -> None:
        others = {name: one for name, one in group.subscription_filters.items() if name != filter_name}
        if len(others) >= 2:
            raise LimitExceededException
        group.subscription_filters = others
        put_in_group_in_moto(group, filter_name, *settings)

    def put_metric_filter(
        backend: Any,
        filter_name: str,
        filter_pattern: str,
        log_group_name: str,
        transformations: list[dict[str, Any]],
    ) -> None:
        if log_group_name not in backend.groups:
            raise ResourceNotFoundException
        _matcher(filter_pattern)
        for transformation in transformations:
            try:
                log_metrics.check(transformation)
            except ValueError as error:
                raise InvalidParameterException(msg=f"Invalid metric transformation: {error}") from error
        backend.delete_metric_filter(filter_name, log_group_name)
        put_metric_filter_in_moto(backend, filter_name, filter_pattern, log_group_name, transformations)

    def start_query(
        backend: Any, log_group_names: list[str], start_time: int, end_time: int, query_string: str
    ) -> Any:
        for command in query_string.split("|"):
            name = (command.split() or [""])[0].lower()
            if name not in INSIGHTS_COMMANDS:
                raise InvalidParameterException(
                    msg=f"the local cloud answers Logs Insights queries of {', '.join(INSIGHTS_COMMANDS)} only, got {name!r}"
                )
        return start_query_in_moto(backend, log_group_names, start_time, end_time, query_string)

    seams.replace(models.LogStream, "put_log_events", put_log_events)
    seams.replace(models.LogStream, "_send_log_events", send_log_events)
    seams.replace(models, "EventMessageFilter", _EventFilter)
    seams.replace(models.LogsBackend, "filter_log_events", filter_log_events)
    seams.replace(models.LogsBackend, "put_subscription_filter", put_subscription_filter)
    seams.replace(models.LogGroup, "put_subscription_filter", put_in_group)
    seams.replace(models.LogsBackend, "put_metric_filter", put_metric_filter)
    seams.replace(models.LogsBackend, "start_query", start_query)
    seams.replace(models, "utcnow", lambda: cloud.clock.now().replace(tzinfo=None))


def _matcher(pattern: str | None) -> Matcher:
    try:
        return compile_pattern(pattern or "")
    except InvalidPatternError as error:
        raise InvalidParameterException(msg=f"Invalid filter pattern: {error}") from error


def _may_put(cloud: Cloud, role_arn: str, stream_arn: str, action: str) -> bool:
    access = Access(action=f"firehose:{action}", resource=stream_arn)
    return service_roles.may(iam.of(cloud), role_arn, access, service="logs")


def _batches(events: list[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    batch: list[dict[str, Any]] = []
    size = 0
    for event in events:
        length = len(event["message"].encode())
        if batch and size + length > BATCH_BYTES:
            yield batch
            batch, size = [], 0
        batch.append(event)
        size += length
    yield batch


def _event(envelope: bytes) -> str:
    return json.dumps({"awslogs": {"data": base64.b64encode(envelope).decode()}})


def _envelope(stream: Any, filter_name: str, events: list[dict[str, Any]]) -> bytes:
    """What AWS sends to subscriptions: gzipped JSON."""
    document = {
        "messageType": "DATA_MESSAGE",
        "owner": ACCOUNT_ID,
        "logGroup": stream.log_group.name,
        "logStream": stream.log_stream_name,
        "subscriptionFilters": [filter_name],
        "logEvents": events,
    }
    return gzip.compress(json.dumps(document, separators=(",", ":")).encode(), compresslevel=1)
