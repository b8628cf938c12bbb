"""What `lambdaloop rollback` tells people."""

import pytest

from lambdaloop.services.return_to_release import Returned
from scripts.cli.rollback import story, unrecorded_story


def returned(**changes: object) -> Returned:
    usual: dict[str, object] = {
        "release": 2,
        "lambda_version": "3",
        "left": 3,
        "moved": True,
        "ended": (),
        "unrecorded": None,
    }
    return Returned(**{**usual, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, "All traffic goes to release 2 of churn (Lambda version 3) instead of release 3."),
        ({"left": None}, "All traffic goes to release 2 of churn (Lambda version 3)."),
        (
            {"moved": False},
            "All traffic was at release 2 of churn (Lambda version 3) already; going further back needs --to.",
        ),
        (
            {"ended": (4, 5), "left": None},
            "All traffic goes to release 2 of churn (Lambda version 3). Under way and ended by this: release 4, 5.",
        ),
    ],
)
def test_it_says_where_traffic_is_and_what_was_ended(changes: dict[str, object], told: str) -> None:
    assert story("churn", returned(**changes)) == told


def test_a_missing_record_is_named_with_the_command_that_writes_it() -> None:
    told = unrecorded_story("churn", returned(unrecorded="no whole answer from AWS"))
    assert "no whole answer from AWS" in told
    assert "release 2 live" in told
    assert "release 3 rolled back" in told
    assert "`lambdaloop rollback churn --to 2`" in told
