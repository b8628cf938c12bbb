"""What every part of the local cloud shares: one account, one region, one clock, one source of chance."""

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from scripts.localcloud.clock import VirtualClock

ACCOUNT_ID = "123456789012"
REGION = "us-east-1"
# The credentials of a person at the keyboard: allowed everything, as an account's owner is.
ROOT_ACCESS_KEY = "local"
ROOT_SECRET_KEY = "local"  # noqa: S105

ControlRoute = Callable[[Mapping[str, Any]], Any]
"""Answers a control request: takes its JSON document (or its query string), returns what becomes JSON.

Raises ValueError for a document it cannot accept; the caller then gets a 400 with the message."""


@dataclass(kw_only=True)
class Cloud:
    """One running local cloud; handed to the `install` function of each of its parts."""

    state_dir: Path
    """Where function code, layers and logs lie on disk."""
    port: int
    """AWS API endpoint on 127.0.0.1."""
    gateway_port: int
    """HTTP front of API Gateway on 127.0.0.1: http://127.0.0.1:<gateway_port>/<api id>/..."""
    clock: VirtualClock = field(default_factory=VirtualClock)
    random: Random = field(default_factory=lambda: Random(0))  # noqa: S311

    lock: threading.RLock = field(default_factory=threading.RLock)
    """moto is not safe to use from several threads: every request to it holds this lock (Lambda Invoke and
    CloudFormation do not). Hold it when touching moto's backends from a thread of your own, never while
    waiting for a function, a clock or another request."""
    on_shutdown: list[Callable[[], None]] = field(default_factory=list)
    """Called once each, last registered first, when the local cloud stops: end processes and threads here."""
    routes: dict[tuple[str, str], ControlRoute] = field(default_factory=dict)
    """Control endpoints by ("GET", "status"): served at /_localcloud/status on the API port."""
    status: dict[str, Callable[[], Any]] = field(default_factory=dict)
    """What GET /_localcloud/status reports besides the clock: name → a function that says it now."""
    busy: list[Callable[[], Iterable[str]]] = field(default_factory=list)
    """Each names, in words, what goes on right now whatever the clock says: work that is due or runs."""
    due: list[Callable[[float], float | None]] = field(default_factory=list)
    """Each says when it has to do something next, up to the time that it is given (seconds since the epoch)."""

    @property
    def endpoint_url(self) -> str:
        """What AWS_ENDPOINT_URL must say to reach this cloud."""
        return f"http://127.0.0.1:{self.port}"
