"""How long it takes to compare a million rows with a baseline, and how much memory that takes above the data."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from scripts.benchmarks.report import Section, Table

_ROWS = 1_000_000
_SMALL_REFERENCE = 100_000
_ROUNDS = 5
_CONTENDER = Path(__file__).with_name("drift_contender.py")
_EVIDENTLY = Path(__file__).parents[1] / "requirements" / "bench-evidently.txt"


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One contender in its environment."""

    label: str
    name: str
    python: Path
    reference_rows: int = _ROWS
    rounds: int = _ROUNDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One process, or the medians of several."""

    seconds: float
    megabytes: float
    found: list[str]
    """Columns called drifted."""


def drift_speed(advance: Callable[[int, int], None]) -> Section:
    """Every contender in processes of its own, in turns."""
    with tempfile.TemporaryDirectory(prefix="lambdaloop-bench-") as folder:
        here = Path(sys.executable)
        sides = [
            Side(label="Lambdaloop", name="lambdaloop", python=here),
            Side(label="Lambdaloop with multivariate drift", name="lambdaloop_multivariate", python=here),
            Side(label="scipy's ks_2samp and chi2_contingency", name="scipy", python=here),
            Side(
                label=f"the same, reference of {_SMALL_REFERENCE:,} rows",
                name="scipy",
                python=here,
                reference_rows=_SMALL_REFERENCE,
            ),
        ]
        try:
            sides.append(
                Side(
                    label="Evidently's DataDriftPreset",
                    name="evidently",
                    python=_environment(Path(folder)),
                    rounds=1,
                )
            )
        except subprocess.CalledProcessError as error:
            print(f"Evidently is left out, it cannot be installed: {error.stderr.strip()}", file=sys.stderr)
        measured = _measure(sides, advance)
    ours = measured["Lambdaloop"].seconds
    return Section(
        title="Drift: a million rows",
        text=(
            f"From {_ROWS:,} rows in memory (20 columns of float64, 5 of str objects; 4 have drifted) to the report, against a "
            "reference of as many rows, medians of "
            f"{_ROUNDS} fresh processes (Evidently: one) after a small comparison that is not timed. Lambdaloop's reference is the "
            "baseline of a version: bins and counts that training has made beforehand. Memory is the peak of the process above what it "
            "had with the data loaded. Must hold: at least 5 times faster than scipy, at least 100 times faster than Evidently, at most "
            "20 MB above the data."
        ),
        table=Table(
            head=["contender", "seconds", "times Lambdaloop", "MB above the data", "columns found"],
            rows=[
                [
                    label,
                    f"{each.seconds:.2f}",
                    f"{each.seconds / ours:.1f}",
                    f"{each.megabytes:.1f}",
                    str(len(each.found)),
                ]
                for label, each in measured.items()
            ],
        ),
    )


def _environment(folder: Path) -> Path:
    """Evidently and what it needs, pinned, apart from ours; CalledProcessError when that cannot be installed."""
    uv, python = Path(sys.executable).with_name("uv"), folder / "bin" / "python"
    commands: list[list[str | Path]] = [
        [uv, "venv", "--quiet", "--python", sys.executable, "--allow-existing", folder],
        [uv, "pip", "install", "--quiet", "--python", python, "--require-hashes", "-r", _EVIDENTLY],
    ]
    for command in commands:
        subprocess.run(command, check=True, capture_output=True, text=True)
    return python


def _measure(sides: list[Side], advance: Callable[[int, int], None]) -> Mapping[str, Measured]:
    results: dict[str, list[Measured]] = {side.label: [] for side in sides}
    turns = [side for turn in range(_ROUNDS) for side in sides if turn < side.rounds]
    for done, side in enumerate(turns, start=1):
        finished = subprocess.run(
            [side.python, _CONTENDER, side.name, str(_ROWS), str(side.reference_rows)],
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        )
        results[side.label].append(Measured(**json.loads(finished.stdout)))
        advance(done, len(turns))
    return {
        label: Measured(
            seconds=median(each.seconds for each in found),
            megabytes=median(each.megabytes for each in found),
            found=found[0].found,
        )
        for label, found in results.items()
    }
