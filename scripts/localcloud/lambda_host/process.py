"""One execution environment: a process that handles one invocation at a time, as Lambda's sandboxes do."""

import json
import os
import queue
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from scripts.localcloud.cloud import Cloud
from scripts.localcloud.iam import Iam, Principal
from scripts.localcloud.lambda_host.environment import ProcessPlace, process_environment
from scripts.localcloud.lambda_host.output import Output
from scripts.localcloud.lambda_host.runtime_api import Invocation, RuntimeApi, Signal
from scripts.localcloud.lambda_host.spec import VersionSpec

_BOOTSTRAP = Path(__file__).with_name("bootstrap.py")
_INIT_SECONDS = 10.0  # AWS gives initialisation that long before it counts against the function's timeout
MAX_RESPONSE_BYTES = 6_291_556


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """How one invocation of a process ended."""

    payload: bytes
    failed: bool
    duration_ms: float
    init_ms: float | None
    max_memory_mib: int | None
    timed_out: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """The directories of a function version."""

    task_dir: Path
    python_path: list[Path]
    opt_dir: Path
    runtime_dir: Path
    tmp_root: Path


class FunctionProcess:
    """A running interpreter under awslambdaric; `alive` until it exits, is killed or is too late."""

    def __init__(
        self,
        *,
        cloud: Cloud,
        iam: Iam,
        spec: VersionSpec,
        layout: Layout,
        log_stream: str,
        write_log: Callable[["FunctionProcess", str], None],
    ) -> None:
        self.spec = spec
        self.log_stream = log_stream
        self.in_virtual_time = not cloud.clock.is_real
        self.idle_since = time.monotonic()
        self.principal: Principal = iam.principals.for_function(
            role_arn=spec.role_arn, function_name=spec.function_name
        )
        self._forget = iam.principals.forget
        self._signals: queue.SimpleQueue[Signal] = queue.SimpleQueue()
        self._api = RuntimeApi(self._signals)
        layout.tmp_root.mkdir(parents=True, exist_ok=True)
        self._tmp_dir = Path(tempfile.mkdtemp(dir=layout.tmp_root))
        self._started = time.perf_counter()
        self._init_ms: float | None = None
        self._ready = False
        self._init_error = b""
        self.alive = True
        read_plain, write_plain = os.pipe()
        read_framed, write_framed = os.pipe()
        place = ProcessPlace(
            task_dir=layout.task_dir,
            python_path=layout.python_path,
            opt_dir=layout.opt_dir,
            runtime_dir=layout.runtime_dir,
            tmp_dir=self._tmp_dir,
            runtime_api=self._api.address,
            log_stream=log_stream,
            telemetry_fd=write_framed,
        )
        clock = [str(cloud.clock.time()), str(spec.timeout_seconds)] if self.in_virtual_time else []
        self._process = subprocess.Popen(
            [sys.executable, "-S", "-s", "-P", str(_BOOTSTRAP), spec.handler, *clock],
            cwd=layout.task_dir,
            env=process_environment(cloud, spec, place, self.principal),
            stdin=subprocess.PIPE,  # never written to: its end tells the process that we are gone
            stdout=write_plain,
            stderr=write_plain,
            pass_fds=[write_framed],
            start_new_session=True,  # a function's own children end with it
        )
        os.close(write_plain)
        os.close(write_framed)
        self._output = Output(
            plain_fd=read_plain, framed_fd=read_framed, write=lambda line: write_log(self, line)
        )
        self._reaper = threading.Thread(target=self._reap, daemon=True, name=f"reap {self._process.pid}")
        self._reaper.start()

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    def invoke(self, invocation: Invocation) -> Answer:
        """Run one event to its end: an answer, a failure, an exit or a timeout."""
        self._api.send(invocation)
        first = not self._ready
        early = self._wait_until_ready() if first else None
        started = time.perf_counter()
        deadline = started + self.spec.timeout_seconds
        signal_ = early or self._next_signal(deadline, {"result", "error", "exit"})
        duration_ms = (time.perf_counter() - started) * 1000
        memory = self._max_memory_mib()
        self._output.drain()
        if signal_ is None:
            self.kill()
        payload = self._payload(signal_, invocation)
        self.idle_since = time.monotonic()
        return Answer(
            payload=payload,
            failed=signal_ is None or signal_.kind != "result" or len(signal_.body) > MAX_RESPONSE_BYTES,
            duration_ms=duration_ms,
            init_ms=self._init_ms if first else None,
            max_memory_mib=memory,
            timed_out=signal_ is None,
        )

    def kill(self) -> None:
        """End the process at once."""
        self.alive = False
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)

    def wait(self, timeout: float) -> None:
        """Wait until an ended process is gone and its traces are removed."""
        self._reaper.join(timeout)

    def _wait_until_ready(self) -> Signal | None:
        """Wait for the first request for an event; an exit before it is returned."""
        deadline = time.perf_counter() + _INIT_SECONDS + self.spec.timeout_seconds
        signal_ = self._next_signal(deadline, {"ready", "exit"})
        if signal_ is not None and signal_.kind == "exit":
            return signal_
        self._ready = True
        self._init_ms = (time.perf_counter() - self._started) * 1000
        return None

    def _next_signal(self, deadline: float, kinds: set[str]) -> Signal | None:
        while (left := deadline - time.perf_counter()) > 0:
            try:
                signal_ = self._signals.get(timeout=left)
            except queue.Empty:
                return None
            if signal_.kind == "init_error":
                self._init_error = signal_.body
            if signal_.kind in kinds:
                return signal_
        return None

    def _payload(self, signal_: Signal | None, invocation: Invocation) -> bytes:
        identity = f"RequestId: {invocation.request_id} Error: "
        if signal_ is None:
            late = f"{identity}Task timed out after {self.spec.timeout_seconds:.2f} seconds"
            return _failure("Sandbox.Timedout", late)
        if signal_.kind == "exit":
            return self._init_error or _failure("Runtime.ExitError", identity + _why(signal_.exit_status))
        if len(signal_.body) > MAX_RESPONSE_BYTES and signal_.kind == "result":
            limit = f"maximum allowed payload size ({MAX_RESPONSE_BYTES} bytes)."
            return _failure("Function.ResponseSizeTooLarge", f"Response payload size exceeded {limit}")
        return signal_.body

    def _max_memory_mib(self) -> int | None:
        """The most memory the process ever used, where the system tells (Linux)."""
        try:
            status = Path(f"/proc/{self._process.pid}/status").read_text()
        except OSError:
            return None
        peak = status.partition("VmHWM:")[2].split()
        return int(peak[0]) // 1024 + 1 if peak else None

    def _reap(self) -> None:
        status = self._process.wait()
        self.alive = False
        self._signals.put(Signal("exit", exit_status=status))
        self._api.close()
        self._forget(self.principal)
        if self._process.stdin is not None:
            self._process.stdin.close()
        shutil.rmtree(self._tmp_dir, ignore_errors=True)


def _failure(error_type: str, message: str) -> bytes:
    return json.dumps({"errorType": error_type, "errorMessage": message}).encode()


def _why(exit_status: int) -> str:
    if exit_status < 0:
        return f"Runtime exited with error: signal: {signal.Signals(-exit_status).name.removeprefix('SIG').lower()}"
    if exit_status == 0:
        return "Runtime exited without providing a reason"
    return f"Runtime exited with error: exit status {exit_status}"
