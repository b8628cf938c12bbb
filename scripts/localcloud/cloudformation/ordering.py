"""Doing things that depend on each other, several at a time.

Creating a function takes a second in which it is Pending; a stack of twenty would take twenty, one by one.
"""

from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from graphlib import TopologicalSorter

_AT_A_TIME = 16  # most of them only wait for their function to become active


def in_dependency_order(needs: Mapping[str, set[str]], act: Callable[[str], None]) -> None:
    """Call `act` for every name, after the names it needs.

    When one fails nothing new is started, what runs is waited for, and the first failure is raised.
    """
    order = TopologicalSorter(needs)
    order.prepare()
    running: dict[Future[None], str] = {}
    with ThreadPoolExecutor(_AT_A_TIME, thread_name_prefix="resource") as pool:
        while order.is_active():
            running.update({pool.submit(act, name): name for name in order.get_ready()})
            finished, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in finished:
                name = running.pop(future)
                if error := future.exception():
                    for queued in running:
                        queued.cancel()
                    raise error  # leaving the pool waits for what runs
                order.done(name)
