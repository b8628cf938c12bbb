"""What `lambdaloop rollback` tells people."""

import pytest

from lambdaloop.domain.errors import BackendUnavailableError
from lambdaloop.services.return_to_release import Returned, ReturnRequest, return_to_release
from scripts.cli.rollback import experiment_story, story, unrecorded_story
from tests.fakes.experiment_desk import desk_with_live
from tests.fakes.samples import MODEL


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


class TestAnExperiment:
    def test_ends_at_once_when_it_lost_its_traffic(self) -> None:
        desk = desk_with_live()
        desk.run()
        request = ReturnRequest(model=MODEL, to=None, by="anna", reason="wrong prices")
        back = return_to_release(request, releases=desk.registry, traffic=desk.traffic, clock=desk.clock)
        told = experiment_story(MODEL, back.release, registry=desk.registry, advance=desk.advance)
        assert told == (
            "Experiment trial is stopped: release 2 was rolled back: went back to release 1, by anna: wrong prices"
        )
        assert desk.registry.current_experiment(MODEL) is None
        assert experiment_story(MODEL, back.release, registry=desk.registry, advance=desk.advance) == ""

    def test_is_left_alone_while_its_arms_serve(self) -> None:
        desk = desk_with_live()
        desk.run()
        assert experiment_story(MODEL, 2, registry=desk.registry, advance=desk.advance) == ""
        assert desk.experiment().status == "running"

    def test_that_cannot_be_told_ends_later(self) -> None:
        def down() -> None:
            raise BackendUnavailableError("no whole answer from AWS")

        desk = desk_with_live()
        desk.run()
        told = experiment_story(MODEL, 1, registry=desk.registry, advance=down)
        assert "ends within the hour" in told
        assert "no whole answer from AWS" in told
