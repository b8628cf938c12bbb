"""Limits of routes: a token bucket for each route of a stage, of the size that the stage's settings say.

Time is virtual. While the clock stands still, that of the machine counts, too: whoever plays a month at one frozen moment
would otherwise be one who sends all of its requests within it.
"""

import threading
import time
from dataclasses import dataclass, field

from scripts.localcloud.clock import VirtualClock
from scripts.localcloud.gateway.call import Call


@dataclass(slots=True)
class _Bucket:
    left: float
    virtual: float
    real: float


@dataclass(slots=True)
class RouteThrottles:
    """The buckets of all routes."""

    clock: VirtualClock
    _buckets: dict[tuple[str, str, str], _Bucket] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, call: Call) -> bool:
        """Whether one more request may come in; settings of the route hide those of the stage as a whole."""
        settings = call.stage.route_settings.get(call.route_key) or call.stage.default_route_settings
        rate, burst = settings.get("throttlingRateLimit"), settings.get("throttlingBurstLimit")
        if rate is None or burst is None:
            return True
        virtual, real = self.clock.time(), time.monotonic()
        with self._lock:
            key = (call.api.api_id, call.stage.name, call.route_key)
            bucket = self._buckets.setdefault(key, _Bucket(burst, virtual, real))
            passed = max(virtual - bucket.virtual, real - bucket.real)
            bucket.left = min(float(burst), bucket.left + passed * rate)
            bucket.virtual, bucket.real = virtual, real
            if bucket.left < 1:
                return False
            bucket.left -= 1
            return True
