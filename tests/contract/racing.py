"""Several callers at once, and what became of each."""

import threading
from collections.abc import Callable
from typing import Any

from lambdaloop.domain.errors import ConflictError


def outcome_of(action: Callable[[], Any]) -> str:
    """`done`, or the kind of conflict."""
    try:
        action()
    except ConflictError as error:
        return type(error).__name__
    return "done"


def in_threads(actions: list[Callable[[], Any]]) -> list[Any]:
    """All at once; an exception in one of them fails the test."""
    results: list[Any] = [None] * len(actions)
    start = threading.Barrier(len(actions))

    def work(number: int, action: Callable[[], Any]) -> None:
        start.wait()
        results[number] = action()

    threads = [threading.Thread(target=work, args=(number, action)) for number, action in enumerate(actions)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert None not in results
    return results
