"""What happens by itself as virtual time passes: alarms each minute, schedules when due, deliveries, flushes.

Two threads: the *ticker* sleeps on the clock until the next minute or the next piece of queued work, so that a fast
clock and a jump wake it at once; the *courier* runs queued work, because a delivery may take a while. Neither holds
the lock of moto while it waits.

A jump of the clock is walked through in order: first the schedules that came due, then the alarms as of each minute at
which one of them changes. What these set off sees the time after the jump; `passing` jumps from one due thing to the
next instead.
"""

import logging
import threading
from collections.abc import Callable

from scripts.localcloud import alarms, schedules
from scripts.localcloud.cloud import Cloud
from scripts.localcloud.eventing import work_queue

logger = logging.getLogger(__name__)

MINUTE = 60


class Periodic:
    """The running threads."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._queue = work_queue.of(cloud)
        self._stopping = threading.Event()
        self._ticked_until = cloud.clock.time()
        self._ticking = False
        self._threads = [
            threading.Thread(target=self._until_stopped, args=(self._tick,), name="ticker", daemon=True),
            threading.Thread(target=self._until_stopped, args=(self._deliver,), name="courier", daemon=True),
        ]

    def start(self) -> None:
        """Start both threads."""
        for thread in self._threads:
            thread.start()

    def busy(self) -> list[str]:
        """Whether a minute has begun that was not looked at yet, in words."""
        late = self._ticking or self._cloud.clock.time() >= _next_minute(self._ticked_until)
        return ["schedules and alarms"] if late else []

    def next_due(self, until: float) -> float | None:
        """The first minute up to `until` in which a schedule fires or an alarm changes."""
        since = self._ticked_until
        scheduled = schedules.next_due(self._cloud, since, until)
        fires = None if scheduled is None else -(-scheduled // MINUTE) * MINUTE
        changes = alarms.next_change(self._cloud, since, until if fires is None else min(fires, until))
        return fires if changes is None else changes

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
        minute = _next_minute(self._ticked_until)
        deadline = due if due is not None and now < due < minute else minute
        # Look again when the queue has something else in front: it may be due earlier.
        self._cloud.clock.wait_until(
            deadline, cancelled=lambda: self._stopping.is_set() or self._queue.next_due() != due
        )
        now = self._cloud.clock.time()
        if now >= minute and not self._stopping.is_set():
            since, self._ticking, self._ticked_until = self._ticked_until, True, now
            try:
                tick(self._cloud, since, now)
            finally:
                self._ticking = False

    def _deliver(self) -> None:
        if self._queue.wait_for_due(self._stopping.is_set):
            self._queue.run_due()


def start(cloud: Cloud) -> Periodic:
    """Start what happens by itself; it stops with the cloud, or when `stop` is called."""
    running = Periodic(cloud)
    running.start()
    cloud.busy.append(running.busy)
    cloud.due.append(running.next_due)
    cloud.on_shutdown.append(running.stop)
    return running


def tick(cloud: Cloud, since: float, until: float) -> None:
    """Do what virtual time (since, until] asks for, in seconds since the epoch; deliveries are only queued."""
    schedules.fire_due(cloud, since, until)
    while (minute := alarms.next_change(cloud, since, until)) is not None:
        alarms.evaluate_alarms(cloud, minute)
        since = minute


def _next_minute(time: float) -> float:
    return (time // MINUTE + 1) * MINUTE
