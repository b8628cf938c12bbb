"""A small part of the table in docs/benchmarks.md, so that a change that breaks it is seen at once."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from lambdaloop.domain.experiment import ArmFigures, ExperimentRules
from lambdaloop.experimentation.evaluation import evaluate
from scripts.benchmarks.experiment_judging import looked
from scripts.benchmarks.experiment_quality import Case, planned, with_difference, without_difference
from scripts.benchmarks.experiment_streams import Size, Sums, hits
from tests.unit.experimentation.trials import STARTED, trial

SMALL = Size(experiments=300, looks=240, units=20)


def identity(case: Case) -> str:
    return f"{case.name}, {':'.join(f'{share:g}' for share in case.stream.shares)}"


@pytest.mark.parametrize("case", without_difference(), ids=identity)
def test_where_there_is_no_difference_at_most_one_in_twenty_is_declared_although_it_is_looked_at_every_hour(
    case: Case,
) -> None:
    judged = replace(case, size=SMALL).run(2)
    assert judged.missed <= 0.05
    assert judged.invalid <= 0.05


def test_intervals_for_one_look_would_declare_many() -> None:
    assert replace(without_difference()[0], size=SMALL).run(2).missed_by_ordinary > 0.2


@pytest.mark.parametrize("case", with_difference(), ids=identity)
def test_the_truth_is_held_at_every_look(case: Case) -> None:
    assert replace(case, size=SMALL).run(2).missed <= 0.05


@pytest.mark.parametrize("case", planned()[:3], ids=identity)
def test_the_planned_number_of_units_finds_the_planned_effect(case: Case) -> None:
    """With a third of the looks, which finds it a little less often."""
    looks = -(-case.size.looks // 3)
    judged = replace(case, size=Size(experiments=300, looks=looks, units=3 * case.size.units)).run(2)
    assert judged.found >= 0.8
    assert judged.half_found_after < 0.8


def figures_at(sums: Sums, look: int) -> ArmFigures:
    units, total = int(sums.units[0, look]), float(sums.total[0, look])
    return ArmFigures(units=units, measured=units, total=total, squares=total, requests=units)


def test_thousands_at_once_are_judged_as_evaluate_judges_one() -> None:
    """What the benchmark counts is what an hourly look says."""
    stream = hits(0.4, 0.4, 0.5)
    [stretch] = stream.draw(Size(experiments=1, looks=80, units=30), np.random.default_rng(3))
    [arms] = stretch
    _, _, better, invalid = looked(stream, stretch, 0.1)
    rules = ExperimentRules(outcome="correct", smallest_effect=0.1)
    experiment = trial(3_334, 3_333, 3_333, rules=rules)
    names = [arm.name for arm in experiment.arms]
    winners = []
    for look in range(80):
        figures = dict(zip(names, (figures_at(arm, look) for arm in arms), strict=True))
        found = evaluate(experiment, figures, at=STARTED + timedelta(hours=look))
        winners.append(found.winner == "candidate 2")
        assert (found.verdict == "invalid") == invalid[0, look]
    assert winners == better[0].tolist()
    assert 5 < sum(winners) < 75
