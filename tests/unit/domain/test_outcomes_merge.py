import pytest

from lambdaloop.domain.outcomes import (
    Calibration,
    ClassOutcomes,
    NumberOutcomes,
    Ranking,
    Spread,
    Sums,
)
from lambdaloop.domain.outcomes_merge import merge_outcomes

NUMBERS = NumberOutcomes(rows=2, absolute=Sums(), squared=Sums(), actual=Spread())


def classes(*names: str, ranking: Ranking | None = None) -> ClassOutcomes:
    zeros = (0.0,) * len(names)
    return ClassOutcomes(
        classes=names,
        rows=0.0,
        actual=zeros,
        predicted=zeros,
        correct=zeros,
        log_loss=Sums(),
        brier=Sums(),
        rankings={names[-1]: ranking or Ranking()},
        calibration=Calibration(rows=zeros, scores=zeros, hits=zeros),
    )


def test_nothing_and_something_is_something() -> None:
    assert merge_outcomes(None, NUMBERS) is NUMBERS
    assert merge_outcomes(NUMBERS, None) is NUMBERS
    assert merge_outcomes(None, None) is None


def test_outcomes_of_different_kinds_are_refused() -> None:
    with pytest.raises(ValueError, match="cannot merge a ClassOutcomes with a NumberOutcomes"):
        merge_outcomes(classes("no", "yes"), NUMBERS)
    with pytest.raises(ValueError, match="outcomes of different classes"):
        merge_outcomes(classes("no", "yes"), classes("no", "perhaps", "yes"))


def test_rankings_join_their_bins() -> None:
    one = Ranking(bins=(-3, 5), positives=(1.0, 2.0), negatives=(4.0, 0.0))
    other = Ranking(bins=(0, 5), positives=(0.1, 0.2), negatives=(0.9, 0.8))
    found = merge_outcomes(classes("no", "yes", ranking=one), classes("no", "yes", ranking=other))
    assert isinstance(found, ClassOutcomes)
    assert found.rankings["yes"] == Ranking(
        bins=(-3, 0, 5), positives=(1.0, 0.1, 2.2), negatives=(4.0, 0.9, 0.8)
    )


def test_a_tenth_added_ten_times_is_one() -> None:
    tenth = Ranking(bins=(0,), positives=(0.1,), negatives=(0.9,))
    found = classes("no", "yes")
    for _ in range(10):
        added = merge_outcomes(found, classes("no", "yes", ranking=tenth))
        assert isinstance(added, ClassOutcomes)
        found = added
    assert found.rankings["yes"] == Ranking(bins=(0,), positives=(1.0,), negatives=(9.0,))
