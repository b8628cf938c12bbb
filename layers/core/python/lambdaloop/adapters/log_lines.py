"""Structured lines for the function's log: Lambda sends every line of stdout to the log group, nobody waits for a network."""

import json
import sys
from collections.abc import Mapping
from typing import Any, TextIO


def write_line(line: Mapping[str, Any], stream: TextIO | None) -> bool:
    """One JSON object on a line of its own, to stdout unless another stream is given; False when it is lost.

    No request may fail for its log, so a stream that is broken or closed raises nothing.
    """
    return write_text(as_text(line), stream)


def as_text(line: Mapping[str, Any]) -> str:
    """The line in ASCII: no character of a caller's value can end it or fail to encode, and its length is in bytes."""
    return json.dumps(line, separators=(",", ":"))


def write_text(text: str, stream: TextIO | None) -> bool:
    """One line, as `write_line` does."""
    target = stream or sys.stdout  # looked up late: Lambda's runtime replaces it after imports
    try:
        target.write(text + "\n")
        target.flush()
    except (OSError, ValueError):  # ValueError: the stream is closed
        return False
    return True
