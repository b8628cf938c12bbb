"""Writes what invocations leave behind, log lines and AWS/Lambda metrics, into moto, off the hot path."""

import logging
import queue
import threading
import time
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from moto.cloudwatch.models import cloudwatch_backends
from moto.logs.models import logs_backends

from scripts.localcloud.cloud import ACCOUNT_ID, REGION, Cloud
from scripts.localcloud.iam import Access, Iam, Principal

logger = logging.getLogger(__name__)

_GATHER_SECONDS = 0.02  # one batch for many invocations: writing each at once would slow the next one down


@dataclass(frozen=True, slots=True, kw_only=True)
class LogEvent:
    """One message for a log stream; `principal` needs the right to write it, None is an AWS service."""

    principal: Principal | None
    group: str
    stream: str
    time_ms: int
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Datum:
    """One value of an AWS/Lambda metric; `time` in virtual seconds since the epoch."""

    name: str
    value: float
    unit: str
    dimensions: tuple[tuple[str, str], ...]
    time: float


@dataclass(slots=True)
class _Flush:
    done: threading.Event = field(default_factory=threading.Event)


class Recorder:
    """A queue and the one thread that empties it, in batches, holding the cloud's lock."""

    def __init__(self, cloud: Cloud, iam: Iam) -> None:
        self._cloud = cloud
        self._iam = iam
        self._queue: queue.Queue[LogEvent | Datum | _Flush | None] = queue.Queue()
        self._streams: set[tuple[str, str]] = set()
        self._thread = threading.Thread(target=self._run, daemon=True, name="lambda logs and metrics")
        self._thread.start()

    def put(self, item: LogEvent | Datum) -> None:
        """Take one log event or one value; returns at once."""
        self._queue.put(item)

    def flush(self, timeout: float = 10) -> None:
        """Wait until everything that was put before is in moto.

        Raises TimeoutError when that takes too long.
        """
        marker = _Flush()
        self._queue.put(marker)
        if not marker.done.wait(timeout):
            raise TimeoutError(f"lambda logs and metrics were not written within {timeout} seconds")

    @property
    def unwritten(self) -> int:
        """How many items were put and are not in moto yet."""
        return self._queue.unfinished_tasks

    def close(self) -> None:
        """Write what is left and stop."""
        self._queue.put(None)
        self._thread.join(timeout=10)

    def _run(self) -> None:
        while True:
            batch = [self._queue.get()]
            time.sleep(_GATHER_SECONDS)
            while not self._queue.empty():
                batch.append(self._queue.get())
            try:
                with self._cloud.lock:
                    self._write_logs(item for item in batch if isinstance(item, LogEvent))
                    self._write_metrics(item for item in batch if isinstance(item, Datum))
            except Exception:
                # The boundary of a thread that must live as long as the local cloud: subscribers of a log group
                # and metric hooks run in here, and their failure must not silence every later log line.
                logger.exception("writing lambda logs and metrics failed")
            for item in batch:
                if isinstance(item, _Flush):
                    item.done.set()
                self._queue.task_done()
            if None in batch:
                return

    def _write_logs(self, events: Iterable[LogEvent]) -> None:
        streams: defaultdict[tuple[str, str], list[LogEvent]] = defaultdict(list)
        for event in events:
            streams[event.group, event.stream].append(event)
        backend = logs_backends[ACCOUNT_ID][REGION]
        for (group, stream), lines in streams.items():
            if self._may_write(lines[0].principal, group, stream, exists=group in backend.groups):
                backend.ensure_log_group(group)
                backend.ensure_log_stream(group, stream)
                # Not through the backend: it drops what is far from the machine's time, and ours is virtual.
                backend.groups[group].put_log_events(
                    stream, [{"timestamp": line.time_ms, "message": line.message} for line in lines]
                )

    def _may_write(self, principal: Principal | None, group: str, stream: str, *, exists: bool) -> bool:
        """Lambda writes logs with the role of the function, and silently writes none without the right."""
        if principal is None:
            return True
        prefix = f"arn:aws:logs:{REGION}:{ACCOUNT_ID}:log-group:{group}:log-stream:"
        wanted = [Access(action="logs:PutLogEvents", resource=prefix + stream)]
        if (group, stream) not in self._streams:
            wanted.insert(0, Access(action="logs:CreateLogStream", resource=prefix))
        if not exists:
            wanted.insert(0, Access(action="logs:CreateLogGroup", resource=prefix))
        for access in wanted:
            if not self._iam.authorize(principal, access).allowed:
                logger.warning(
                    "%s may not %s on %s: its log lines are lost", principal.arn, access.action, group
                )
                return False
        self._streams.add((group, stream))
        return True

    def _write_metrics(self, data: Iterable[Datum]) -> None:
        metric_data: list[dict[str, Any]] = [
            {
                "MetricName": datum.name,
                "Value": datum.value,
                "Unit": datum.unit,
                "Timestamp": datetime.fromtimestamp(datum.time, UTC).replace(tzinfo=None),  # as moto keeps it
                "Dimensions": [{"Name": name, "Value": value} for name, value in datum.dimensions],
            }
            for datum in data
        ]
        if metric_data:
            cloudwatch_backends[ACCOUNT_ID][REGION].put_metric_data("AWS/Lambda", metric_data)
