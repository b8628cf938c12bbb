"""Puts the parts of the local cloud together and keeps them running until told to stop."""

import json
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path

from moto.core.config import default_user_config

from scripts.localcloud import (
    alarms,
    change_streams,
    cloudformation,
    control,
    dynamodb,
    error_shapes,
    event_bus,
    firehose,
    forgotten_models,
    gateway,
    http_server,
    iam,
    lambda_host,
    logs,
    metrics,
    moto_seams,
    passing,
    periodic,
    schedules,
    step_functions,
    topic_filters,
)
from scripts.localcloud.clock import VirtualClock
from scripts.localcloud.cloud import Cloud
from scripts.localcloud.serialized_moto import SerializedMoto

logger = logging.getLogger(__name__)

_POLL_SECONDS = 0.05  # how soon the API server notices that it shall stop


def run(
    state_dir: Path, port: int, gateway_port: int, speed: float, *, until_stdin_closes: bool = False
) -> None:
    """Serve the local cloud until SIGTERM or SIGINT; `state_dir`/endpoint.json appears when it is ready.

    With `until_stdin_closes` it also ends when the process that holds the other end of its standard input is gone, so that a
    killed test run leaves nothing behind. Port 0 means any free one. Call it from the main thread: it sets signal handlers.
    Raises OSError when a port is taken.
    """
    state_dir.mkdir(parents=True, exist_ok=True)
    _log_to(state_dir / "localcloud.log")
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    if until_stdin_closes:
        threading.Thread(target=_stop_at_end_of_stdin, args=(stop,), daemon=True).start()
    with ExitStack() as running:
        cloud = start(state_dir, port, gateway_port, speed, running=running)
        endpoint = _write_endpoint(cloud)
        running.callback(endpoint.unlink, missing_ok=True)
        logger.info("ready at %s", cloud.endpoint_url)
        stop.wait()
        logger.info("stopping")


def start(state_dir: Path, port: int, gateway_port: int, speed: float, *, running: ExitStack) -> Cloud:
    """Start every part in this process; closing `running` stops them again, last started first."""
    state_dir = state_dir.resolve()  # function processes have working directories of their own
    clock = VirtualClock(speed=speed)
    listener = http_server.listen(_unready, port, clock.time)
    running.callback(moto_seams.restore)
    running.callback(listener.server_close)
    cloud = Cloud(
        state_dir=state_dir,
        port=listener.port,
        gateway_port=gateway_port,
        clock=clock,
    )
    settings = default_user_config["stepfunctions"]
    running.callback(settings.update, settings.copy())
    settings["execute_state_machine"] = True
    _install(cloud)
    listener.app = control.Control(cloud, SerializedMoto(cloud))
    serving = threading.Thread(
        target=listener.serve_forever, args=(_POLL_SECONDS,), name="aws-api", daemon=True
    )
    serving.start()
    running.callback(serving.join)
    running.callback(listener.shutdown)
    running.callback(_shut_down, cloud)
    http_front = running.enter_context(closing(gateway.serve(cloud)))
    cloud.gateway_port = http_front.port
    periodic.start(cloud)
    return cloud


def _stop_at_end_of_stdin(stop: threading.Event) -> None:
    while os.read(sys.stdin.fileno(), 1024):
        pass
    stop.set()


def _install(cloud: Cloud) -> None:
    control.install(cloud)
    passing.install(cloud)
    iam.install(cloud)
    cloudformation.install(cloud)
    step_functions.install(cloud)
    lambda_host.install(cloud)
    for part in (
        error_shapes,
        forgotten_models,
        dynamodb,
        change_streams,
        event_bus,
        schedules,
        alarms,
        metrics,
        logs,
        firehose,
        topic_filters,
    ):
        part.install(cloud)


def _shut_down(cloud: Cloud) -> None:
    with ExitStack() as hooks:  # runs every hook, last registered first, even when one fails
        for hook in cloud.on_shutdown:
            hooks.callback(hook)


def _write_endpoint(cloud: Cloud) -> Path:
    path = cloud.state_dir / "endpoint.json"
    document = {
        "port": cloud.port,
        "gateway_port": cloud.gateway_port,
        "endpoint_url": cloud.endpoint_url,
        "pid": os.getpid(),
    }
    draft = path.with_suffix(".draft")
    draft.write_text(json.dumps(document))
    draft.replace(path)  # a reader sees all of it or nothing
    return path


def _log_to(path: Path) -> None:
    logging.basicConfig(
        filename=path,
        level=logging.INFO,
        format="%(asctime)s %(levelname)s %(threadName)s %(name)s %(message)s",
    )
    for chatty in ("botocore", "boto3", "urllib3", "werkzeug", "moto"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def _unready(_environ: object, start_response: Callable[..., object]) -> list[bytes]:
    start_response("503 Service Unavailable", [("Retry-After", "1")])
    return []
