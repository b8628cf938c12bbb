from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdaloop.domain.prediction_id import new_prediction_id, time_of

AT = datetime(2026, 3, 2, 9, 59, 59, 999_000, tzinfo=UTC)


def test_an_id_is_a_uuid_of_version_7() -> None:
    for _ in range(200):
        identity = UUID(new_prediction_id(AT))
        assert (identity.version, identity.variant) == (7, "specified in RFC 4122")


@given(st.integers(0, 7_000_000_000_000_000).map(lambda us: datetime.fromtimestamp(us / 1e6, UTC)))
def test_an_id_leads_to_the_hour_of_its_prediction(at: datetime) -> None:
    found = time_of(new_prediction_id(at))
    assert found is not None
    assert timedelta() <= at - found < timedelta(milliseconds=2)
    assert found.replace(minute=0, second=0, microsecond=0) == at.replace(minute=0, second=0, microsecond=0)


def test_the_time_is_in_utc_wherever_the_prediction_was_made() -> None:
    kolkata = timezone(timedelta(hours=5, minutes=30))
    assert time_of(new_prediction_id(AT.astimezone(kolkata))) == AT


def test_ids_of_the_same_moment_differ() -> None:
    assert len({new_prediction_id(AT) for _ in range(10_000)}) == 10_000


OURS = "0195a5c3f0007000a000000000000001"


@pytest.mark.parametrize(
    "other",
    [
        "",
        "order-7",
        "d9428888122b4b0db2f14a6e5c1f0a11",  # a UUID of version 4
        OURS.upper(),
        str(UUID(OURS)),
        OURS + "0",
        OURS + "\n",
        "f" * 12 + OURS[12:],  # of the year 10889
        "\u0660" + OURS[1:],
    ],
)
def test_what_is_no_id_of_ours_has_no_time(other: str) -> None:
    assert time_of(OURS) is not None
    assert time_of(other) is None
