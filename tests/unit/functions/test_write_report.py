"""The function that writes pages: asked by events and by people, as often as they like."""

from datetime import timedelta
from typing import Any

import pytest

from functions.write_report.handler import handle
from lambdaloop.domain.capture_layout import HOUR
from lambdaloop.domain.errors import ExperimentNotFoundError, VersionNotFoundError, WindowNotFoundError
from lambdaloop.domain.version import BASELINE
from tests.fakes.app import FakeApp
from tests.fakes.samples import MODEL
from tests.fakes.watched_model import WatchedModel, rows, watched_definition

WINDOW = "2026-03-02T09:00:00+00:00"


class Shelf:
    """The port PageShelf."""

    def __init__(self) -> None:
        self.pages: dict[str, str] = {}

    def put_page(self, key: str, html: str) -> None:
        self.pages[key] = html


@pytest.fixture
def model() -> WatchedModel:
    """Watched twice; what came in the second window has drifted."""
    model = WatchedModel(watched_definition(window_hours=1, min_rows=50))
    at = model.clock.now()
    for place, shift in enumerate((0, 12)):
        made = model.predict(rows(120, seed=place + 2, shift=shift), at=at + (place - 2) * HOUR)
        model.deliver([*(each.line for each in made), *model.labels(made, after=timedelta(minutes=1))])
        model.watch(at + (place - 1) * HOUR)
    return model


@pytest.fixture
def app(model: WatchedModel) -> FakeApp:
    return FakeApp(
        clock=model.clock,
        registry=model.registry,
        artifacts=model.artifacts,
        archive=model.archive,
        pages=Shelf(),
    )


def written(app: FakeApp, kind: str, identity: str) -> str:
    key = handle({"model": MODEL, "kind": kind, "id": identity}, app)["pages"][0]
    shelf: Any = app.pages
    page: str = shelf.pages[key]
    return page


def test_the_page_of_a_window_shows_the_history_and_what_came_beside_the_baseline(app: FakeApp) -> None:
    page = written(app, "window", WINDOW)
    assert "age – drifted" in page
    assert "Drift of 2 features in 2 windows" in page
    assert "age, baseline beside this window" in page
    assert "ROC AUC by window" in page
    assert "plan=a" in page


def test_a_window_does_not_tell_of_later_ones(app: FakeApp) -> None:
    page = written(app, "window", "2026-03-02T08:00:00+00:00")
    assert "09:00" not in page.replace("Written by Lambdaloop, 2026-03-02 09:00", "")


def test_written_again_the_page_says_the_same_under_the_same_name(app: FakeApp) -> None:
    assert written(app, "window", WINDOW) == written(app, "window", WINDOW)
    assert len(app.pages.pages) == 1  # type: ignore[attr-defined]


def test_an_event_asks_for_the_page_of_what_it_tells_of(app: FakeApp) -> None:
    event = {"detail": {"kind": "release_closed", "model": MODEL, "data": {"release": 1}}}
    assert handle(event, app) == {"pages": [f"pages/model={MODEL}/release-1.html"]}
    other = {"detail": {"kind": "run_started", "model": MODEL, "data": {"run": "run-1"}}}
    assert handle(other, app) == {"pages": []}


def test_what_cannot_be_read_is_left_out_and_said(model: WatchedModel, app: FakeApp) -> None:
    model.release(b"not a baseline")
    page = written(app, "version", "2")
    assert "The report of its training cannot be read" in page
    assert 'id="features"' not in page
    assert BASELINE in page


def test_a_subject_that_is_not_there_is_told_by_its_name(app: FakeApp) -> None:
    with pytest.raises(VersionNotFoundError):
        written(app, "version", "99")
    with pytest.raises(WindowNotFoundError):
        written(app, "window", "2020-01-01T00:00:00+00:00")
    with pytest.raises(ExperimentNotFoundError):
        written(app, "experiment", "nothing")
