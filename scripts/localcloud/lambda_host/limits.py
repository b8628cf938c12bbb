"""What AWS refuses about a function's configuration, refused here with the same words."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from scripts.localcloud.lambda_host.code_store import unzipped_size
from scripts.localcloud.lambda_host.environment import RESERVED
from scripts.localcloud.lambda_host.errors import InvalidParameterError, NotEmulatedError
from scripts.localcloud.lambda_host.function import HostedFunction

MAX_ENVIRONMENT_BYTES = 4096
MAX_UNZIPPED_BYTES = 262_144_000
MAX_LAYERS = 5
MAX_SYNC_BYTES = 6_291_456
MAX_ASYNC_BYTES = 1_048_576  # 256 KB until October 2025
MAX_TIMEOUT_SECONDS = 900


def check_request(request: Mapping[str, Any]) -> None:
    """Check what can be checked before moto applies a request.

    Raises InvalidParameterError or NotEmulatedError.
    """
    _check_environment((request.get("Environment") or {}).get("Variables") or {})
    if len(request.get("Layers") or []) > MAX_LAYERS:
        raise InvalidParameterError(f"Cannot reference more than {MAX_LAYERS} layers.")
    if request.get("PackageType", "Zip") != "Zip":
        raise NotEmulatedError("functions packaged as images")
    if not str(request.get("Runtime") or "python").startswith("python"):
        raise NotEmulatedError(f"the runtime {request['Runtime']}, only Python ones")
    if int(request.get("Timeout") or 1) > MAX_TIMEOUT_SECONDS:
        raise InvalidParameterError(
            f"1 validation error detected: Value '{request['Timeout']}' at 'timeout' failed to satisfy constraint: "
            f"Member must have value less than or equal to {MAX_TIMEOUT_SECONDS}"
        )


def check_size(function: HostedFunction) -> None:
    """Check that code and layers together fit.

    Raises InvalidParameterError.
    """
    archives = [function.run_spec().code, *function.layer_archives()]
    size = sum(map(unzipped_size, archives))
    if size > MAX_UNZIPPED_BYTES:
        raise InvalidParameterError(
            "Function code combined with layers exceeds the maximum allowed size of "
            f"{MAX_UNZIPPED_BYTES} bytes. The actual size is {size} bytes."
        )


def _check_environment(variables: Mapping[str, str]) -> None:
    reserved = sorted(_reserved(variables))
    unable = "Lambda was unable to configure your environment variables because the environment variables you have provided"
    if reserved:
        raise InvalidParameterError(
            f"{unable} contains reserved keys that are currently not supported for modification. "
            f"Reserved keys used in this request: {', '.join(reserved)}"
        )
    measured = json.dumps(variables, separators=(",", ":"), ensure_ascii=False)
    if len(measured.encode()) > MAX_ENVIRONMENT_BYTES:
        raise InvalidParameterError(f"{unable} exceeded the 4KB limit. String measured: {measured}")


def _reserved(names: Iterable[str]) -> frozenset[str]:
    return RESERVED.intersection(names)
