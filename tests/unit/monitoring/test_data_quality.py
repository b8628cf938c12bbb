import pytest

from lambdaloop.domain.profile import CategoryProfile, ColumnProfile, profile_numbers
from lambdaloop.monitoring.data_quality import find_problems


def plan(known: int, *, missing: int = 0, unseen: int = 0) -> CategoryProfile:
    return CategoryProfile(categories=("a",), counts=(known,), missing=missing, unseen=unseen)


def problems(current: ColumnProfile, baseline: ColumnProfile) -> str | None:
    return find_problems({"x": current}, {"x": baseline}, min_rows=200, significance=0.01).get("x")


def test_more_missing_values_than_in_the_baseline_are_told_with_the_rates() -> None:
    assert problems(plan(900, missing=100), plan(9900, missing=100)) == (
        "10.0% of the values are missing, 1.0% in the baseline"
    )


def test_unseen_values_are_a_share_of_those_that_are_known() -> None:
    assert problems(plan(400, missing=500, unseen=100), plan(5000, missing=5000)) == (
        "20.0% of the values are unseen, 0.0% in the baseline"
    )


def test_values_beyond_the_range_of_the_definition_are_told() -> None:
    inside, mixed = [0.5] * 1000, [0.5] * 900 + [7.0] * 100
    baseline = profile_numbers(inside, [], low=0, high=1)
    assert problems(profile_numbers(mixed, [], low=0, high=1), baseline) == (
        "10.0% of the values are out of range, 0.0% in the baseline"
    )


def test_two_problems_of_one_feature_are_both_told() -> None:
    found = problems(plan(600, missing=200, unseen=200), plan(9000))
    assert found == (
        "20.0% of the values are missing, 0.0% in the baseline; 25.0% of the values are unseen, 0.0% in the baseline"
    )


@pytest.mark.parametrize(
    ("current", "baseline"),
    [
        (plan(900, missing=100), plan(9000, missing=1000)),
        (plan(1000), plan(9000, missing=1000)),
        (plan(985_000, missing=15_000), plan(1_000_000)),
        (plan(190, missing=9), plan(10_000)),
        (plan(243, missing=7), plan(98, missing=2)),
        (plan(0), plan(0)),
        (plan(0, missing=300), plan(0)),
    ],
    ids=[
        "the same share",
        "fewer",
        "certain, but too few to matter",
        "199 rows",
        "by chance",
        "nothing at all",
        "nothing in the baseline",
    ],
)
def test_this_is_no_problem(current: CategoryProfile, baseline: CategoryProfile) -> None:
    assert problems(current, baseline) is None


def test_among_many_features_a_lucky_rate_is_no_discovery() -> None:
    lucky, usual = plan(985, missing=35), plan(980, missing=10)
    assert "x" in find_problems({"x": lucky}, {"x": usual}, min_rows=200, significance=0.01)
    others = {f"other {i}": usual for i in range(200)}
    current, baseline = {"x": lucky, **others}, {"x": usual, **others}
    assert not find_problems(current, baseline, min_rows=200, significance=0.01)
