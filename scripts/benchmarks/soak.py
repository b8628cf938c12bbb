"""Minutes of steady requests through the whole local cloud: nobody is refused, and nothing grows."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from scripts.benchmarks.closed_loop import Seen
from scripts.benchmarks.deployed_model import DeployedModel, deployed_model
from scripts.benchmarks.memory_growth import Growth, Sample, growth
from scripts.benchmarks.process_family import children_of, resident_bytes
from scripts.benchmarks.report import Section, Table
from scripts.benchmarks.steady_load import SteadyLoad

MINUTES = 16
REQUESTS_PER_SECOND = 100
_SAMPLE_SECONDS = 1.0
_WARM_SECONDS = 360.0
"""Firehose's buffer fills for five minutes, and is then delivered for the first time; ten minutes are left."""
_MOST_GROWTH = 1e6
"""Bytes per minute that pass for flat: allocators round up, and 10 MB in ten minutes is no leak that anybody finds."""


@dataclass(frozen=True, slots=True)
class _Memory:
    """Samples of the two programs that are to stay as they are."""

    cloud: list[Sample] = field(default_factory=list)
    function: list[Sample] = field(default_factory=list)
    """Of all processes of the inference function together."""
    processes: list[int] = field(default_factory=list)
    """How many these were."""


def soak(
    advance: Callable[[int, int], None], *, seconds: float = MINUTES * 60, warm_after: float = _WARM_SECONDS
) -> Section:
    """Ask for predictions all the time, and look at memory all the time."""
    memory = _Memory()
    with deployed_model() as deployed:
        load = SteadyLoad(deployed.deployment, deployed.data, wanted_rate=REQUESTS_PER_SECOND)
        with load.applied():
            begin = time.monotonic()
            while (passed := time.monotonic() - begin) < seconds:
                _sample(deployed, passed, memory)
                advance(round(passed), round(seconds))
                time.sleep(_SAMPLE_SECONDS)
    return _section(load, memory, warm_after=warm_after)


def _sample(deployed: DeployedModel, passed: float, memory: _Memory) -> None:
    cloud = deployed.cloud.pid
    functions = [
        pid for pid in children_of(cloud) if _function_of(pid) == deployed.deployment.inference_function
    ]
    memory.cloud.append(Sample(passed, resident_bytes(cloud)))
    memory.function.append(Sample(passed, sum(map(resident_bytes, functions))))
    memory.processes.append(len(functions))


def _function_of(pid: int, *, proc: Path = Path("/proc")) -> str | None:
    """The Lambda function that a process runs."""
    try:
        variables = (proc / str(pid) / "environ").read_bytes().split(b"\0")
    except OSError:
        return None
    name = b"AWS_LAMBDA_FUNCTION_NAME="
    return next((each.removeprefix(name).decode() for each in variables if each.startswith(name)), None)


def _section(load: SteadyLoad, memory: _Memory, *, warm_after: float) -> Section:
    seen = Seen(seconds=[each.at - each.sent for each in load.answers], elapsed=1.0)
    cloud = growth(memory.cloud, warm_after=warm_after)
    function = growth(memory.function, warm_after=warm_after)
    problems = sorted({f"{each.status} {each.problem}"[:200] for each in load.failures})
    if problems:
        raise RuntimeError(
            f"{len(load.failures)} of {len(load.answers)} requests failed: {'; '.join(problems[:3])}"
        )
    return Section(
        title="A soak",
        text=(
            f"{memory.cloud[-1].seconds / 60:.0f} minutes of {REQUESTS_PER_SECOND} requests per second with one row each, signed, over HTTP through the local cloud: "
            "gateway, signature, rights, Lambda host, function, logs, metrics, prediction log, all on the same machine, with the callers. "
            f"The function had {_range(memory.processes)} processes. Must hold: no error, and memory flat (less than {_MOST_GROWTH / 1e6:.0f} MB a minute "
            f"from minute {warm_after / 60:.0f} on, when Firehose has filled its buffer and delivered it for the first time). The local cloud keeps in memory "
            "what AWS would keep: the prediction log in S3, above all."
        ),
        table=Table(
            head=["figure", "value"],
            rows=[
                ["requests", f"{len(load.answers):,}"],
                ["sent per second", f"{load.rate:.1f}"],
                ["failed", f"**{len(load.failures)}**"],
                ["p50 / p99 ms", f"{seen.percentile(50) * 1e3:.1f} / {seen.percentile(99) * 1e3:.1f}"],
                _memory_row("memory of the function's processes", function),
                _memory_row("memory of the local cloud", cloud),
            ],
        ),
    )


def _memory_row(what: str, found: Growth) -> list[str]:
    first, last = found.first.resident_bytes / 1e6, found.last.resident_bytes / 1e6
    return [
        f"{what}, MB: when warm → at the end, per minute",
        f"{first:.0f} → {last:.0f}, **{found.bytes_per_minute / 1e6:+.2f}**",
    ]


def _range(counts: Sequence[int]) -> str:
    low, high = min(counts), max(counts)
    return f"{low}" if low == high else f"{low} to {high}"
