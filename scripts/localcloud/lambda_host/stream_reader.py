"""Hands the changes of one stream to one function: in order, in batches, each until it is taken, given up or too old."""

import json
import logging
import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from scripts.localcloud.change_streams import Record
from scripts.localcloud.eventing import work_queue
from scripts.localcloud.iam.policy import Access
from scripts.localcloud.lambda_host.destinations import deliver_document
from scripts.localcloud.lambda_host.errors import LambdaApiError
from scripts.localcloud.lambda_host.names import parse_name

if TYPE_CHECKING:
    from scripts.localcloud.lambda_host.host import LambdaHost, Outcome

logger = logging.getLogger(__name__)

READING = ("dynamodb:DescribeStream", "dynamodb:GetShardIterator", "dynamodb:GetRecords")
LISTING = "dynamodb:ListStreams"
_LONGEST_PAUSE_SECONDS = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class MappingSettings:
    """An event source mapping."""

    uuid: str
    function: str
    """ARN."""
    source: str
    """ARN of the stream."""
    batch_size: int
    retries: int | None
    """None: for ever."""
    max_age_seconds: int | None
    """None: as long as the stream keeps records."""
    bisect: bool
    partial: bool
    """Whether the function says which records it failed on."""
    on_failure: str | None
    wanted: Callable[[Record], bool]
    """The filter."""


@dataclass(slots=True)
class _Batch:
    records: list[Record]
    tries: int = 0


@dataclass(slots=True)
class StreamReader:
    """The one shard of a stream: nothing is handed over before what lies in front of it."""

    host: "LambdaHost"
    settings: MappingSettings
    _guard: threading.Lock = field(default_factory=threading.Lock)
    _waiting: deque[Record] = field(default_factory=deque)
    _batches: deque[_Batch] = field(default_factory=deque)
    _working: bool = False
    _paused: bool = False
    _closed: bool = False

    def take(self, record: Record) -> None:
        """A change has happened: it is delivered soon, by another thread."""
        if not self.settings.wanted(record):
            return
        with self._guard:
            self._waiting.append(record)
        self._work()

    def close(self) -> None:
        """Deliver nothing more."""
        with self._guard:
            self._closed = True

    def busy(self) -> bool:
        """Whether something is delivered, or could be."""
        with self._guard:
            return self._working or (bool(self._waiting or self._batches) and not self._paused)

    def check_rights(self) -> str | None:
        """The first right that the function's role lacks for reading the stream."""
        source = self.settings.source
        return next((each for each in (*READING, LISTING) if not self._may(each, source)), None)

    def _may(self, action: str, resource: str) -> bool:
        principals = self.host.iam.principals
        function = self.host.find(parse_name(self.settings.function))
        principal = principals.for_function(role_arn=function.role, function_name=function.function_name)
        try:
            return self.host.iam.authorize(principal, Access(action=action, resource=resource)).allowed
        finally:
            principals.forget(principal)

    def _work(self) -> None:
        with self._guard:
            if self._working or self._paused or self._closed:
                return
            self._working = True
        threading.Thread(target=self._deliver_all, daemon=True, name="lambda stream").start()

    def _resume(self) -> None:
        with self._guard:
            self._paused = False
        self._work()

    def _deliver_all(self) -> None:
        while (batch := self._next()) is not None:
            self._attempt(batch)

    def _next(self) -> _Batch | None:
        with self._guard:
            if not self._batches and self._waiting:
                size = min(self.settings.batch_size, len(self._waiting))
                self._batches.append(_Batch([self._waiting.popleft() for _ in range(size)]))
            if self._closed or self._paused or not self._batches:
                self._working = False
                return None
            return self._batches.popleft()

    def _attempt(self, batch: _Batch) -> None:
        clock = self.host.cloud.clock
        oldest = batch.records[0]["dynamodb"]["ApproximateCreationDateTime"]
        limit = self.settings.max_age_seconds
        # Not before the first try: a jump of the clock must not age what is on its way at this very moment.
        if limit is not None and batch.tries and clock.time() - oldest > limit:
            self._give_up(batch, "RecordAgeExceeded")
            return
        left = self._left_over(batch)
        if left:
            self._again(batch, left)

    def _left_over(self, batch: _Batch) -> list[Record]:
        """What the function did not take."""
        try:
            if not self._may("dynamodb:GetRecords", self.settings.source):
                return batch.records
            target = self.host.target(parse_name(self.settings.function))
            outcome = self.host.run(target, json.dumps({"Records": batch.records}).encode())
        except LambdaApiError:  # throttled, or not active: AWS tries again
            return batch.records
        if outcome.failed:
            return batch.records
        return self._from_first_failure(batch, outcome) if self.settings.partial else []

    def _from_first_failure(self, batch: _Batch, outcome: "Outcome") -> list[Record]:
        """Everything from the first record on that the function names; all of it where the answer makes no sense."""
        answer = json.loads(outcome.payload or b"null")
        named = answer.get("batchItemFailures") if isinstance(answer, Mapping) else None
        if not named:
            return []
        failed = {each.get("itemIdentifier") if isinstance(each, Mapping) else None for each in named}
        numbers = [record["dynamodb"]["SequenceNumber"] for record in batch.records]
        if not failed <= set(numbers):
            return batch.records
        return batch.records[min(map(numbers.index, failed)) :]

    def _again(self, batch: _Batch, left: list[Record]) -> None:
        partial = len(left) < len(batch.records)
        tries = 1 if partial else batch.tries + 1
        if self.settings.bisect and len(left) > 1 and not partial:
            middle = len(left) // 2  # does not count as a try, in AWS either
            halves = [_Batch(left[:middle], batch.tries), _Batch(left[middle:], batch.tries)]
            with self._guard:
                self._batches.extendleft(reversed(halves))
            return
        if self.settings.retries is not None and tries > self.settings.retries:
            self._give_up(_Batch(left, tries), "RetryAttemptsExhausted")
            return
        with self._guard:
            self._batches.appendleft(_Batch(left, tries))
            self._paused = True
        pause = min(2.0 ** (tries - 1), _LONGEST_PAUSE_SECONDS)
        cloud = self.host.cloud
        work_queue.of(cloud).add(self._resume, due=cloud.clock.time() + pause)

    def _give_up(self, batch: _Batch, condition: str) -> None:
        logger.warning("%s gives up %s changes: %s", self.settings.function, len(batch.records), condition)
        if self.settings.on_failure is None:
            return
        numbers = [record["dynamodb"]["SequenceNumber"] for record in batch.records]
        document = {
            "version": "1.0",
            "timestamp": self.host.cloud.clock.now()
            .isoformat(timespec="milliseconds")
            .replace("+00:00", "Z"),
            "requestContext": {
                "functionArn": self.settings.function,
                "condition": condition,
                "approximateInvokeCount": batch.tries,
            },
            "DDBStreamBatchInfo": {
                "shardId": "shardId-00000000000000000000-00000000",
                "startSequenceNumber": numbers[0],
                "endSequenceNumber": numbers[-1],
                "batchSize": len(numbers),
                "streamArn": self.settings.source,
            },
        }
        try:
            deliver_document(
                self.host, parse_name(self.settings.function), self.settings.on_failure, document
            )
        except (ClientError, BotoCoreError, LambdaApiError):
            # Not allowed or not there; in AWS only a metric would tell.
            logger.exception("a batch could not be handed to %s", self.settings.on_failure)
