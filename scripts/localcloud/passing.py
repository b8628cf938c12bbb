"""Lets virtual time pass as a simulation does: from one due thing to the next, waiting until each has had its effect.

A jump over a day would start tonight's schedule tomorrow. Here the clock stops whenever something is due: a schedule,
a wait of a workflow, a buffer to flush, an alarm that changes; and goes on when all that this set off is done, however
much real time it took. So what happens, and when, is the same on a fast machine and on a slow one.

POST /_localcloud/pass {"until": seconds since the epoch, "patience_seconds": 10} goes on until then, or until its
patience (in real time) is over; it answers with the virtual time, whether it arrived, and what is still going on.
"""

import time
from collections import deque
from collections.abc import Mapping
from typing import Any

from scripts.localcloud.cloud import Cloud

_POLL_SECONDS = 0.003  # the parts of the cloud have no common sign that they are done
_LOOKS = 2  # work changes hands between two parts while they are looked at one after the other


def install(cloud: Cloud) -> None:
    """Register the endpoint `pass`, and what is going on in the status."""

    def let_pass(request: Mapping[str, Any]) -> dict[str, Any]:
        if request.keys() != {"until", "patience_seconds"} or not all(map(_is_number, request.values())):
            raise ValueError(f"give until and patience_seconds as numbers, got {dict(request)}")
        busy = pass_until(cloud, request["until"], patience_seconds=request["patience_seconds"])
        now = cloud.clock.time()
        return {"time": now, "arrived": not busy and now >= request["until"], "busy": busy}

    cloud.routes["POST", "pass"] = let_pass
    cloud.status["busy"] = lambda: going_on(cloud)


def pass_until(cloud: Cloud, until: float, *, patience_seconds: float) -> list[str]:
    """Let virtual time pass until `until`; returns what was still going on when patience (real seconds) was over."""
    deadline = time.monotonic() + patience_seconds
    while not (busy := _settle(cloud, deadline)) and cloud.clock.time() < until:
        due = [moment for when in cloud.due if (moment := when(until)) is not None]
        cloud.clock.advance_to(min([*due, until]))
    return busy


def going_on(cloud: Cloud) -> list[str]:
    """What is done right now or due right now, in words; empty when only the passing of time can go on."""
    return [told for look in cloud.busy for told in look()]


def _settle(cloud: Cloud, deadline: float) -> list[str]:
    """Wait until nothing goes on; what still does at the deadline."""
    looks, quiet = deque(cloud.busy), 0
    while quiet < _LOOKS:
        # Whoever was busy is asked first: mostly it still is.
        first_busy = next((number for number, look in enumerate(looks) if list(look())), None)
        if first_busy is None:
            quiet += 1
            continue
        quiet = 0
        looks.rotate(-first_busy)
        if time.monotonic() > deadline:
            return going_on(cloud)
        time.sleep(_POLL_SECONDS)
    return []


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
