"""Time for the whole local cloud, so that an hour of baking or a month of traffic takes minutes.

Virtual time runs `speed` times as fast as real time and can be moved forward by request; speed 0 freezes it,
and then only `advance` lets a waiting workflow go on.
"""

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime

_POLL_SECONDS = 0.25  # how soon a wait notices that it was cancelled


class VirtualClock:
    """Seconds since the epoch, real at first; safe to use from any thread."""

    def __init__(self, *, speed: float = 1.0) -> None:
        self._changed = threading.Condition()
        self._real_anchor = time.monotonic()
        self._virtual_anchor = time.time()
        self._speed = speed
        self._moved = speed != 1.0

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

    def sleep(self, seconds: float, *, cancelled: Callable[[], bool] = lambda: False) -> bool:
        """Block for `seconds` of virtual time; returns False if `cancelled()` became true first."""
        return self.wait_until(self.time() + seconds, cancelled=cancelled)

    def wait_until(self, deadline: float, *, cancelled: Callable[[], bool] = lambda: False) -> bool:
        """Block until virtual time `deadline` (seconds since the epoch); False if cancelled first."""
        with self._changed:
            while (left := deadline - self.time()) > 0:
                if cancelled():
                    return False
                real = left / self._speed if self._speed else _POLL_SECONDS
                self._changed.wait(timeout=min(real, _POLL_SECONDS))
        return True

    def _anchor(self, virtual: float) -> None:
        self._virtual_anchor, self._real_anchor, self._moved = virtual, time.monotonic(), True
