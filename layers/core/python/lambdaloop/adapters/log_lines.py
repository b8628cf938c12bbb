"""Structured lines for the function's log: Lambda sends every line of stdout to the log group, nobody waits for a network."""

import json
import sys
from collections.abc import Mapping
from typing import Any, TextIO


def write_line(line: Mapping[str, Any], stream: TextIO | None) -> None:
    """One JSON object on a line of its own, to stdout unless another stream is given.

    A stream that is broken or closed loses the line: no request may fail for its log.
    """
    # ASCII only: no character of a caller's value can end the line or fail to encode.
    text = json.dumps(line, separators=(",", ":"))
    target = stream or sys.stdout  # looked up late: Lambda's runtime replaces it after imports
    try:
        target.write(text + "\n")
        target.flush()
    except (OSError, ValueError):  # ValueError: the stream is closed
        return
