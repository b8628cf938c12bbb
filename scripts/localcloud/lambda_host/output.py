"""What a function process writes: plain lines on stdout and stderr, framed messages from its logger.

The framed channel is AWS's own: a message keeps its line breaks, so a traceback is one log event and not thirty.
"""

import os
import selectors
import struct
import threading
from collections.abc import Callable
from contextlib import suppress

_FRAME = struct.Struct(">4sI8x")  # kind, length; the time of the writer is not used, both channels share ours
_CHUNK = 1 << 16


class Output:
    """Reads both channels of a process until they are closed and hands every message to `write`."""

    def __init__(self, *, plain_fd: int, framed_fd: int, write: Callable[[str], None]) -> None:
        self._parsers: dict[int, Callable[[bytearray], list[str]]] = {
            plain_fd: _plain_lines,
            framed_fd: _framed_lines,
        }
        self._rests = {fd: bytearray() for fd in self._parsers}
        self._write = write
        self._lock = threading.Lock()
        for fd in self._parsers:
            os.set_blocking(fd, False)
        threading.Thread(target=self._watch, daemon=True, name="function output").start()

    def drain(self) -> None:
        """Hand on everything that was written up to now: a function writes before it answers."""
        with self._lock:
            for fd in list(self._parsers):
                self._read(fd)

    def _watch(self) -> None:
        with selectors.DefaultSelector() as selector:
            for fd in self._parsers:
                selector.register(fd, selectors.EVENT_READ)
            while selector.get_map():
                for key, _ in selector.select():
                    with self._lock:
                        if not self._read(key.fd):
                            selector.unregister(key.fd)
                            self._close(key.fd)

    def _read(self, fd: int) -> bool:
        """Read what is there; False at the end of the file."""
        rest = self._rests[fd]
        open_still = True
        with suppress(BlockingIOError):
            while open_still:
                chunk = os.read(fd, _CHUNK)
                rest += chunk
                open_still = bool(chunk)
        for line in self._parsers[fd](rest):
            self._write(line)
        return open_still

    def _close(self, fd: int) -> None:
        if rest := self._rests.pop(fd):
            self._write(rest.decode(errors="replace"))
        del self._parsers[fd]
        os.close(fd)


def _plain_lines(buffer: bytearray) -> list[str]:
    end = buffer.rfind(b"\n") + 1
    text = bytes(buffer[:end]).decode(errors="replace")
    del buffer[:end]
    # The runtime client separates the lines of one message with carriage returns.
    return [line.replace("\r", "\n") for line in text.split("\n")[:-1]]


def _framed_lines(buffer: bytearray) -> list[str]:
    lines = []
    while len(buffer) >= _FRAME.size:
        _, length = _FRAME.unpack_from(buffer)
        end = _FRAME.size + length
        if len(buffer) < end:
            break
        message = bytes(buffer[_FRAME.size : end]).decode(errors="replace")
        lines.append(message.rstrip("\n"))
        del buffer[:end]
    return lines
