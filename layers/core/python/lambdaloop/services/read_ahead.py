"""Reads a few objects ahead of whoever works through them: a request to S3 is nearly all waiting."""

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

S = TypeVar("S")
T = TypeVar("T")

AHEAD = 4


def read_ahead(
    read: Callable[[S], T], sources: Iterable[S], *, ahead: int = AHEAD
) -> Generator[tuple[S, Future[T]], None, None]:
    """Every source in its order with its outcome; never more than `ahead` of them are held, and none after an early end."""
    pending: deque[tuple[S, Future[T]]] = deque()
    with ThreadPoolExecutor(max_workers=ahead) as pool:
        try:
            for source in sources:
                pending.append((source, pool.submit(read, source)))
                if len(pending) == ahead:
                    yield pending.popleft()
            while pending:
                yield pending.popleft()
        finally:
            for _, outcome in pending:
                outcome.cancel()
