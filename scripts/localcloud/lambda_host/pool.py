"""Which process runs which event: one at a time per process, more processes for more concurrency.

Versions never share a process, so a release keeps its own environment snapshot while the next one starts.
"""

import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from scripts.localcloud.lambda_host.errors import TooManyRequestsError
from scripts.localcloud.lambda_host.process import FunctionProcess
from scripts.localcloud.lambda_host.spec import VersionSpec

DEFAULT_CONCURRENCY = 8
"""How many invocations of a function may run at once where it reserves nothing (AWS: 1000 per account)."""

MOST_IDLE = 4 * DEFAULT_CONCURRENCY
"""How many warm processes may wait for their next event, of all functions together: with fewer than the thirty functions of a
model, workflows that take turns would start each of them cold again and again. Each holds about 100 MiB, and every release is a
version with processes of its own."""

_Key = tuple[str, str]


class ProcessPool:
    """All processes of the local cloud, by function and version; safe to use from any thread."""

    def __init__(
        self,
        start: Callable[[VersionSpec], FunctionProcess],
        is_stale: Callable[[FunctionProcess], bool],
        *,
        most_idle: int = MOST_IDLE,
    ) -> None:
        self._start = start
        self._is_stale = is_stale
        self._most_idle = most_idle
        self._lock = threading.Lock()
        self._idle: defaultdict[_Key, list[FunctionProcess]] = defaultdict(list)
        self._all: set[FunctionProcess] = set()
        self._retired: set[FunctionProcess] = set()
        self._running: Counter[str] = Counter()
        self._closed = False

    @contextmanager
    def process(self, spec: VersionSpec, reserved: int | None) -> Iterator[FunctionProcess]:
        """A process of this version for one invocation; started if no warm one is free.

        Raises TooManyRequestsError when the function already runs as often as it may.
        """
        process = self._acquire(spec, reserved)
        try:
            yield process
        finally:
            self._release(process)

    def running(self, function_name: str) -> int:
        """How many invocations of a function run right now."""
        with self._lock:
            return self._running[function_name]

    def busy(self) -> dict[str, int]:
        """How many invocations run right now, by function."""
        with self._lock:
            return {name: running for name, running in self._running.items() if running}

    def count(self) -> int:
        """How many processes there are."""
        with self._lock:
            return len(self._all)

    def specs(self) -> list[VersionSpec]:
        """What the processes run."""
        with self._lock:
            return [process.spec for process in self._all]

    def retire(self, function_name: str, version: str | None = None) -> None:
        """End the processes of a function, or of one version, because what they run is gone; a running one answers first."""
        with self._lock:
            keys = [key for key in self._idle if key[0] == function_name and version in {None, key[1]}]
            idle = [process for key in keys for process in self._idle.pop(key)]
            self._all.difference_update(idle)
            self._retired.update(
                process
                for process in self._all
                if process.spec.function_name == function_name and version in {None, process.spec.version}
            )
        for process in idle:
            process.kill()

    def reap(self, idle_seconds: float) -> None:
        """End processes that had nothing to do for so many real seconds."""
        oldest = time.monotonic() - idle_seconds
        with self._lock:
            tired = [
                process
                for waiting in self._idle.values()
                for process in waiting
                if process.idle_since < oldest
            ]
            for process in tired:
                self._idle[process.spec.function_name, process.spec.version].remove(process)
            self._all.difference_update(tired)
        for process in tired:
            process.kill()

    def close(self) -> None:
        """End every process, the running ones too, and start no more."""
        with self._lock:
            self._closed = True
            everything = list(self._all)
            self._idle.clear()
            self._all.clear()
            self._retired.clear()
        for process in everything:
            process.kill()
        for process in everything:
            process.wait(timeout=5)

    def _acquire(self, spec: VersionSpec, reserved: int | None) -> FunctionProcess:
        limit = DEFAULT_CONCURRENCY if reserved is None else reserved
        useless: list[FunctionProcess] = []
        found: FunctionProcess | None = None
        with self._lock:
            if self._running[spec.function_name] >= limit:
                raise TooManyRequestsError(reserved=reserved is not None)
            self._running[spec.function_name] += 1
            waiting = self._idle[spec.function_name, spec.version]
            while waiting and found is None:
                candidate = waiting.pop()
                if self._usable(candidate, spec):
                    found = candidate
                else:
                    useless.append(candidate)
            self._all.difference_update(useless)
        for process in useless:
            process.kill()
        return found or self._start_new(spec)

    def _start_new(self, spec: VersionSpec) -> FunctionProcess:
        try:
            process = self._start(spec)
        except BaseException:
            with self._lock:
                self._running[spec.function_name] -= 1
            raise
        with self._lock:
            self._all.add(process)
            closed = self._closed
        if closed:
            process.kill()
        return process

    def _release(self, process: FunctionProcess) -> None:
        useless: list[FunctionProcess] = []
        with self._lock:
            self._running[process.spec.function_name] -= 1
            if process.alive and not self._closed and process not in self._retired:
                self._idle[process.spec.function_name, process.spec.version].append(process)
                useless += self._too_many()
            else:
                useless.append(process)
            self._all.difference_update(useless)
            self._retired.difference_update(useless)
        for each in useless:
            each.kill()

    def _too_many(self) -> list[FunctionProcess]:
        """The idle processes beyond those that may wait, taken out: those that waited longest."""
        idle = sorted(
            (process for waiting in self._idle.values() for process in waiting),
            key=lambda process: process.idle_since,
        )
        surplus = idle[: max(0, len(idle) - self._most_idle)]
        for process in surplus:
            self._idle[process.spec.function_name, process.spec.version].remove(process)
        return surplus

    def _usable(self, process: FunctionProcess, spec: VersionSpec) -> bool:
        return process.alive and process.spec == spec and not self._is_stale(process)
