"""One event on its way to one target: tried, repeated on virtual time, and in the end buried or dropped, as AWS does."""

import uuid
from collections.abc import Callable, Mapping
from typing import Any

from scripts.localcloud import metrics
from scripts.localcloud.cloud import Cloud
from scripts.localcloud.eventing import rights, targets, work_queue

RETRY_SECONDS = 24 * 3600
RETRY_ATTEMPTS = 185
LONGEST_PAUSE_SECONDS = 900.0

HandOver = Callable[[Cloud, Mapping[str, Any], str, str], None]
"""Gives a target (its EventBridge description) a payload under a name; raises DeliveryError."""


class Delivery:
    """A payload for a target of a rule or schedule (`source`)."""

    def __init__(
        self,
        cloud: Cloud,
        source_arn: str,
        source_name: str,
        target: Mapping[str, Any],
        payload: str,
        event_id: str,
        hand_over: HandOver,
    ) -> None:
        self._cloud = cloud
        self._source_arn = source_arn
        self._source_name = source_name
        self._target = target
        self._payload = payload
        self._name = f"{event_id}_{uuid.uuid4()}"[:80]  # what StartExecution allows; unique for every copy
        self._hand_over = hand_over
        self._accepted = cloud.clock.time()
        self._attempt = 0

    def queue(self) -> None:
        """Deliver as soon as somebody runs the queue."""
        work_queue.of(self._cloud).add(self._try)

    def _try(self) -> None:
        try:
            rights.check(self._cloud, self._source_arn, self._target)
            self._hand_over(self._cloud, self._target, self._payload, self._name)
        except targets.DeliveryError as error:
            self._failed(error)
        else:
            self._count("Invocations")

    def _failed(self, error: targets.DeliveryError) -> None:
        policy = self._target.get("RetryPolicy") or {}
        attempts = int(policy.get("MaximumRetryAttempts", RETRY_ATTEMPTS))
        age = int(policy.get("MaximumEventAgeInSeconds", RETRY_SECONDS))
        pause = min(2.0**self._attempt, LONGEST_PAUSE_SECONDS) * self._cloud.random.uniform(0.5, 1.0)
        due = self._cloud.clock.time() + pause
        exhausted = None
        if error.retryable:
            exhausted = "MaximumRetryAttempts" if self._attempt >= attempts else None
            exhausted = exhausted or ("MaximumEventAgeInSeconds" if due > self._accepted + age else None)
        if error.retryable and exhausted is None:
            self._attempt += 1
            work_queue.of(self._cloud).add(self._try, due=due)
            return
        self._count("FailedInvocations")
        self._bury(error, exhausted)

    def _bury(self, error: targets.DeliveryError, exhausted: str | None) -> None:
        queue_arn = (self._target.get("DeadLetterConfig") or {}).get("Arn")
        if not queue_arn:
            return  # AWS drops it
        attributes = {
            "RULE_ARN": self._source_arn,
            "TARGET_ARN": self._target["Arn"],
            "ERROR_CODE": error.code,
            "ERROR_MESSAGE": error.message,
            "RETRY_ATTEMPTS": str(self._attempt),
            "EXHAUSTED_RETRY_CONDITION": exhausted or "",
        }
        try:
            rights.check_burial(self._cloud, self._source_arn, self._target, queue_arn)
            targets.send_to_dead_letters(self._cloud, queue_arn, self._payload, attributes)
        except targets.DeliveryError:
            self._count("InvocationsFailedToBeSentToDlq")
        else:
            self._count("InvocationsSentToDlq")

    def _count(self, name: str) -> None:
        metrics.count(self._cloud, "AWS/Events", name, {"RuleName": self._source_name})
