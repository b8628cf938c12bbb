from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from lambdaloop.domain.definition import ModelDefinition
from lambdaloop.domain.monitoring_rules import Monitoring, Retraining
from lambdaloop.domain.recent_holdout import held_out, least_rows
from tests.unit.training.sample_data import definition

START = datetime(2026, 3, 1, tzinfo=UTC)


def hourly(count: int) -> list[datetime]:
    return [START + timedelta(hours=number) for number in range(count)]


def model(*, min_labels: int = 100, holdout: float = 0.2) -> ModelDefinition:
    return definition(monitoring=Monitoring(min_labels=min_labels), retraining=Retraining(holdout=holdout))


def test_the_wanted_share_of_the_newest_rows_is_held_out() -> None:
    assert held_out(hourly(1000), model(), seen_until=None) == 200
    assert held_out(hourly(1000), model(holdout=0.3), seen_until=START - timedelta(days=9)) == 300


def test_never_fewer_rows_than_it_takes_to_tell_two_models_apart() -> None:
    assert held_out(hourly(300), model(), seen_until=None) == 100


def test_rows_that_the_champion_was_fitted_on_are_left_to_training() -> None:
    assert held_out(hourly(1000), model(), seen_until=hourly(1000)[849]) == 150


def test_where_too_few_rows_are_new_to_the_champion_it_is_compared_on_others_too() -> None:
    assert held_out(hourly(1000), model(), seen_until=hourly(1000)[901]) == 200


@given(
    rows=st.integers(0, 2000),
    min_labels=st.integers(30, 400),
    holdout=st.floats(0.05, 0.5),
    seen=st.none() | st.integers(-10, 2100),
)
def test_wherever_there_are_enough_rows_both_sides_have_enough(
    rows: int, min_labels: int, holdout: float, seen: int | None
) -> None:
    rules = model(min_labels=min_labels, holdout=holdout)
    count = least_rows(rules) + rows
    seen_until = None if seen is None else START + timedelta(hours=seen)
    held = held_out(hourly(count), rules, seen_until=seen_until)
    assert min_labels <= held
    assert count - held >= max(min_labels, (rules.training.folds + 1) * 10)
