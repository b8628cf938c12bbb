"""The environment variables of a function's process: AWS's own, the function's, and nothing else."""

import os
from dataclasses import dataclass
from pathlib import Path

from scripts.localcloud.cloud import REGION, Cloud
from scripts.localcloud.iam import Principal
from scripts.localcloud.lambda_host.spec import VersionSpec

OPT_VARIABLE = "LAMBDALOOP_OPT"
"""Tells product code where layers were unpacked; in AWS it is not set and /opt is meant."""

RESERVED = frozenset(
    {
        *("_HANDLER", "_X_AMZN_TRACE_ID", "AWS_DEFAULT_REGION", "AWS_REGION", "AWS_EXECUTION_ENV"),
        *("AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_LAMBDA_FUNCTION_VERSION"),
        *("AWS_LAMBDA_INITIALIZATION_TYPE", "AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME"),
        *("AWS_ACCESS_KEY", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"),
        *("AWS_LAMBDA_RUNTIME_API", "LAMBDA_TASK_ROOT", "LAMBDA_RUNTIME_DIR"),
    }
)
"""Names a function's configuration may not set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessPlace:
    """Where one process lives: its directories, its runtime API address and its log stream."""

    task_dir: Path
    python_path: list[Path]
    opt_dir: Path
    runtime_dir: Path
    tmp_dir: Path
    runtime_api: str
    log_stream: str
    telemetry_fd: int


def process_environment(
    cloud: Cloud, spec: VersionSpec, place: ProcessPlace, principal: Principal
) -> dict[str, str]:
    """What the process of a function version finds in os.environ."""
    logging = {"AWS_LAMBDA_LOG_FORMAT": spec.log_format}
    if spec.log_level is not None:
        logging["AWS_LAMBDA_LOG_LEVEL"] = spec.log_level
    session = {"AWS_SESSION_TOKEN": principal.session_token} if principal.session_token else {}
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        **dict(spec.environment),
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{spec.runtime}",
        "AWS_LAMBDA_FUNCTION_NAME": spec.function_name,
        "AWS_LAMBDA_FUNCTION_VERSION": spec.version,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(spec.memory_mib),
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": spec.log_group,
        "AWS_LAMBDA_LOG_STREAM_NAME": place.log_stream,
        "AWS_LAMBDA_RUNTIME_API": place.runtime_api,
        "AWS_ACCESS_KEY_ID": principal.access_key,
        "AWS_SECRET_ACCESS_KEY": principal.secret_key,
        **session,
        "AWS_ENDPOINT_URL": cloud.endpoint_url,
        "_HANDLER": spec.handler,
        "LAMBDA_TASK_ROOT": str(place.task_dir),
        "LAMBDA_RUNTIME_DIR": str(place.runtime_dir),
        OPT_VARIABLE: str(place.opt_dir),
        "TMPDIR": str(place.tmp_dir),
        "PYTHONPATH": os.pathsep.join(map(str, [*place.python_path, place.runtime_dir])),
        "_LAMBDA_TELEMETRY_LOG_FD": str(place.telemetry_fd),
        **logging,
    }
