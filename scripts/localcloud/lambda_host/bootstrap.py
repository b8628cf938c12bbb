"""Runs inside a function's process: AWS's runtime interface client, with the local cloud's clock if it has one.

Called as `python -S -s -P bootstrap.py HANDLER [VIRTUAL_TIME TIMEOUT_SECONDS]`; imports nothing of this project,
because the process sees only the standard library, the function's code and layers, and the runtime directory.
"""

import os
import sys
import threading
from typing import Any


def _exit_with_host() -> None:
    """End when the host ends: it holds the other end of our standard input and never writes to it."""

    def watch() -> None:
        os.read(sys.stdin.fileno(), 1)
        os._exit(1)

    threading.Thread(target=watch, daemon=True, name="exit-with-host").start()


def _client() -> Any:
    from awslambdaric.lambda_runtime_client import LambdaRuntimeClient

    return LambdaRuntimeClient


def _client_in_virtual_time(virtual_time: float, timeout_seconds: float) -> Any:
    import time_machine
    from awslambdaric.lambda_runtime_client import LambdaRuntimeClient

    clock = time_machine.travel(virtual_time, tick=True).start()

    class ClientInVirtualTime(LambdaRuntimeClient):  # type: ignore[misc]
        """Sets the clock before each invocation; within one, time runs as fast as on any other machine."""

        def wait_next_invocation(self) -> Any:
            request = super().wait_next_invocation()
            clock.move_to(request.deadline_time_in_ms / 1000 - timeout_seconds)
            return request

    return ClientInVirtualTime


def main() -> None:
    """Serve invocations until the process is ended."""
    _exit_with_host()
    handler, *clock = sys.argv[1:]
    make_client = _client_in_virtual_time(float(clock[0]), float(clock[1])) if clock else _client()

    from awslambdaric import bootstrap
    from awslambdaric.lambda_config import LambdaConfigProvider

    config = LambdaConfigProvider([__file__, handler])
    bootstrap.run(config.handler, make_client(config.api_address, config.use_thread_polling))


if __name__ == "__main__":
    main()
