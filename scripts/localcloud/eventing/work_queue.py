"""Work to do later, by virtual time: deliveries, their retries, buffers to flush.

AWS answers an API call first and delivers afterwards. So does the local cloud: whoever causes a delivery holds the
lock of moto, and the delivery itself is another request; it waits here until some thread that holds nothing runs it.
"""

import heapq
import itertools
import threading
from collections.abc import Callable

from scripts.localcloud import moto_seams
from scripts.localcloud.clock import VirtualClock
from scripts.localcloud.cloud import Cloud

Work = Callable[[], None]


class WorkQueue:
    """Actions in the order of their due times; safe to use from any thread."""

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock
        self._changed = threading.Condition()
        self._waiting: list[tuple[float, int, Work]] = []
        self._numbers = itertools.count()
        self._running = 0

    def add(self, work: Work, *, due: float | None = None) -> None:
        """Run `work` at virtual time `due`, at once if there is none."""
        with self._changed:
            heapq.heappush(self._waiting, (due or 0.0, next(self._numbers), work))
            self._changed.notify_all()

    def next_due(self) -> float | None:
        """When the next action is due, or None when there is none."""
        with self._changed:
            return self._waiting[0][0] if self._waiting else None

    def busy(self) -> list[str]:
        """What runs or is due, in words; empty when all that is left waits for a later time."""
        with self._changed:
            due = sum(time <= self._clock.time() for time, _, _ in self._waiting)
            return [f"{self._running + due} deliveries"] if self._running + due else []

    def pending(self) -> int:
        """How many actions wait for a later time."""
        with self._changed:
            return len(self._waiting)

    def run_due(self) -> None:
        """Run what is due, in order, and what that adds if it is due too.

        Call it without the lock of moto. An error of an action leaves the others in the queue.
        """
        while (work := self._take()) is not None:
            try:
                work()
            finally:
                with self._changed:
                    self._running -= 1
                    self._changed.notify_all()

    def wake(self) -> None:
        """Make `wait_for_due` look at the clock again."""
        with self._changed:
            self._changed.notify_all()

    def wait_for_due(self, stopped: Callable[[], bool]) -> bool:
        """Block until something is due (True) or `stopped()` (False); `wake` makes it look again."""
        with self._changed:
            self._changed.wait_for(lambda: stopped() or self._is_due())
            return not stopped()

    def settle(self, timeout_seconds: float) -> bool:
        """Block until nothing is due and nothing runs; False if that took longer (in real time)."""
        with self._changed:
            return self._changed.wait_for(
                lambda: not self._running and not self._is_due(), timeout=timeout_seconds
            )

    def _is_due(self) -> bool:
        return bool(self._waiting) and self._waiting[0][0] <= self._clock.time()

    def _take(self) -> Work | None:
        with self._changed:
            if not self._is_due():
                return None
            self._running += 1
            return heapq.heappop(self._waiting)[2]


def of(cloud: Cloud) -> WorkQueue:
    """The queue of this cloud."""
    return moto_seams.of(cloud).part(WorkQueue, lambda: _made_for(cloud))


def _made_for(cloud: Cloud) -> WorkQueue:
    queue = WorkQueue(cloud.clock)
    cloud.busy.append(queue.busy)
    cloud.due.append(lambda _until: queue.next_due())
    return queue
