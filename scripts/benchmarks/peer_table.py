"""What was measured of each server, as a section of the document, beside the goals."""

from collections.abc import Sequence
from dataclasses import dataclass

from scripts.benchmarks.closed_loop import Seen
from scripts.benchmarks.report import Section, Table

IN_PROCESS_GOAL, RUNTIME_GOAL, THROUGHPUT_GOAL = 40, 15, 15
"""Times as fast as the best peer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Of one server."""

    label: str
    alone: Seen
    """One client."""
    together: Seen
    """All clients at once."""
    start_seconds: float
    """From starting the process to the first answer."""
    memory_bytes: int
    """Of all its processes, after all requests."""
    install_bytes: int
    probability: float
    """That all servers must agree on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotMeasured:
    """A server that could not be measured here."""

    label: str
    reason: str


def peers_section(measured: Sequence[Figures | NotMeasured], *, clients: int, requests: int) -> Section:
    """The first two are ours, in process and through the runtime client; all others are peers."""
    in_process, in_lambda, *others = measured
    peers = [each for each in others if isinstance(each, Figures)]
    if not isinstance(in_process, Figures) or not isinstance(in_lambda, Figures) or not peers:
        raise RuntimeError(
            f"nothing to compare: {[each for each in measured if isinstance(each, NotMeasured)]}"
        )
    p50 = min(each.alone.percentile(50) for each in peers)
    rate = max(each.together.requests_per_second for each in peers)
    reached = [
        (p50 / in_process.alone.percentile(50), IN_PROCESS_GOAL, "p50 in process"),
        (p50 / in_lambda.alone.percentile(50), RUNTIME_GOAL, "p50 through the runtime client"),
        (in_lambda.together.requests_per_second / rate, THROUGHPUT_GOAL, "requests per second"),
    ]
    ratios = "; ".join(f"{what}: **{ratio:.1f}** (goal: {goal})" for ratio, goal, what in reached)
    return Section(
        title="Beside other servers",
        text=(
            "The same fitted pipeline (random forest of 100 trees, 20 numbers and 10 categories, one row per request), the same machine, one server after the other: "
            "the server with all its processes on one core, its clients on another one. Each peer from an environment of its own with pinned versions, "
            "started as its documentation says, with its defaults; the scikit-learn that fitted the pipeline is the one that loads it, and all must give the same probability. "
            f"Latency is that of one client with one connection, {requests:,} requests; requests per second are those of {clients} clients at once, as many requests, each client waiting for its "
            "answer. In process there are no clients: the handler is called with API Gateway's event, one call after the other. Through the runtime client every "
            f"client has an execution environment of its own, as in Lambda, so its memory is that of {clients} processes. Lambdaloop's times include checking the row, the prediction log line and the metrics line, "
            "and its start the download of the model; the peers load theirs from disk and do none of these. Installed: site-packages of a peer; function and layers of Lambdaloop (boto3 and the runtime client are Lambda's). "
            f"Times as good as the best peer: {ratios}."
        ),
        table=Table(
            head=[
                "server",
                "p50 ms",
                "p99 ms",
                f"requests per second, {clients} clients",
                "start to first answer s",
                "memory MB",
                "installed MB",
            ],
            rows=[_row(each) for each in measured],
        ),
    )


def _row(each: Figures | NotMeasured) -> list[str]:
    if isinstance(each, NotMeasured):
        reason = " ".join(each.reason.replace("|", "/").split())
        return [f"{each.label}: {reason}", *["–"] * 6]
    return [
        each.label,
        f"{each.alone.percentile(50) * 1e3:.2f}",
        f"{each.alone.percentile(99) * 1e3:.2f}",
        f"{each.together.requests_per_second:.0f}",
        f"{each.start_seconds:.2f}",
        f"{each.memory_bytes / 1e6:.0f}",
        f"{each.install_bytes / 1e6:.0f}",
    ]
