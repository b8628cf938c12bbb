"""One window is found by the time at which it ended."""

from datetime import timedelta

import pytest

from lambdaloop.domain.errors import WindowNotFoundError
from tests.contract.aws import Aws
from tests.fakes.governed_model import window
from tests.fakes.samples import MODEL, MORNING


def test_a_window_is_found_by_its_end_to_the_second(aws: Aws) -> None:
    ends = [
        MORNING,
        MORNING + timedelta(microseconds=250_000) + timedelta(hours=1),
        MORNING + timedelta(hours=2),
    ]
    for end in ends:
        aws.registry.record_window(window(aws.registry, end))
    assert aws.registry.window(MODEL, MORNING).end == MORNING
    assert aws.registry.window(MODEL, MORNING + timedelta(hours=1)).end == ends[1]


def test_another_time_has_no_window(aws: Aws) -> None:
    aws.registry.record_window(window(aws.registry, MORNING))
    for end in (MORNING - timedelta(seconds=1), MORNING + timedelta(seconds=1)):
        with pytest.raises(WindowNotFoundError, match="lambdaloop windows list churn"):
            aws.registry.window(MODEL, end)
