"""Step Functions: moto's interpreter, in virtual time, with the rights of the state machine's role."""

from collections.abc import Mapping
from typing import Any

from moto.stepfunctions.parser.api import ExecutionStatus
from moto.stepfunctions.parser.backend.execution import Execution

from scripts.localcloud import moto_seams
from scripts.localcloud.cloud import Cloud
from scripts.localcloud.step_functions import executions, histories, parsing, role_clients, virtual_time


def install(cloud: Cloud) -> None:
    """Patch moto's interpreter. Call it before the first request is served."""
    virtual_time.install(cloud)
    role_clients.install(cloud)
    executions.install(cloud)
    parsing.install(cloud)
    histories.install(cloud)
    running = _Running(cloud)
    cloud.status["executions_running"] = lambda: [_told(execution) for execution in running.now()]
    cloud.busy.append(lambda: _busy(cloud, running))
    cloud.due.append(lambda _until: cloud.clock.next_deadline())


class _Running:
    """The executions that have not ended; a long life of the cloud has thousands that have, and is asked again and again."""

    def __init__(self, cloud: Cloud) -> None:
        self._lock = cloud.lock
        self._started: list[Any] = []
        start_in_moto = Execution.start

        def start(execution: Any) -> None:
            with self._lock:
                start_in_moto(execution)
                self._started = [*self._started, execution]

        moto_seams.of(cloud).replace(Execution, "start", start)

    def now(self) -> list[Any]:
        """Oldest first."""
        with self._lock:
            self._started = [one for one in self._started if one.exec_status == ExecutionStatus.RUNNING]
            return self._started


def _busy(cloud: Cloud, running: _Running) -> list[str]:
    """The executions that go on by themselves: none of their states waits for a time that has not come yet."""
    going_on = running.now()
    waiting = cloud.clock.owners()
    return [f"execution {one.name}" for one in going_on if one.execution_arn not in waiting]


def _told(execution: Any) -> Mapping[str, Any]:
    machine = execution.state_machine_arn.rpartition(":")[2]
    return {"name": execution.name, "state_machine": machine, "started": execution.start_date}
