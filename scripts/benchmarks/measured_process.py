"""Runs inside a measured process, with nothing but the standard library of its own: imports a handler and calls it.

Arguments: the handler's module, the file with the event, the file for the figures, how many requests.
The figures: whether the first answer was right, the seconds of every further request, and the memory at the end.
"""

import importlib
import json
import os
import sys
import time


def main() -> None:
    """The first answer is announced on standard error the moment it is there: whoever started the process takes the time."""
    module, event_file, figures_file, requests = sys.argv[1:]
    with open(event_file, encoding="utf-8") as file:  # noqa: PTH123  (pathlib would be imported for this alone)
        event = json.load(file)
    handler = importlib.import_module(module).handler
    answer = handler(event, None)
    sys.stderr.write("answered\n")
    sys.stderr.flush()
    seconds = []
    for _ in range(int(requests)):
        started = time.perf_counter()
        handler(event, None)
        seconds.append(time.perf_counter() - started)
    figures = {"answer": json.loads(answer["body"]), "seconds": seconds, "resident_bytes": resident_bytes()}
    with open(figures_file, "w", encoding="utf-8") as file:  # noqa: PTH123
        json.dump(figures, file)


def resident_bytes() -> int:
    """What the process holds now; 0 where the system does not tell."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


main()
