"""Time for the whole local cloud, so that an hour of baking or a month of traffic takes minutes.

Virtual time runs `speed` times as fast as real time and can be moved forward by request; speed 0 freezes it,
and then only `advance` lets a waiting workflow go on.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

_POLL_SECONDS = 0.25  # how soon a wait notices that it was cancelled


@dataclass(frozen=True, slots=True, eq=False)
class Wait:
    """Somebody who waits for a time."""

    deadline: float
    owner: str


class VirtualClock:
    """Seconds since the epoch, real at first; safe to use from any thread."""

    def __init__(self, *, speed: float = 1.0) -> None:
        self._changed = threading.Condition()
        self._real_anchor = time.monotonic()
        self._virtual_anchor = time.time()
        self._speed = speed
        self._moved = speed != 1.0
        self._waits: list[Wait] = []

    @property
    def speed(self) -> float:
        """Virtual seconds per real second; 0 when frozen."""
        return self._speed

    @property
    def is_real(self) -> bool:
        """Whether virtual time has always been the time of the machine."""
        return not self._moved

    def time(self) -> float:
        """Virtual seconds since the epoch."""
        return self._virtual_anchor + (time.monotonic() - self._real_anchor) * self._speed

    def now(self) -> datetime:
        """Virtual time as an aware UTC datetime."""
        return datetime.fromtimestamp(self.time(), UTC)

    def set_speed(self, speed: float) -> None:
        """Let time run `speed` times as fast from now on; 0 freezes it.

        Raises ValueError for a negative speed: time never runs backwards.
        """
        if speed < 0:
            raise ValueError(f"clock speed must be 0 or more, got {speed}")
        with self._changed:
            self._anchor(self.time())
            self._speed = speed
            self._changed.notify_all()

    def advance(self, seconds: float) -> None:
        """Move time forward and wake every wait that is over by then."""
        if seconds < 0:
            raise ValueError(f"the clock can only advance, got {seconds} seconds")
        with self._changed:
            self._anchor(self.time() + seconds)
            self._changed.notify_all()

    def advance_to(self, moment: float) -> None:
        """Move time forward to exactly `moment` (seconds since the epoch), unless it is that late already."""
        with self._changed:
            self._anchor(max(self.time(), moment))
            self._changed.notify_all()

    def sleep(
        self, seconds: float, *, cancelled: Callable[[], bool] = lambda: False, owner: str = ""
    ) -> bool:
        """Block for `seconds` of virtual time; returns False if `cancelled()` became true first."""
        return self.wait_until(self.time() + seconds, cancelled=cancelled, owner=owner)

    def wait_until(
        self, deadline: float, *, cancelled: Callable[[], bool] = lambda: False, owner: str = ""
    ) -> bool:
        """Block until virtual time `deadline` (seconds since the epoch); False if cancelled first.

        `owner` says who will go on then, for `owners` and `next_deadline`; nobody does where it is empty.
        """
        wait = self.begin_wait(deadline, owner)
        with self._changed:
            try:
                while (left := deadline - self.time()) > 0:
                    if cancelled():
                        return False
                    real = left / self._speed if self._speed else _POLL_SECONDS
                    self._changed.wait(timeout=min(real, _POLL_SECONDS))
            finally:
                self.end_wait(wait)
        return True

    def begin_wait(self, deadline: float, owner: str) -> Wait:
        """Note that `owner` does nothing before `deadline` (infinity: ever) by itself; hand the answer to `end_wait`."""
        wait = Wait(deadline, owner)
        with self._changed:
            self._waits.append(wait)
        return wait

    def end_wait(self, wait: Wait) -> None:
        """The owner goes on; ending a wait again changes nothing."""
        with self._changed:
            self._waits = [each for each in self._waits if each is not wait]

    def owners(self) -> Counter[str]:
        """Who waits for times that have not come yet, and for how many."""
        with self._changed:
            return Counter(each.owner for each in self._waits if each.owner and each.deadline > self.time())

    def next_deadline(self) -> float | None:
        """The earliest time that anybody with a name waits for; it is over as long as that one has not woken up."""
        with self._changed:
            return min((each.deadline for each in self._waits if each.owner), default=None)

    def _anchor(self, virtual: float) -> None:
        self._virtual_anchor, self._real_anchor, self._moved = virtual, time.monotonic(), True
