"""A headless Chromium, driven over two pipes by its DevTools protocol: no driver, no port and no package is needed for it.

Messages are JSON that ends with a zero byte; Chromium reads commands from descriptor 3 and writes answers and events to 4.
"""

import base64
import fcntl
import json
import os
import select
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

Scheme = Literal["light", "dark"]

_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-extensions",
    "--hide-scrollbars",
    "--force-color-profile=srgb",
    "--remote-debugging-pipe",
)
_PATIENCE_SECONDS = 120


def find_chromium() -> str | None:
    """The command of an installed Chromium or Chrome."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    return next((found for name in names if (found := shutil.which(name))), None)


class PageError(Exception):
    """The page, or the browser, did not do what it was told."""


class Chromium:
    """One browser with one page; a context manager."""

    def __init__(self, command: str) -> None:
        self._profile = tempfile.TemporaryDirectory(prefix="chromium-", ignore_cleanup_errors=True)
        its_input, commands = _pipe()
        answers, its_output = _pipe()
        self._process = subprocess.Popen(
            [
                shutil.which("bash") or "bash",
                "-c",
                f'exec "$0" "$@" 3<&{its_input} 4>&{its_output}',
                command,
                *_FLAGS,
                f"--user-data-dir={self._profile.name}",
                "about:blank",
            ],
            pass_fds=(its_input, its_output),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(its_input)
        os.close(its_output)
        self._commands = os.fdopen(commands, "wb", buffering=0)
        self._answers = os.fdopen(answers, "rb", buffering=0)
        self._rest = b""
        self._number = 0
        self._session: str | None = None
        self._events: list[dict[str, Any]] = []

    def __enter__(self) -> Self:
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._session = None
        self._process.terminate()
        try:
            self._process.wait(timeout=_PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._commands.close()
        self._answers.close()
        self._profile.cleanup()

    def open(self, page: Path, *, width: int, height: int, scheme: Scheme) -> None:
        """Load a file as a screen of that size and with that preference shows it; PageError when it cannot be loaded."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 600,
        )
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        self.visit(page.resolve().as_uri())

    def visit(self, address: str) -> None:
        """Load an address on the screen as it is; PageError when it cannot be loaded."""
        self._events.clear()
        answer = self.call("Page.navigate", url=address)
        if "errorText" in answer:
            raise PageError(f"{address} was not loaded: {answer['errorText']}")
        self._until("Page.loadEventFired")

    def run(self, script: str) -> Any:
        """The value of an expression on the page, waited for when it is a promise; PageError when it throws."""
        answer = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise PageError(str(answer["exceptionDetails"].get("exception", answer["exceptionDetails"])))
        return answer["result"].get("value")

    def screenshot(self) -> bytes:
        """A PNG of the whole page."""
        size = self.call("Page.getLayoutMetrics")["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1}
        shot = self.call("Page.captureScreenshot", clip=clip, captureBeyondViewport=True)
        return base64.b64decode(shot["data"])

    def complaints(self) -> list[str]:
        """What the console was told since the page was opened: errors, warnings, refused loads, uncaught exceptions."""
        self.run("1")  # events before this answer have been read
        found = []
        for event in self._events:
            details = event["params"]
            if event["method"] == "Runtime.consoleAPICalled" and details["type"] in ("error", "warning"):
                found.append(str(details["args"]))
            elif event["method"] == "Log.entryAdded" and details["entry"]["level"] in ("error", "warning"):
                found.append(details["entry"]["text"])
            elif event["method"] == "Runtime.exceptionThrown":
                found.append(str(details["exceptionDetails"]))
        return found

    def requests(self) -> list[str]:
        """The addresses that the page asked for since it was opened, its own among them."""
        self.run("1")
        return [
            event["params"]["request"]["url"]
            for event in self._events
            if event["method"] == "Network.requestWillBeSent"
        ]

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """One command of the protocol and its answer."""
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        self._commands.write(json.dumps(message).encode() + b"\0")
        for answer in self._messages():
            if answer.get("id") == self._number:
                if "error" in answer:
                    raise PageError(f"{method}: {answer['error']}")
                result: dict[str, Any] = answer["result"]
                return result
        raise PageError(f"the browser ended while it did {method}")

    def _until(self, method: str) -> None:
        if any(event["method"] == method for event in self._events):
            return
        for message in self._messages():
            if message.get("method") == method:
                return
        raise PageError(f"the browser ended before {method}")

    def _messages(self) -> Iterator[dict[str, Any]]:
        """As they come; events are kept."""
        while True:
            while b"\0" in self._rest:
                text, _, self._rest = self._rest.partition(b"\0")
                message: dict[str, Any] = json.loads(text)
                if "method" in message:
                    self._events.append(message)
                yield message
            ready, _, _ = select.select([self._answers], [], [], _PATIENCE_SECONDS)
            if not ready:
                raise PageError(f"the browser said nothing for {_PATIENCE_SECONDS} seconds")
            piece = self._answers.read(1 << 20)
            if not piece:
                return
            self._rest += piece


def _pipe() -> tuple[int, int]:
    """Both ends, above the numbers that the browser wants for its own."""
    ends = os.pipe()
    moved = [fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in ends]
    for end in ends:
        os.close(end)
    return moved[0], moved[1]


@contextmanager
def browser() -> Iterator[Chromium]:
    """A browser for some tests; FileNotFoundError where none is installed."""
    command = find_chromium()
    if command is None:
        raise FileNotFoundError("no chromium is installed")
    with Chromium(command) as opened:
        yield opened
