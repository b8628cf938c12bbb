"""The platform's own log lines around an invocation and the metrics it counts, as AWS words and names them."""

import json
import math
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from scripts.localcloud.lambda_host.process import Answer
from scripts.localcloud.lambda_host.recorder import Datum
from scripts.localcloud.lambda_host.spec import VersionSpec


def start_line(spec: VersionSpec, request_id: str, now: float) -> str:
    """What is logged when an invocation starts."""
    if spec.log_format == "JSON":
        return _event(now, "platform.start", {"requestId": request_id, "version": spec.version})
    return f"START RequestId: {request_id} Version: {spec.version}"


def end_lines(spec: VersionSpec, request_id: str, answer: Answer, now: float) -> list[str]:
    """What is logged when an invocation has ended."""
    init = {} if answer.init_ms is None else {"initDurationMs": round(answer.init_ms, 2)}
    memory = {} if answer.max_memory_mib is None else {"maxMemoryUsedMB": answer.max_memory_mib}
    billed_ms = math.ceil(answer.duration_ms)
    if spec.log_format == "JSON":
        metrics = {
            "durationMs": round(answer.duration_ms, 3),
            "billedDurationMs": billed_ms,
            "memorySizeMB": spec.memory_mib,
            **memory,
            **init,
        }
        status = "timeout" if answer.timed_out else "error" if answer.failed else "success"
        record = {"requestId": request_id, "status": status, "metrics": metrics}
        return [_event(now, "platform.report", record)]
    timeout = f"{_iso(now)} {request_id} Task timed out after {spec.timeout_seconds:.2f} seconds"
    parts = [
        f"REPORT RequestId: {request_id}",
        f"Duration: {answer.duration_ms:.2f} ms",
        f"Billed Duration: {billed_ms} ms",
        f"Memory Size: {spec.memory_mib} MB",
        *(f"Max Memory Used: {value} MB" for value in memory.values()),
        *(f"Init Duration: {value:.2f} ms" for value in init.values()),
        *(["Status: timeout"] if answer.timed_out else []),
    ]
    return [*([timeout] if answer.timed_out else []), f"END RequestId: {request_id}", "\t".join(parts)]


def dimension_sets(
    *, function_name: str, qualifier: str | None, executed_version: str | None
) -> list[tuple[tuple[str, str], ...]]:
    """The dimensions AWS publishes a function's metrics under.

    `executed_version` only for an invocation through an alias.
    """
    name = ("FunctionName", function_name)
    resource = ("Resource", f"{function_name}:{qualifier}" if qualifier else function_name)
    sets: list[tuple[tuple[str, str], ...]] = [(name,), (name, resource)]
    if executed_version is not None:
        sets.append((name, resource, ("ExecutedVersion", executed_version)))
    return sets


def invocation_data(
    dimensions: Iterable[tuple[tuple[str, str], ...]], answer: Answer, *, running: int, now: float
) -> list[Datum]:
    """The metrics of an invocation that ran."""
    values = [
        ("Invocations", 1.0, "Count"),
        ("Errors", float(answer.failed), "Count"),
        ("Throttles", 0.0, "Count"),
        ("Duration", answer.duration_ms, "Milliseconds"),
        ("ConcurrentExecutions", float(running), "Count"),
    ]
    return [
        Datum(name=name, value=value, unit=unit, dimensions=one, time=now)
        for one in dimensions
        for name, value, unit in values
    ]


def throttle_data(dimensions: Iterable[tuple[tuple[str, str], ...]], *, now: float) -> list[Datum]:
    """The metric of an invocation that was turned away: it counts as no invocation."""
    return [Datum(name="Throttles", value=1.0, unit="Count", dimensions=one, time=now) for one in dimensions]


def _event(now: float, kind: str, record: Mapping[str, object]) -> str:
    return json.dumps({"time": _iso(now), "type": kind, "record": record}, separators=(",", ":"))


def _iso(now: float) -> str:
    return datetime.fromtimestamp(now, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
