"""The function of the watch: one at a time, done again as often as wanted."""

import json
from datetime import timedelta

import pytest

from functions.watch_model.handler import handle
from lambdaloop.domain.capture_layout import HOUR
from lambdaloop.domain.errors import LeaseHeldError
from tests.fakes.app import FakeApp
from tests.fakes.samples import MODEL, MORNING
from tests.fakes.watched_model import WatchedModel, rows

AT = "2026-03-02T09:00:00Z"


@pytest.fixture
def model() -> WatchedModel:
    model = WatchedModel()
    made = model.predict(rows(300, shift=8))
    model.deliver([*(each.line for each in made), *model.labels(made, after=timedelta(minutes=1)), b"{"])
    return model


def app(model: WatchedModel) -> FakeApp:
    return FakeApp(
        clock=model.clock,
        definition=model.definition,
        registry=model.registry,
        windows=model.registry,
        artifacts=model.artifacts,
        archive=model.archive,
        datasets=model.datasets,
        served=model.served,
        watch_metrics=model.metrics,
    )


def test_it_answers_with_the_verdict_and_its_main_figures(model: WatchedModel) -> None:
    answer = handle({"at": AT, "execution": "watch-1"}, app(model))
    assert answer["end"] == "2026-03-02T09:00:00+00:00"
    assert (answer["status"], answer["drifted"], answer["drift_share"]) == ("drift", ["age"], 0.5)
    assert (answer["release"], answer["version"], answer["rows"]) == (1, 1, 300)
    assert (answer["new_rows"], answer["new_labels"], answer["quarantined"]) == (300, 300, 1)
    assert len(json.dumps(answer)) < 4000
    assert [each.status for each in model.metrics.reports] == ["drift"]


def test_the_window_ends_with_the_last_whole_hour_in_any_time_zone(model: WatchedModel) -> None:
    answer = handle({"at": "2026-03-02T10:59:59+01:00"}, app(model))
    assert answer["end"] == "2026-03-02T09:00:00+00:00"


def test_done_again_it_answers_the_same_and_keeps_one_window(model: WatchedModel) -> None:
    first = handle({"at": AT, "execution": "watch-1"}, app(model))
    again = handle({"at": AT, "execution": "watch-2"}, app(model))
    assert again == first
    assert len(model.registry.windows(MODEL)) == 1


def test_while_another_one_is_at_work_it_does_nothing(model: WatchedModel) -> None:
    model.registry.acquire(model=MODEL, name="watch", owner="watch-1", at=MORNING, seconds=960)
    before = dict(model.archive.objects)
    for event in ({"at": AT, "execution": "watch-2"}, {"at": AT}):
        with pytest.raises(LeaseHeldError, match="watch-1"):
            handle(event, app(model))
    assert model.archive.objects == before
    assert not model.registry.windows(MODEL)
    assert not model.metrics.reports


def test_a_try_of_the_same_execution_goes_on_where_the_dead_one_was(model: WatchedModel) -> None:
    model.registry.acquire(model=MODEL, name="watch", owner="watch-1", at=MORNING, seconds=960)
    assert handle({"at": AT, "execution": "watch-1"}, app(model))["status"] == "drift"


def test_a_dead_one_is_waited_for_until_its_lease_ends(model: WatchedModel) -> None:
    model.registry.acquire(model=MODEL, name="watch", owner="dead", at=MORNING, seconds=960)
    model.clock.advance(HOUR.total_seconds())
    assert handle({"at": AT}, app(model))["status"] == "drift"


def test_the_lease_is_given_back_even_after_a_failure(model: WatchedModel) -> None:
    archive, model.archive = model.archive, None  # type: ignore[assignment]
    with pytest.raises(AttributeError):
        handle({"at": AT}, app(model))
    model.archive = archive
    assert handle({"at": AT}, app(model))["status"] == "drift"
