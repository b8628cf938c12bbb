"""What happens by itself as virtual time passes: alarms each minute, schedules when due, deliveries, flushes.

Two threads: the *ticker* sleeps on the clock until the next minute or the next piece of queued work, so that a fast
clock and a jump wake it at once; the *courier* runs queued work, because a delivery may take a while. Neither holds
the lock of moto while it waits.

A jump of the clock is walked through in order: first the schedules that came due, then the alarms minute by minute.
At most MAX_MINUTES of it: after them every alarm has only the silence after the jump to look at.
"""

import logging
import threading
from collections.abc import Callable

from scripts.localcloud import alarms, schedules
from scripts.localcloud.cloud import Cloud
from scripts.localcloud.eventing import work_queue

logger = logging.getLogger(__name__)

MINUTE = 60
MAX_MINUTES = 1440


class Periodic:
    """The running threads."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._queue = work_queue.of(cloud)
        self._stopping = threading.Event()
        self._ticked_until = cloud.clock.time()
        self._threads = [
            threading.Thread(target=self._until_stopped, args=(self._tick,), name="ticker", daemon=True),
            threading.Thread(target=self._until_stopped, args=(self._deliver,), name="courier", daemon=True),
        ]

    def start(self) -> None:
        """Start both threads."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Stop both threads and wait until they have."""
        self._stopping.set()
        self._queue.wake()
        for thread in self._threads:
            thread.join()

    def _until_stopped(self, step: Callable[[], None]) -> None:
        while not self._stopping.is_set():
            try:
                step()
            except Exception:
                # The boundary of a thread that must outlive any single alarm, schedule or delivery.
                logger.exception("%s failed", threading.current_thread().name)

    def _tick(self) -> None:
        self._queue.wake()
        now, due = self._cloud.clock.time(), self._queue.next_due()
        minute = (self._ticked_until // MINUTE + 1) * MINUTE
        deadline = due if due is not None and now < due < minute else minute
        # Look again when the queue has something else in front: it may be due earlier.
        self._cloud.clock.wait_until(
            deadline, cancelled=lambda: self._stopping.is_set() or self._queue.next_due() != due
        )
        now = self._cloud.clock.time()
        if now >= minute and not self._stopping.is_set():
            since, self._ticked_until = self._ticked_until, now
            tick(self._cloud, since, now)

    def _deliver(self) -> None:
        if self._queue.wait_for_due(self._stopping.is_set):
            self._queue.run_due()


def start(cloud: Cloud) -> Periodic:
    """Start what happens by itself; it stops with the cloud, or when `stop` is called."""
    running = Periodic(cloud)
    running.start()
    cloud.on_shutdown.append(running.stop)
    return running


def tick(cloud: Cloud, since: float, until: float) -> None:
    """Do what virtual time (since, until] asks for, in seconds since the epoch; deliveries are only queued."""
    schedules.fire_due(cloud, since, until)
    last = int(until) // MINUTE * MINUTE
    first = max(int(since) // MINUTE * MINUTE + MINUTE, last - (MAX_MINUTES - 1) * MINUTE)
    for minute in range(first, last + 1, MINUTE):
        alarms.evaluate_alarms(cloud, minute)
