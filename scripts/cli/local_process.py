"""Starts and stops the local cloud as a process of its own."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from lambdaloop.domain.errors import LambdaloopError
from scripts.cli.cdk import PROJECT

DEFAULT_STATE = Path(".lambdaloop/local")
_START_SECONDS = 60
_STOP_SECONDS = 15
_ALLOCATION = {
    "MALLOC_ARENA_MAX": "2",
    "MALLOC_MMAP_THRESHOLD_": "131072",
    "MALLOC_TRIM_THRESHOLD_": "131072",
}
"""For glibc. It would make a heap for each of sixteen threads, and keep the room of the largest blocks in them for good: with a thread
for each connection, as much memory again as is in use."""
_PATIENCE_SECONDS = 1800  # more than all trainings and releases of one stretch of time take
_ANSWER_SECONDS = 600
"""Much may become due at once, and a busy machine takes minutes for it."""
_TELL_SECONDS = 0.5


class LocalCloudError(LambdaloopError):
    """The local cloud did not start, or is not running."""


@dataclass(frozen=True, kw_only=True)
class LocalCloud:
    """A running local cloud."""

    state: Path
    endpoint_url: str
    gateway_port: int
    pid: int
    process: subprocess.Popen[bytes] | None = field(default=None, compare=False, repr=False)
    """Set where this very program started it."""

    @property
    def environment(self) -> dict[str, str]:
        """What a process must have in its environment to talk to this cloud and to no other."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint_url,
            "AWS_ACCESS_KEY_ID": "local",
            "AWS_SECRET_ACCESS_KEY": "local",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_REGION": "us-east-1",
        }

    def control(self, path: str, document: dict[str, Any] | None = None) -> Any:
        """Ask a control endpoint: GET without a document, POST with one."""
        data = None if document is None else json.dumps(document).encode()
        url = f"{self.endpoint_url}/_localcloud/{path}"
        request = urllib.request.Request(url, data=data, headers={"content-type": "application/json"})  # noqa: S310
        with urllib.request.urlopen(request, timeout=_ANSWER_SECONDS) as answer:  # noqa: S310
            return json.loads(answer.read() or b"null")

    def advance(self, seconds: float) -> None:
        """Move virtual time forward."""
        self.control("clock", {"advance_seconds": seconds})

    def now(self) -> float:
        """Virtual seconds since the epoch."""
        return float(self.control("status")["clock"]["time"])

    def running_workflows(self) -> set[str]:
        """Names of the state machines that have an execution under way."""
        return {execution["state_machine"] for execution in self.control("status")["executions_running"]}

    def freeze(self) -> None:
        """Let time stand still: from now on it passes by request only."""
        self.control("clock", {"speed": 0})

    def pass_until(
        self, moment: float, *, meanwhile: Callable[[Sequence[str]], None] = lambda _busy: None
    ) -> None:
        """Let virtual time pass until `moment` (seconds since the epoch), everything that is due at its own time.

        While something takes real time, `meanwhile` is told what, in words, again and again.
        Raises LocalCloudError when that never ends.
        """
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while True:
            answer = self.control("pass", {"until": moment, "patience_seconds": _TELL_SECONDS})
            if answer["arrived"]:
                return
            if time.monotonic() > deadline:
                raise LocalCloudError(f"virtual time cannot go on: {', '.join(answer['busy'])} does not end")
            meanwhile(answer["busy"])

    def stop(self) -> None:
        """Stop the process and wait until it is gone; one that does not go in time is killed."""
        deadline = time.monotonic() + _STOP_SECONDS
        try:
            os.kill(self.pid, signal.SIGTERM)
            while self._alive():
                if time.monotonic() > deadline:
                    os.kill(self.pid, signal.SIGKILL)
                time.sleep(0.05)
        except ProcessLookupError:
            pass  # it was gone before
        if self.process and self.process.stdin:
            self.process.stdin.close()
        (self.state / "endpoint.json").unlink(missing_ok=True)

    def _alive(self) -> bool:
        return self.process.poll() is None if self.process else _exists(self.pid)


def start_local_cloud(state: Path = DEFAULT_STATE, *, speed: float = 1.0, keep: bool = False) -> LocalCloud:
    """Start a local cloud with an empty state and wait until it answers.

    It ends with this process unless it is to `keep` running.

    Raises LocalCloudError with the end of its log when it does not come up, or when one is running already.
    """
    if find_local_cloud(state):
        raise LocalCloudError(
            f"a local cloud is already running in {state}: stop it with `lambdaloop local down`"
        )
    state = state.resolve()
    state.mkdir(parents=True, exist_ok=True)
    (state / "endpoint.json").unlink(missing_ok=True)
    command = [sys.executable, "-m", "scripts.localcloud", "--state", str(state), "--speed", str(speed)]
    stdin = subprocess.DEVNULL if keep else subprocess.PIPE
    with (state / "process.log").open("wb") as log:
        process = subprocess.Popen(
            [*command, *([] if keep else ["--until-stdin-closes"])],
            stdin=stdin,
            stdout=log,
            stderr=log,
            cwd=PROJECT,
            env={**_ALLOCATION, **os.environ},
            start_new_session=True,
        )
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        if cloud := find_local_cloud(state):
            return replace(cloud, process=process)
        time.sleep(0.05)
    process.kill()
    process.communicate()
    raise LocalCloudError(f"the local cloud did not start:\n{(state / 'process.log').read_text()[-2000:]}")


def find_local_cloud(state: Path = DEFAULT_STATE) -> LocalCloud | None:
    """The local cloud that runs with this state folder, if one does."""
    try:
        found = json.loads((state / "endpoint.json").read_text())
    except FileNotFoundError:
        return None
    cloud = LocalCloud(
        state=state, endpoint_url=found["endpoint_url"], gateway_port=found["gateway_port"], pid=found["pid"]
    )
    return cloud if _is_really_there(cloud) else None


def _is_really_there(cloud: LocalCloud) -> bool:
    """Whether the file is no leftover: its process may be gone and its number may be another's by now."""
    if not _exists(cloud.pid):
        return False
    try:
        return bool(cloud.control("status")["pid"] == cloud.pid)
    except (OSError, ValueError, KeyError):
        return False


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
