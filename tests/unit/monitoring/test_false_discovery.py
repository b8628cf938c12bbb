import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from lambdaloop.monitoring.false_discovery import adjusted_p_values


@given(p_values=st.lists(st.floats(0, 1), min_size=1, max_size=40))
def test_p_values_are_adjusted_as_by_scipy(p_values: list[float]) -> None:
    assert adjusted_p_values(p_values) == pytest.approx(stats.false_discovery_control(p_values).tolist())


def test_no_tests_make_no_discoveries() -> None:
    assert adjusted_p_values([]) == []


def test_one_of_many_needs_more_evidence_than_one_alone() -> None:
    assert adjusted_p_values([0.009])[0] <= 0.01
    assert adjusted_p_values([0.009, *np.linspace(0.1, 1, 24)])[0] > 0.01
