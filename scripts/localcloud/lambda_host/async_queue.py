"""Asynchronous invocations: at least once, retried after one and two minutes, then handed to a destination."""

import heapq
import itertools
import json
import logging
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from scripts.localcloud.lambda_host.destinations import Record, deliver, send_to_dead_letter_queue
from scripts.localcloud.lambda_host.errors import LambdaApiError, ResourceNotFoundError
from scripts.localcloud.lambda_host.event_config import EventConfig
from scripts.localcloud.lambda_host.names import FunctionName

if TYPE_CHECKING:
    from scripts.localcloud.lambda_host.host import LambdaHost, Outcome, Target

logger = logging.getLogger(__name__)

_RETRY_SECONDS = (60.0, 120.0)
_MAX_BACKOFF_SECONDS = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Event:
    request_id: str
    name: FunctionName
    payload: bytes
    accepted: float
    failures: int = 0
    throttles: int = 0


class AsyncQueue:
    """Events that wait for their next attempt, in virtual time."""

    def __init__(self, host: "LambdaHost") -> None:
        self._host = host
        self._clock = host.cloud.clock
        self._changed = threading.Condition()  # reentrant
        self._waiting: list[tuple[float, int, _Event]] = []
        self._order = itertools.count()
        self._new_first = False
        self._closed = False
        self._attempts = 0
        threading.Thread(target=self._run, daemon=True, name="lambda events").start()

    def submit(self, name: FunctionName, payload: bytes) -> str:
        """Accept an event: its first attempt starts at once."""
        event = _Event(
            request_id=str(uuid.uuid4()), name=name, payload=payload or b"{}", accepted=self._clock.time()
        )
        for _ in range(2 if self._host.deliver_twice else 1):
            self._start(event)
        return event.request_id

    def next_due(self) -> float | None:
        """When the next attempt is due, in virtual seconds since the epoch."""
        with self._changed:
            return self._waiting[0][0] if self._waiting else None

    def due_or_running(self) -> int:
        """How many events are being attempted, or are to be at once."""
        with self._changed:
            return self._attempts + sum(time <= self._clock.time() for time, _, _ in self._waiting)

    def close(self) -> None:
        """Drop what waits."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _start(self, event: _Event) -> None:
        with self._changed:
            self._attempts += 1
        threading.Thread(target=self._run_attempt, args=(event,), daemon=True, name="lambda event").start()

    def _later(self, event: _Event, seconds: float) -> None:
        with self._changed:
            heapq.heappush(self._waiting, (self._clock.time() + seconds, next(self._order), event))
            self._new_first = True
            self._changed.notify_all()

    def _run(self) -> None:
        while not self._closed:
            with self._changed:
                while not self._waiting and not self._closed:
                    self._changed.wait()
                self._new_first = False
                due = self._waiting[0][0] if self._waiting else 0.0
            if (
                self._clock.wait_until(due, cancelled=lambda: self._closed or self._new_first)
                and not self._closed
            ):
                with self._changed:
                    self._start(heapq.heappop(self._waiting)[2])

    def _run_attempt(self, event: _Event) -> None:
        try:
            self._attempt(event)
        finally:
            with self._changed:
                self._attempts -= 1

    def _attempt(self, event: _Event) -> None:
        config = self._host.event_configs.effective(event.name)
        try:
            target = self._host.target(event.name)
            outcome = self._host.run(target, event.payload, request_id=event.request_id)
        except ResourceNotFoundError:
            logger.warning("event %s is dropped: %s is gone", event.request_id, event.name.arn)
        except LambdaApiError:  # throttled or not active yet: AWS keeps trying until the event is too old
            self._back_off(event, config)
        else:
            self._finish(event, config, target, outcome)

    def _back_off(self, event: _Event, config: EventConfig) -> None:
        delay = min(2.0**event.throttles, _MAX_BACKOFF_SECONDS)
        if self._clock.time() + delay - event.accepted > config.max_age_seconds:
            self._give_up(event, config, "EventAgeExceeded", None)
        else:
            self._later(replace(event, throttles=event.throttles + 1), delay)

    def _finish(self, event: _Event, config: EventConfig, target: "Target", outcome: "Outcome") -> None:
        if not outcome.failed:
            self._hand_over(config.on_success, _record(event, "Success", event.failures + 1, target, outcome))
            return
        failed = replace(event, failures=event.failures + 1)
        if failed.failures > config.retries:
            self._give_up(failed, config, "RetriesExhausted", (target, outcome))
            return
        delay = _RETRY_SECONDS[failed.failures - 1]
        if self._clock.time() + delay - event.accepted > config.max_age_seconds:
            self._give_up(failed, config, "EventAgeExceeded", (target, outcome))
        else:
            self._later(failed, delay)

    def _give_up(
        self, event: _Event, config: EventConfig, condition: str, last: "tuple[Target, Outcome] | None"
    ) -> None:
        target, outcome = last or (None, None)
        record = _record(event, condition, event.failures + event.throttles, target, outcome)
        self._hand_over(config.on_failure, record)
        self._guard(lambda: send_to_dead_letter_queue(self._host, record), "the dead-letter queue")

    def _hand_over(self, destination: str | None, record: Record) -> None:
        if destination is not None:
            self._guard(lambda: deliver(self._host, destination, record), destination)

    def _guard(self, send: Callable[[], None], where: str) -> None:
        try:
            send()
        except (ClientError, BotoCoreError, LambdaApiError):
            # Not allowed, not there, or the function is gone; in AWS only a metric would tell.
            logger.exception("an event could not be handed to %s", where)


def _record(
    event: _Event, condition: str, attempts: int, target: "Target | None", outcome: "Outcome | None"
) -> Record:
    return Record(
        request_id=event.request_id,
        function=event.name,
        condition=condition,
        attempts=attempts,
        request=json.loads(event.payload),
        response=None if outcome is None else json.loads(outcome.payload or b"null"),
        failed=outcome is not None and outcome.failed,
        executed_version=None if target is None else target.version,
    )
