"""Lets the interpreter live in the cloud's time: waits, retries and timeouts, and the times it writes down."""

import math
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from types import SimpleNamespace
from typing import Any

from moto.stepfunctions.parser import models
from moto.stepfunctions.parser.asl.component.common.retry import retrier_decl
from moto.stepfunctions.parser.asl.component.program import program
from moto.stepfunctions.parser.asl.component.state import state
from moto.stepfunctions.parser.asl.component.state.exec import execute_state
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.itemprocessor import (
    map_run_record,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.resource import ResourceCondition
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_callback import (
    StateTaskServiceCallback,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.state_task import StateTask
from moto.stepfunctions.parser.asl.component.state.wait.wait_function import timestamp, wait_function
from moto.stepfunctions.parser.asl.eval.callback import callback
from moto.stepfunctions.parser.asl.eval.event import event_manager
from moto.stepfunctions.parser.backend import execution

from scripts.localcloud import moto_seams
from scripts.localcloud.clock import VirtualClock, Wait
from scripts.localcloud.cloud import Cloud

_POLL_SECONDS = 0.1  # how soon a timeout notices that the clock was moved
_NEVER = 99_999_999  # what the interpreter says when a state has no timeout


def install(cloud: Cloud) -> None:
    """Patch moto's interpreter."""
    clock = cloud.clock
    replace = moto_seams.of(cloud).replace
    _replace_waits(clock, replace)
    _replace_timeouts(clock, replace)
    dates = SimpleNamespace(datetime=_virtual_datetime(clock), timezone=timezone, timedelta=timedelta)
    for module in (execution, map_run_record, models, state, timestamp):
        replace(module, "datetime", dates)
    replace(event_manager.EventManager, "_get_current_timestamp", staticmethod(clock.now))


def _replace_waits(clock: VirtualClock, replace: Callable[[Any, str, Any], None]) -> None:
    retrying = threading.local()
    evaluate_retrier = retrier_decl.RetrierDecl._eval_body  # noqa: SLF001

    def wait_interval(_: Any, env: Any, wait_seconds: float) -> None:
        clock.sleep(wait_seconds, cancelled=lambda: not env.is_running(), owner=_execution(env))

    def evaluate(self: Any, env: Any) -> None:
        retrying.env = env
        evaluate_retrier(self, env)

    def sleep(seconds: float) -> None:
        env = retrying.env
        clock.sleep(seconds, cancelled=lambda: not env.is_running(), owner=_execution(env))

    replace(wait_function.WaitFunction, "_wait_interval", wait_interval)
    replace(retrier_decl.RetrierDecl, "_eval_body", evaluate)
    replace(retrier_decl, "time", SimpleNamespace(sleep=sleep))


def _execution(env: Any) -> str:
    return str(env.states.context_object.context_object_data["Execution"]["Id"])


def _replace_timeouts(clock: VirtualClock, replace: Callable[[Any, str, Any], None]) -> None:
    """Timeouts count virtual seconds.

    They count from before the work starts, so that a clock moved meanwhile is not missed. One exception: a task that
    computes (it calls a function or a service) also gets as many real seconds. Its work takes real time, and a clock
    that runs a thousand times as fast must not make every training time out.
    """
    computing, asking = threading.local(), threading.local()
    wait_for_answer = StateTaskServiceCallback._eval_wait_for_task_token  # noqa: SLF001
    evaluate_with_timeout = execute_state.ExecutionState._evaluate_with_timeout  # noqa: SLF001

    def evaluate(self: Any, env: Any) -> None:
        computing.now = _computes(self)
        evaluate_with_timeout(self, env)

    def wait_for_token(self: Any, env: Any, *args: Any, **kwargs: Any) -> Any:
        asking.execution = _execution(env)
        return wait_for_answer(self, env, *args, **kwargs)

    class Event(threading.Event):
        def __init__(self) -> None:
            super().__init__()
            self._created = clock.time()

        def wait(self, timeout: float | None = None) -> bool:
            real = timeout if getattr(computing, "now", False) else None
            return _wait(clock, super().wait, _after(self._created, timeout), real or 0)

    class CallbackEvent(threading.Event):
        """Somebody's answer to a task that waits for it: until it comes, the execution does nothing by itself."""

        _noted: Wait | None = None

        def wait(self, timeout: float | None = None) -> bool:
            deadline = _after(clock.time(), timeout)
            self._noted = clock.begin_wait(deadline, getattr(asking, "execution", ""))
            try:
                return _wait(clock, super().wait, deadline)
            finally:
                clock.end_wait(self._noted)

        def set(self) -> None:
            if self._noted is not None:  # at once: the waiting thread may wake up later
                clock.end_wait(self._noted)
            super().set()

    class Thread(threading.Thread):
        def start(self) -> None:
            self._started_at = clock.time()
            super().start()

        def join(self, timeout: float | None = None) -> None:
            def ended(seconds: float | None = None) -> bool:
                threading.Thread.join(self, seconds)
                return not self.is_alive()

            _wait(clock, ended, _after(self._started_at, timeout))

    replace(execute_state.ExecutionState, "_evaluate_with_timeout", evaluate)
    replace(execute_state, "threading", SimpleNamespace(Event=Event))
    replace(StateTaskServiceCallback, "_eval_wait_for_task_token", wait_for_token)
    replace(callback, "Event", CallbackEvent)
    replace(program, "threading", SimpleNamespace(Thread=Thread))


def _computes(state: Any) -> bool:
    return isinstance(state, StateTask) and not _waits_for_token(state)


def _waits_for_token(state: Any) -> bool:
    return bool(getattr(state.resource, "condition", None) == ResourceCondition.WaitForTaskToken)


def _after(moment: float, timeout: float | None) -> float:
    return math.inf if timeout is None or timeout >= _NEVER else moment + timeout


def _wait(
    clock: VirtualClock, wait: Callable[[float | None], bool], deadline: float, real_seconds: float = 0
) -> bool:
    """`wait` for something until virtual time `deadline`, and `real_seconds` at least; whether it came in time."""
    if deadline == math.inf:
        return wait(None)
    real_deadline = time.monotonic() + real_seconds
    while clock.time() < deadline or time.monotonic() < real_deadline:
        left = max(0.0, deadline - clock.time())
        virtual = left / clock.speed if clock.speed else _POLL_SECONDS
        real = max(0.0, real_deadline - time.monotonic())
        if wait(min(max(virtual, real), _POLL_SECONDS)):
            return True
    return wait(0)


def _virtual_datetime(clock: VirtualClock) -> type[datetime]:
    class VirtualDatetime(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> "VirtualDatetime":
            moment = cls.fromtimestamp(clock.time(), tz or UTC)
            return moment if tz else moment.replace(tzinfo=None)

    return VirtualDatetime
