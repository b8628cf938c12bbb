"""Step Functions: moto's interpreter, in virtual time, with the rights of the state machine's role."""

from collections.abc import Mapping
from typing import Any

from moto.stepfunctions.parser.api import ExecutionStatus
from moto.stepfunctions.parser.models import stepfunctions_parser_backends

from scripts.localcloud.cloud import ACCOUNT_ID, REGION, Cloud
from scripts.localcloud.step_functions import executions, role_clients, virtual_time


def install(cloud: Cloud) -> None:
    """Patch moto's interpreter. Call it before the first request is served."""
    virtual_time.install(cloud)
    role_clients.install(cloud)
    executions.install(cloud)
    cloud.status["executions_running"] = lambda: [_told(execution) for execution in _running(cloud)]
    cloud.busy.append(lambda: _busy(cloud))
    cloud.due.append(lambda _until: cloud.clock.next_deadline())


def _busy(cloud: Cloud) -> list[str]:
    """The executions that go on by themselves: none of their states waits for a time that has not come yet."""
    running = _running(cloud)
    waiting = cloud.clock.owners()
    return [f"execution {one.name}" for one in running if one.execution_arn not in waiting]


def _running(cloud: Cloud) -> list[Any]:
    with cloud.lock:
        machines = list(stepfunctions_parser_backends[ACCOUNT_ID][REGION].state_machines)
        return [
            execution
            for machine in machines
            for execution in machine.executions
            if execution.status == ExecutionStatus.RUNNING
        ]


def _told(execution: Any) -> Mapping[str, Any]:
    machine = execution.state_machine_arn.rpartition(":")[2]
    return {"name": execution.name, "state_machine": machine, "started": execution.start_date}
