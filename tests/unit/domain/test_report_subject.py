from datetime import UTC, datetime
from typing import Any

import pytest

from lambdaloop.domain.errors import ReportSubjectError
from lambdaloop.domain.report_subject import ReportSubject, subjects_of

EVENT = {
    "version": "0",
    "detail-type": "Version Registered",
    "source": "lambdaloop",
    "detail": {
        "schema": 1,
        "id": "churn/EVENT#1",
        "kind": "version_registered",
        "model": "churn",
        "at": "2026-01-31T12:00:00.123456+00:00",
        "actor": "train",
        "data": {"version": 3, "run": "run-1", "digest": "ab"},
    },
}


def event(kind: str, /, **data: Any) -> dict[str, Any]:
    return {**EVENT, "detail": {**EVENT["detail"], "kind": kind, "data": data}}  # type: ignore[dict-item]


def test_an_event_of_the_bus_names_its_subject_with_and_without_its_envelope() -> None:
    wanted = (ReportSubject(model="churn", kind="version", id="3"),)
    assert subjects_of(EVENT) == wanted
    assert subjects_of(EVENT["detail"]) == wanted  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("told", "kind", "identity"),
    [
        (
            event("window_judged", end="2026-03-02T09:00:00+00:00", status="ok"),
            "window",
            "2026-03-02T09:00:00+00:00",
        ),
        (event("release_judged", release=7, kind="step"), "release", "7"),
        (event("release_rolled_back", release=7, version=2, outcome="9 failed"), "release", "7"),
        (event("experiment_looked", experiment="trial", verdict="better"), "experiment", "trial"),
        ({"model": "churn", "kind": "release", "id": 7}, "release", "7"),
    ],
)
def test_every_kind_of_subject_has_its_events(told: dict[str, Any], kind: str, identity: str) -> None:
    [found] = subjects_of(told)
    assert (found.model, found.kind, found.id) == ("churn", kind, identity)


def test_an_event_that_is_no_reason_for_a_page_names_none() -> None:
    assert subjects_of(event("run_started", run="run-1")) == ()


@pytest.mark.parametrize(
    ("told", "pages"),
    [
        (event("release_closed", release=4, previous=3), ["release-4.html", "release-3.html"]),
        (event("release_closed", release=1, previous=None), ["release-1.html"]),
        (event("release_returned", release=3, **{"from": 4}), ["release-3.html", "release-4.html"]),
        (event("release_rolled_back", release=4, returned_to=3), ["release-4.html", "release-3.html"]),
        (event("alias_moved", version=2, **{"from": 1}), ["version-2.html", "version-1.html"]),
        (event("alias_moved", version=2, **{"from": 2}), ["version-2.html"]),
    ],
)
def test_what_is_no_more_what_it_was_is_told_anew_too(told: dict[str, Any], pages: list[str]) -> None:
    assert [each.page_name for each in subjects_of(told)] == pages


@pytest.mark.parametrize(
    ("told", "message"),
    [
        ({}, "neither a subject"),
        ({"model": "churn", "kind": "run", "id": "1"}, "not of 'run'"),
        ({"model": "churn", "kind": "version"}, "'id' is missing"),
        ({"model": "churn", "kind": "version", "id": "../../x"}, "must be its number, got '../../x'"),
        ({"model": "churn", "kind": "version", "id": "0"}, "must be its number"),
        ({"model": "churn", "kind": "window", "id": "yesterday"}, "must be the time when it ended"),
        (event("version_registered", truncated=True), "'version' is missing"),
    ],
)
def test_a_document_that_names_nothing_is_refused_in_words(told: dict[str, Any], message: str) -> None:
    with pytest.raises(ReportSubjectError, match=message):
        subjects_of(told)


def test_a_window_is_named_by_its_end_in_any_time_zone() -> None:
    subject = ReportSubject(model="churn", kind="window", id="2026-03-02T10:00:00+01:00")
    assert subject.end == datetime(2026, 3, 2, 9, tzinfo=UTC)
    assert subject.page_key == "pages/model=churn/window-2026-03-02T0900Z.html"


def test_pages_lie_below_their_model_by_kind_and_id() -> None:
    assert ReportSubject(model="churn", kind="version", id="3").page_key == "pages/model=churn/version-3.html"
    assert (
        ReportSubject(model="churn", kind="experiment", id="trial").page_key
        == "pages/model=churn/experiment-trial.html"
    )
