"""The Lambda service of the local cloud: finds the version that has to answer and runs it in a process."""

import base64
import threading
import uuid
from collections import deque
from dataclasses import dataclass
from typing import Any

from moto.awslambda.exceptions import UnknownFunctionException
from moto.awslambda.models import LambdaBackend, lambda_backends

from scripts.localcloud.cloud import ACCOUNT_ID, REGION, Cloud
from scripts.localcloud.iam import Iam
from scripts.localcloud.lambda_host import installed, report
from scripts.localcloud.lambda_host.aliases import pick_version
from scripts.localcloud.lambda_host.async_queue import AsyncQueue
from scripts.localcloud.lambda_host.code_store import CodeStore
from scripts.localcloud.lambda_host.errors import (
    RequestTooLargeError,
    ResourceNotFoundError,
    TooManyRequestsError,
)
from scripts.localcloud.lambda_host.event_config import EventConfigs
from scripts.localcloud.lambda_host.event_sources import EventSources
from scripts.localcloud.lambda_host.function import HostedFunction
from scripts.localcloud.lambda_host.limits import MAX_ASYNC_BYTES, MAX_SYNC_BYTES
from scripts.localcloud.lambda_host.names import FunctionName, parse_name
from scripts.localcloud.lambda_host.pool import ProcessPool
from scripts.localcloud.lambda_host.process import Answer, FunctionProcess, Layout
from scripts.localcloud.lambda_host.recorder import LogEvent, Recorder
from scripts.localcloud.lambda_host.runtime_api import Invocation
from scripts.localcloud.lambda_host.runtime_dir import runtime_dir
from scripts.localcloud.lambda_host.spec import CodeArchive, VersionSpec

_REAP_EVERY_SECONDS = 15.0
_TAIL_BYTES = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What one invocation runs: a version, and the alias it was reached through, if any."""

    function: HostedFunction
    asked: FunctionName
    alias: str | None

    @property
    def version(self) -> str:
        """The version that answers."""
        return str(self.function.version)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What an invocation gave: a function that failed is an outcome, not an exception."""

    request_id: str
    payload: bytes
    failed: bool
    executed_version: str
    log_tail: bytes


class LambdaHost:
    """Invokes functions; one per local cloud.

    `settle_seconds` (virtual) is how long a function stays Pending or InProgress, `idle_seconds` (real) how long
    a process may wait for its next event.
    """

    def __init__(
        self, cloud: Cloud, iam: Iam, *, settle_seconds: float = 1.0, idle_seconds: float = 300.0
    ) -> None:
        self.cloud = cloud
        self.iam = iam
        self.settle_seconds = settle_seconds
        self.deliver_twice = False
        self.event_configs = EventConfigs()
        self.recorder = Recorder(cloud, iam)
        self._root = cloud.state_dir / "lambda"
        self._code = CodeStore(self._root)
        self._tails: dict[FunctionProcess, deque[str]] = {}
        self._pool = ProcessPool(self._start, self._is_stale)
        self._async = AsyncQueue(self)
        self.event_sources = EventSources(self)
        self._stop = threading.Event()
        threading.Thread(target=self._reap, args=(idle_seconds,), daemon=True, name="lambda reaper").start()

    @property
    def backend(self) -> LambdaBackend:
        """Moto's store of functions."""
        return lambda_backends[ACCOUNT_ID][REGION]

    def find(self, name: FunctionName) -> HostedFunction:
        """The version a name stands for, without weights.

        Raises ResourceNotFoundError.
        """
        try:
            return self.backend.get_function(name.name, name.qualifier)  # type: ignore[no-any-return]
        except UnknownFunctionException:
            raise ResourceNotFoundError(f"Function not found: {name.arn}") from None

    def target(self, name: FunctionName) -> Target:
        """The version that answers an invocation now; an alias with weights draws one.

        Raises ResourceNotFoundError.
        """
        alias = self._alias(name)
        if alias is None:
            return Target(function=self.find(name), asked=name, alias=None)
        version = pick_version(alias, self.cloud.random)
        return Target(function=self.find(FunctionName(name.name, version)), asked=name, alias=name.qualifier)

    def invoke(
        self, name: str, payload: bytes, *, qualifier: str | None = None, client_context: str | None = None
    ) -> Outcome:
        """Run a function and wait for it; `payload` is JSON text.

        Raises a LambdaApiError when it could not run at all: not found, not active, throttled, payload too large.
        """
        if len(payload) > MAX_SYNC_BYTES:
            raise RequestTooLargeError(len(payload), MAX_SYNC_BYTES)
        return self.run(self.target(parse_name(name, qualifier)), payload, client_context=client_context)

    def submit(self, name: str, payload: bytes, *, qualifier: str | None = None) -> str:
        """Queue an event for a function and return its request id; retries and destinations as in AWS.

        Raises a LambdaApiError when there is no such function or the payload is too large.
        """
        if len(payload) > MAX_ASYNC_BYTES:
            raise RequestTooLargeError(len(payload), MAX_ASYNC_BYTES)
        parsed = parse_name(name, qualifier)
        self.find(parsed)
        return self._async.submit(parsed, payload)

    def run(
        self,
        target: Target,
        payload: bytes,
        *,
        request_id: str | None = None,
        client_context: str | None = None,
    ) -> Outcome:
        """Run one version once.

        Raises ResourceConflictError before it is active and TooManyRequestsError when throttled.
        """
        target.function.lifecycle.check_active()
        spec = target.function.run_spec()
        dimensions = report.dimension_sets(
            function_name=spec.function_name,
            qualifier=target.asked.qualifier,
            executed_version=spec.version if target.alias else None,
        )
        started = self.cloud.clock.time()
        invocation = Invocation(
            request_id=request_id or str(uuid.uuid4()),
            payload=payload or b"{}",
            function_arn=target.asked.arn,
            deadline_ms=round((started + spec.timeout_seconds) * 1000),
            client_context=client_context,
        )
        try:
            with self._pool.process(spec, self._reserved(spec.function_name)) as process:
                answer, tail = self._run_in(process, spec, invocation, started)
                running = self._pool.running(spec.function_name)
        except TooManyRequestsError:
            for datum in report.throttle_data(dimensions, now=started):
                self.recorder.put(datum)
            raise
        for datum in report.invocation_data(dimensions, answer, running=running, now=started):
            self.recorder.put(datum)
        return Outcome(
            request_id=invocation.request_id,
            payload=answer.payload,
            failed=answer.failed,
            executed_version=spec.version,
            log_tail=tail,
        )

    def retire(self, function_name: str, version: str | None = None) -> None:
        """Free what a function or version that was deleted held: its processes, and its code where nobody else has the same."""
        self._pool.retire(function_name, version)
        self._code.sweep(self._archives)

    def status(self) -> dict[str, Any]:
        """For GET /_localcloud/status."""
        return {"processes": self._pool.count(), "deliver_events_twice": self.deliver_twice}

    def busy(self) -> list[str]:
        """What the host does right now, in words: invocations, events to be attempted, logs and metrics to be written."""
        told = [f"function {name}" for name in self._pool.busy()]
        if events := self._async.due_or_running():
            told.append(f"{events} asynchronous invocations")
        if streams := self.event_sources.busy():
            told.append(f"{streams} streams of changes")
        return [*told, "logs and metrics"] if self.recorder.unwritten else told

    def next_due(self) -> float | None:
        """When an asynchronous invocation is attempted next."""
        return self._async.next_due()

    def shutdown(self) -> None:
        """End every process and thread of the host."""
        installed.forget(self)
        self._stop.set()
        self._async.close()
        self.event_sources.close()
        self._pool.close()
        self.recorder.close()

    def _run_in(
        self, process: FunctionProcess, spec: VersionSpec, invocation: Invocation, started: float
    ) -> tuple[Answer, bytes]:
        tail: deque[str] = deque(maxlen=_TAIL_BYTES)
        self._tails[process] = tail
        self._log(process, report.start_line(spec, invocation.request_id, started))
        answer = process.invoke(invocation)
        now = self.cloud.clock.time()
        for line in report.end_lines(spec, invocation.request_id, answer, now):
            self._log(process, line)
        return answer, "\n".join([*self._tails.pop(process), ""]).encode()[-_TAIL_BYTES:]

    def _log(self, process: FunctionProcess, message: str) -> None:
        """Take one log message of a process, its own or the platform's about it."""
        tail = self._tails.get(process)
        if tail is not None:
            tail.append(message)
        self.recorder.put(
            LogEvent(
                principal=process.principal,
                group=process.spec.log_group,
                stream=process.log_stream,
                time_ms=round(self.cloud.clock.time() * 1000),
                message=message,
            )
        )

    def _alias(self, name: FunctionName) -> Any:
        if name.qualifier is None:
            return None
        found = self.find(FunctionName(name.name))
        return self.backend._lambdas._aliases[found.function_arn].get(name.qualifier)  # noqa: SLF001

    def _archives(self) -> list[CodeArchive]:
        """The code and layers of every function and version there is, and of the processes that still run."""
        specs = [function.run_spec() for function in self._functions()] + self._pool.specs()
        return [archive for spec in specs for archive in (spec.code, *spec.layers)]

    def _functions(self) -> list[HostedFunction]:
        groups = list(self.backend._lambdas._functions.values())  # noqa: SLF001
        return [
            each for group in groups for each in (group["latest"], *group["versions"]) if each is not None
        ]

    def _reserved(self, function_name: str) -> int | None:
        reserved = self.find(FunctionName(function_name)).reserved_concurrency
        return None if reserved is None else int(reserved)

    def _start(self, spec: VersionSpec) -> FunctionProcess:
        layout = Layout(
            task_dir=self._code.unpack(spec.code),
            python_path=self._code.python_path(spec),
            opt_dir=self._code.opt(spec),
            runtime_dir=runtime_dir(),
            tmp_root=self._root / "tmp",
        )
        day = self.cloud.clock.now().strftime("%Y/%m/%d")
        return FunctionProcess(
            cloud=self.cloud,
            iam=self.iam,
            spec=spec,
            layout=layout,
            log_stream=f"{day}/[{spec.version}]{uuid.uuid4().hex}",
            write_log=self._log,
        )

    def _is_stale(self, process: FunctionProcess) -> bool:
        """A process that was started in real time cannot follow a clock that was moved since."""
        return process.in_virtual_time == self.cloud.clock.is_real

    def _reap(self, idle_seconds: float) -> None:
        while not self._stop.wait(min(_REAP_EVERY_SECONDS, idle_seconds / 2)):
            self._pool.reap(idle_seconds)


def log_result(outcome: Outcome) -> str:
    """The end of an invocation's log as LogType=Tail returns it."""
    return base64.b64encode(outcome.log_tail).decode()
