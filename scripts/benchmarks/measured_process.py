"""Runs inside a measured process, with nothing but the standard library of its own: imports a handler and calls it.

Arguments: the handler's module, the file with the event, the file for the figures, how many requests.
The figures: whether the first answer was right, and the seconds of every further request.
"""

import importlib
import json
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
    with open(figures_file, "w", encoding="utf-8") as file:  # noqa: PTH123
        json.dump({"answer": json.loads(answer["body"]), "seconds": seconds}, file)


main()
