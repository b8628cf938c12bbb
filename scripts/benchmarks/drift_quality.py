"""How often drift is cried where there is none, and how often it is found where there is some."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import astuple, dataclass

from lambdaloop.domain.monitoring_rules import Monitoring
from lambdaloop.monitoring.drift import compare
from scripts.benchmarks.drift_streams import CONTINUOUS, Stream
from scripts.benchmarks.report import Section, Table

_STREAMS = 200
_SIZES = (50, 200, 1_000, 2_000, 10_000, 50_000)
_WINDOWS = 5
"""Of each size in each stream: 30 in all."""
_TINY = 50
_EAGER = Monitoring(min_rows=30)
"""The tiny windows are judged by this, too, as they would be without a minimum."""
_SHIFTED = 3
_SHIFT = 0.5
_RULES = Monitoring()


@dataclass(frozen=True, slots=True)
class Tally:
    """What the windows of one size came to."""

    windows: int = 0
    insufficient: int = 0
    alarms: int = 0
    """Windows without drift that were called drift."""
    columns: int = 0
    column_alarms: int = 0
    shifted: int = 0
    caught: int = 0
    """Windows with drift that were called so."""
    named: int = 0
    """Of the shifted features."""

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(*(a + b for a, b in zip(astuple(self), astuple(other), strict=True)))


def drift_quality(advance: Callable[[int, int], None]) -> Section:
    """Every stream in turn, on all processors."""
    tallies = [Tally()] * (len(_SIZES) + 1)
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        waiting = [pool.submit(_judge_stream, seed) for seed in range(_STREAMS)]
        for done, future in enumerate(as_completed(waiting), start=1):
            tallies = [a + b for a, b in zip(tallies, future.result(), strict=True)]
            advance(done, _STREAMS)
    eager, *usual = tallies
    return Section(
        title="Drift: false alarms and finds",
        text=(
            f"{_STREAMS} seeded streams of 25 features (8 related normal ones, 5 skewed, 4 uniform, 3 counts, 5 categories; two with "
            f"missing values) that never change, default rules, {_WINDOWS} hourly windows of each size per stream: how many are called "
            f"drift. Then one window of each size per stream in which {_SHIFTED} continuous features are shifted by {_SHIFT} standard "
            "deviations: how many are called drift at once, and how many of the shifted features are named. "
            f"Below {_RULES.min_rows} rows a window is insufficient data. Must hold: fewer than 1 % of the windows without drift are "
            "called drift, and at least 95 % of those with drift are at 2,000 rows."
        ),
        table=Table(
            head=[
                "rows in a window",
                "windows without drift",
                "insufficient data",
                "called drift",
                "features called drifted",
                "shifted windows caught",
                "shifted features named",
            ],
            rows=[
                _row(f"{_TINY}, were min_rows {_EAGER.min_rows}", eager),
                *(_row(f"{size:,}", tally) for size, tally in zip(_SIZES, usual, strict=True)),
                _row("all by default rules", sum(usual, Tally())),
            ],
        ),
    )


def _judge_stream(seed: int) -> Sequence[Tally]:
    """Of the eager rules on tiny windows, and of the default rules on every size."""
    stream = Stream.seeded(seed)
    cases = [(_TINY, _EAGER), *((size, _RULES) for size in _SIZES)]
    return [judge_windows(stream, size, rules) for size, rules in cases]


def judge_windows(stream: Stream, size: int, rules: Monitoring) -> Tally:
    """Several of one size as they come, and one with shifted features."""
    tally = Tally()
    for _ in range(_WINDOWS):
        report = compare(stream.window(size), stream.baseline, rules)
        tally += Tally(
            windows=1,
            insufficient=report.status == "insufficient_data",
            alarms=report.status == "drift",
            columns=len(report.features),
            column_alarms=len(report.drifted),
        )
    shifted = tuple(stream.random.choice(CONTINUOUS, _SHIFTED, replace=False).tolist())
    report = compare(stream.window(size, shifted=shifted, by=_SHIFT), stream.baseline, rules)
    return tally + Tally(
        shifted=1, caught=report.status == "drift", named=len({*report.drifted} & {*shifted})
    )


def _row(label: str, tally: Tally) -> list[str]:
    return [
        label,
        f"{tally.windows:,}",
        f"{tally.insufficient / tally.windows:.0%}",
        f"{tally.alarms / tally.windows:.2%}",
        f"{tally.column_alarms / tally.columns:.2%}",
        f"{tally.caught / tally.shifted:.1%}",
        f"{tally.named / (tally.shifted * _SHIFTED):.1%}",
    ]
