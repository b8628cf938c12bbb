"""Summaries of parts add up."""

from datetime import timedelta

from lambdaloop.domain.capture_layout import HOUR
from lambdaloop.domain.profile import Profile, profile_categories, profile_numbers
from lambdaloop.domain.summary import LogCounts, SliceKey, SliceSummary, Summary, merge_profiles
from tests.fakes.samples import MODEL, MORNING

KEY = SliceKey(release=1, version=1, variant="champion")
ERRORS = profile_numbers([0.5, 2.0], (1.0,))


def profile(ages: list[float], *, plans: list[str] | None = None, errors: bool = True) -> Profile:
    features = {"age": profile_numbers(ages, (30.0, 50.0))}
    known = {} if plans is None else {"plan": profile_categories(plans, ("a", "b"))}
    return Profile(
        rows=len(ages),
        features={**features, **known},
        prediction=profile_categories(["no"] * len(ages), ("no", "yes")),
        reconstruction=ERRORS if errors else None,
    )


def test_rows_of_a_part_that_lacks_a_feature_have_no_value_of_it() -> None:
    both = merge_profiles(profile([20.0, 40.0], plans=["a", "b"]), profile([60.0]))
    assert both is not None
    assert both.features["plan"] == profile_categories(["a", "b", None], ("a", "b"))
    assert both.features["age"] == profile_numbers([20.0, 40.0, 60.0], (30.0, 50.0))
    assert both == merge_profiles(profile([60.0]), profile([20.0, 40.0], plans=["a", "b"]))


def test_a_part_without_reconstruction_errors_does_not_take_them_from_the_others() -> None:
    both = merge_profiles(profile([20.0]), profile([60.0], errors=False))
    assert both is not None
    assert both.reconstruction == ERRORS


def test_stretches_of_time_add_up_slice_by_slice() -> None:
    made = MORNING + timedelta(minutes=5)
    one = Summary(
        model=MODEL,
        start=MORNING,
        end=MORNING + HOUR,
        counts=LogCounts(predictions=3, unknown=1),
        slices=(
            SliceSummary(key=KEY, rows=3, label_delay_seconds=2.0, newest_labelled=made),
            SliceSummary(key=SliceKey(release=2, version=1, variant="champion"), rows=1),
        ),
        profiled=("a",),
    )
    other = Summary(
        model=MODEL,
        start=MORNING + HOUR,
        end=MORNING + 2 * HOUR,
        counts=LogCounts(predictions=2),
        slices=(SliceSummary(key=KEY, rows=2),),
    )
    total = one.merge(other)
    assert (total.start, total.end) == (MORNING, MORNING + 2 * HOUR)
    assert total.counts == LogCounts(predictions=5, unknown=1)
    assert [(each.key.release, each.rows) for each in total.slices] == [(1, 5), (2, 1)]
    assert total.by_key()[KEY].newest_labelled == made
    assert total.profiled == ()
    assert other.merge(one) == total
