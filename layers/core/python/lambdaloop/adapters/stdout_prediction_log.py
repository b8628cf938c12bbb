"""Predictions as lines of the function's log, from where a subscription takes them to the capture bucket."""

from collections.abc import Mapping
from typing import Any, TextIO

from lambdaloop.adapters.log_lines import write_line


class StdoutPredictionLog:
    """The port PredictionLog."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream

    def write(self, line: Mapping[str, Any]) -> None:
        """One line; lost when the log is broken."""
        write_line(line, self._stream)
