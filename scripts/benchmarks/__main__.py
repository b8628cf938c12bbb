"""`scripts/bench [NAME …]`: measures and writes docs/benchmarks.md; without names, everything."""

import argparse
import sys
from collections.abc import Callable, Mapping

from rich.console import Console
from rich.progress import Progress

from scripts.benchmarks.demo_time import demo_time
from scripts.benchmarks.drift_month import drift_month
from scripts.benchmarks.drift_quality import drift_quality
from scripts.benchmarks.drift_speed import drift_speed
from scripts.benchmarks.experiment_quality import experiment_quality
from scripts.benchmarks.fuzz import fuzz
from scripts.benchmarks.import_times import import_times
from scripts.benchmarks.loop_accuracy import loop_accuracy
from scripts.benchmarks.package_size import package_size
from scripts.benchmarks.parity import parity
from scripts.benchmarks.peer_speed import peer_speed
from scripts.benchmarks.report import PATH, Section, write_section
from scripts.benchmarks.rollback_speed import rollback_speed
from scripts.benchmarks.serving_speed import cold_start, warm_requests
from scripts.benchmarks.soak import soak

BENCHMARKS: Mapping[str, Callable[[Callable[[int, int], None]], Section]] = {
    "warm": warm_requests,
    "cold": cold_start,
    "imports": import_times,
    "size": package_size,
    "peers": peer_speed,
    "parity": parity,
    "fuzz": fuzz,
    "soak": soak,
    "demo": demo_time,
    "rollback": rollback_speed,
    "drift-quality": drift_quality,
    "drift-speed": drift_speed,
    "drift-month": drift_month,
    "loop": loop_accuracy,
    "experiment-quality": experiment_quality,
}


def main(arguments: list[str]) -> int:
    """Measure what was asked for."""
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of {', '.join(BENCHMARKS)}")
    parser.add_argument("--peers", action="store_true", help="the same as the name peers")
    asked = parser.parse_args(arguments)
    names = [*asked.names, *(["peers"] if asked.peers else [])] or list(BENCHMARKS)
    if unknown := [name for name in names if name not in BENCHMARKS]:
        parser.error(f"unknown benchmark {unknown[0]!r}: use one of {', '.join(BENCHMARKS)}")
    console = Console()
    for name in names:
        with Progress(console=console, transient=True) as progress:
            task = progress.add_task(name, total=None)
            section = BENCHMARKS[name](
                lambda done, total, task=task, progress=progress: progress.update(  # type: ignore[misc]
                    task, completed=done, total=total
                )
            )
        write_section(name, section)
        console.print(f"{section.title}\n{section.table.markdown()}\n", markup=False)
    console.print(f"written to {PATH}", markup=False)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
