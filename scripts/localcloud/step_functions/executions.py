"""Starting and stopping executions where moto differs from AWS."""

import re
import time
import uuid
from typing import Any

from moto.core.exceptions import AWSError
from moto.stepfunctions.parser import api
from moto.stepfunctions.parser.backend.execution_worker import ExecutionWorker
from moto.stepfunctions.parser.models import StepFunctionsParserBackend

from scripts.localcloud import moto_seams
from scripts.localcloud.cloud import Cloud
from scripts.localcloud.step_functions.definition import problems

_NAME = re.compile(r"[^\s<>{}\[\]?*\"#%\\^|~`$&,;:/\x00-\x1f\x7f-\x9f]{1,80}")
_START_SECONDS = 10.0  # parsing a large definition takes the interpreter up to a second


def install(cloud: Cloud) -> None:
    """Patch moto's interpreter."""
    replace = moto_seams.of(cloud).replace
    validate = StepFunctionsParserBackend._validate_definition  # noqa: SLF001
    start_execution = StepFunctionsParserBackend.start_execution
    stop = ExecutionWorker.stop

    def validate_definition(definition: str) -> None:
        validate(definition)
        if found := problems(definition):
            raise api.InvalidDefinition(message=f"Invalid State Machine Definition: '{'; '.join(found)}'")

    def start(self: Any, state_machine_arn: str, name: str | None = None, *args: Any, **kwargs: Any) -> Any:
        # moto calls every unnamed execution "None", and the second one collides with the first.
        name = name or str(uuid.uuid4())
        if not _NAME.fullmatch(name):
            raise api.InvalidName(f"Invalid Name: '{name}'")
        return start_execution(self, state_machine_arn, name, *args, **kwargs)

    def stop_started(self: Any, *args: Any, **kwargs: Any) -> None:
        # An execution that was only just accepted has nothing yet that could be stopped.
        deadline = time.monotonic() + _START_SECONDS
        while (self.env is None or self.env.program_state() is None) and time.monotonic() < deadline:
            time.sleep(0.01)
        stop(self, *args, **kwargs)

    for kind in vars(api).values():
        # The interpreter's own errors reach callers without a name, because moto looks for it in TYPE.
        if isinstance(kind, type) and issubclass(kind, AWSError) and kind.__dict__.get("code"):
            replace(kind, "TYPE", kind.__dict__["code"])
    replace(StepFunctionsParserBackend, "_validate_definition", staticmethod(validate_definition))
    replace(StepFunctionsParserBackend, "start_execution", start)
    replace(ExecutionWorker, "stop", stop_started)
