"""How often experiments that are looked at every hour cry a difference where there is none, and find the one they were planned for."""

import math
import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass

import numpy as np

from lambdaloop.experimentation.sample_ratio import ALARM
from lambdaloop.experimentation.sample_size import Mean, Plan, Proportion, sample_size
from scripts.benchmarks.experiment_judging import Judged, judge
from scripts.benchmarks.experiment_streams import (
    Size,
    Stream,
    amounts,
    hits,
    numbers,
    rare_amounts,
    related_amounts,
    thompson,
    visits,
)
from scripts.benchmarks.report import Section, Table

_LOOKS = 720
_A_A, _A_B = 2_000, 500
_UNITS = 20
_POWER = 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A kind of experiment."""

    name: str
    stream: Stream
    smallest_effect: float
    """That it was planned for."""
    size: Size
    planned: bool = False
    """Whether the arm is better by the effect that it was planned for, and the looks end where the plan does."""

    def run(self, seed: int) -> Judged:
        """Simulated and judged."""
        chance = np.random.default_rng([seed, *self.name.encode()])
        return judge(self.stream, self.stream.draw(self.size, chance), smallest_effect=self.smallest_effect)


def cases() -> list[Case]:
    """All of the table."""
    return [*without_difference(), *with_difference(), *planned()]


def without_difference() -> list[Case]:
    """A/A: whatever they find is wrong. Planned to end in the middle of their 30 days."""
    size = Size(experiments=_A_A, looks=_LOOKS, units=_UNITS)
    return [
        Case(name=name, stream=stream, smallest_effect=effect, size=size)
        for name, stream, effect in (
            ("hits, 80 %", hits(0.8, 0.8), 0.025),
            ("hits, 1 %", hits(0.01, 0.01), 0.01),
            ("hits, 5 %", hits(0.05, 0.05, shares=(9, 1)), 0.02),
            ("hits, 80 %", hits(0.8, 0.8, 0.8), 0.03),
            ("skewed amounts", numbers(amounts, 0.0, 0.0), 0.13),
            ("skewed amounts", numbers(amounts, 0.0, 0.0, shares=(9, 1)), 0.2),
            ("amounts of 1 unit in 50", numbers(rare_amounts, 0.0, 0.0, shares=(9, 1)), 0.05),
            ("skewed amounts", numbers(amounts, 0.0, 0.0, 0.0, shares=(2, 1, 1)), 0.2),
            ("amounts, adjusted by a covariate", numbers(related_amounts, 0.0, 0.0), 0.06),
            ("entities that come back, mean of their hits", visits(5_000), 0.05),
            ("hits, shares by Thompson every day", thompson(0.1, 0.3), 0.03),
        )
    ]


def with_difference() -> list[Case]:
    """A/B: the sequence must hold the difference at every look."""
    size = Size(experiments=_A_A, looks=_LOOKS, units=_UNITS)
    return [
        Case(name=name, stream=stream, smallest_effect=effect, size=size)
        for name, stream, effect in (
            ("hits, 1 % and 3 %", hits(0.01, 0.03, shares=(9, 1)), 0.02),
            ("skewed amounts, 0.2 more", numbers(amounts, 0.0, 0.2), 0.13),
        )
    ]


def planned() -> list[Case]:
    """A/B with the effect that they were planned for, until the planned number of units."""
    return [
        _planned("hits, 80 % and 83 %", hits(0.8, 0.83), Proportion(0.8), 0.03, Plan()),
        _planned("hits, 1 % and 2 %", hits(0.01, 0.02), Proportion(0.01), 0.01, Plan()),
        _planned(
            "hits, 10 % and 13 %",
            hits(0.1, 0.13, shares=(4, 1)),
            Proportion(0.1),
            0.03,
            Plan(ratio=0.25),
        ),
        _planned(
            "hits, 80 %, 80 % and 83 %",
            hits(0.8, 0.8, 0.83),
            Proportion(0.8),
            0.03,
            Plan(contrasts=2),
        ),
        _planned(
            "skewed amounts",
            numbers(amounts, 0.0, 0.12),
            Mean(math.sqrt(math.e * (math.e - 1))),
            0.12,
            Plan(),
        ),
        _planned(
            "amounts, adjusted by a covariate",
            numbers(related_amounts, 0.0, 0.06),
            Mean(math.sqrt(2)),
            0.06,
            Plan(explained=0.5),
        ),
    ]


def _planned(name: str, stream: Stream, outcome: Proportion | Mean, effect: float, plan: Plan) -> Case:
    """With as many units per look as bring all of them within 30 days."""
    units = sample_size(outcome, effect, plan) * sum(stream.shares) / stream.shares[0]
    each = math.ceil(units / _LOOKS)
    size = Size(experiments=_A_B, looks=math.ceil(units / each), units=each)
    return Case(name=name, stream=stream, smallest_effect=effect, size=size, planned=True)


def experiment_quality(advance: Callable[[int, int], None]) -> Section:
    """Every case, on all processors."""
    todo = cases()
    found: list[Judged | None] = [None] * len(todo)
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        waiting = {pool.submit(case.run, 1): number for number, case in enumerate(todo)}
        for done, future in enumerate(as_completed(waiting), start=1):
            found[waiting[future]] = future.result()
            advance(done, len(todo))
    return Section(
        title="Experiments: false differences and finds",
        text=(
            f"Simulated experiments at alpha 0.05, looked at after each of {_LOOKS} hours (30 days). First {_A_A:,} each without a "
            "difference: how many ever had an interval without 0, how many ever had a 95 % interval without 0 that was as wide as a single look needs it, and "
            f"how many were called invalid by the sample ratio (p below {ALARM:g}) at some look although every unit was assigned as it "
            f"should be. Then {_A_A:,} each with a difference: how many held it in their interval at every look. Then {_A_B} each "
            "with the effect that they were planned for, up to the planned number of units: how many found it, and after what part of "
            "these units half of them had. Must hold: at most 5 % declare a difference where there is none, at least 95 % hold the "
            f"truth at every look, at least {_POWER:.0%} find what they were planned for."
        ),
        table=Table(
            head=[
                "experiments",
                "shares",
                "called different where nothing is",
                "by intervals for one look",
                "held the truth at every look",
                "found the planned effect",
                "half had it after",
                "called invalid",
            ],
            rows=[_row(case, judged) for case, judged in zip(todo, found, strict=True) if judged is not None],
        ),
    )


def _row(case: Case, judged: Judged) -> list[str]:
    nothing = not any(case.stream.differences)
    return [
        f"{case.size.experiments:,} × {case.name}",
        ":".join(f"{share:g}" for share in case.stream.shares),
        f"{judged.missed:.1%}" if nothing else "",
        f"{judged.missed_by_ordinary:.1%}" if nothing else "",
        f"{1 - judged.missed:.1%}",
        f"{judged.found:.1%}" if case.planned else "",
        f"{judged.half_found_after:.0%}" if case.planned else "",
        f"{judged.invalid:.1%}",
    ]
