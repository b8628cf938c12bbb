"""Clients that each send the next request when they have the answer to the last one, and what they saw."""

import http.client
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from math import ceil

Send = Callable[[], None]
"""One request from its beginning to the end of its answer; raises when that is not the wanted one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """All requests of one run."""

    seconds: Sequence[float]
    """Of each request."""
    elapsed: float
    """From the first request to the last answer."""

    @property
    def requests_per_second(self) -> float:
        """Of all clients together."""
        return len(self.seconds) / self.elapsed

    def percentile(self, percent: float) -> float:
        """The smallest time within which so many percent of the requests were answered."""
        return sorted(self.seconds)[max(0, ceil(len(self.seconds) * percent / 100) - 1)]


def send_in_turns(
    clients: Sequence[Send], *, requests: int, clock: Callable[[], float] = time.perf_counter
) -> Seen:
    """So many requests in all, from every client at once; the first error of any client is raised when all have ended."""
    share, rest = divmod(requests, len(clients))

    def work(send: Send, count: int) -> list[float]:
        seconds = []
        for _ in range(count):
            started = clock()
            send()
            seconds.append(clock() - started)
        return seconds

    begin = clock()
    with ThreadPoolExecutor(len(clients)) as pool:
        work_of_all = [pool.submit(work, send, share + (place < rest)) for place, send in enumerate(clients)]
    elapsed = clock() - begin
    return Seen(seconds=[each for one in work_of_all for each in one.result()], elapsed=elapsed)


class HttpClient:
    """POSTs one body again and again over one connection that is kept."""

    def __init__(self, port: int, path: str, body: bytes, *, timeout: float = 60) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
        self._path, self._body = path, body
        self.answer = b""
        """The last one."""

    def __call__(self) -> None:
        """RuntimeError for any status but 200; OSError or HTTPException when there is no answer."""
        try:
            status = self._send()
        except (
            ConnectionError
        ):  # servers let go of connections that were idle; http.client then makes a new one
            self._connection.close()
            status = self._send()
        if status != 200:
            raise RuntimeError(
                f"{self._path} answered {status}: {self.answer[:500].decode(errors='replace')}"
            )

    def _send(self) -> int:
        self._connection.request("POST", self._path, self._body, {"content-type": "application/json"})
        response = self._connection.getresponse()
        self.answer = response.read()
        return response.status

    def close(self) -> None:
        """Let go of the connection."""
        self._connection.close()
