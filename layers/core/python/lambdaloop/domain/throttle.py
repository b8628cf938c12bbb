"""How many requests of one client may come: a rate that may last, and a burst above it."""

import math
from dataclasses import dataclass

MAX_RATE, MAX_BURST = 10_000.0, 5_000
"""API Gateway's own limits for an account, until AWS is asked for more."""
_SECOND = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Throttle:
    """A token bucket: `burst` requests at once, after which `rate` more come in each second."""

    rate: float
    """Requests per second in the long run."""
    burst: int
    """Requests at once."""

    def __post_init__(self) -> None:
        if not 0.001 <= self.rate <= MAX_RATE:
            raise ValueError(f"rate must be 0.001 to {MAX_RATE:g} requests per second, got {self.rate}")
        if not 1 <= self.burst <= MAX_BURST:
            raise ValueError(f"burst must be 1 to {MAX_BURST} requests, got {self.burst}")

    @property
    def interval(self) -> int:
        """Microseconds in which one more request comes in."""
        return round(_SECOND / self.rate)

    @property
    def tolerance(self) -> int:
        """How far, in microseconds, a bucket may be booked ahead of the present and still have a request to give."""
        return self.interval * (self.burst - 1)

    def wait(self, booked_until: int | None, now: int) -> int | None:
        """Whole seconds to wait when the bucket is empty, None when it is not.

        A bucket is one number, the time (microseconds) until which it is booked: None or the past is a full one, and each
        request books one interval more. It only ever grows, so who read an old one and found it empty is right.
        """
        if booked_until is None or booked_until <= now + self.tolerance:
            return None
        return math.ceil((booked_until - self.tolerance - now) / _SECOND)
