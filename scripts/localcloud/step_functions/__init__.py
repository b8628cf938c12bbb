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
    cloud.status["executions_running"] = lambda: _running(cloud)


def _running(cloud: Cloud) -> list[Mapping[str, Any]]:
    with cloud.lock:
        machines = list(stepfunctions_parser_backends[ACCOUNT_ID][REGION].state_machines)
        return [
            {"name": execution.name, "state_machine": machine.name, "started": execution.start_date}
            for machine in machines
            for execution in machine.executions
            if execution.status == ExecutionStatus.RUNNING
        ]
