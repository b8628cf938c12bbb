"""Judging the live release: by its own baseline, from sums, and never more surely than the rows allow."""

from dataclasses import replace
from datetime import timedelta

import pytest

from lambdaloop.domain.baseline import Baseline
from lambdaloop.domain.capture_layout import DAY, HOUR
from lambdaloop.domain.window import WindowReport
from tests.fakes.samples import MODEL, MORNING
from tests.fakes.watched_model import Row, WatchedModel, baseline, rows, watched_definition

MANY = 600


def watched(
    model: WatchedModel, some: list[Row], *, at_hours: int = 1, labelled: bool = False
) -> WindowReport:
    made = model.predict(some, at=MORNING - at_hours * HOUR)
    labels = model.labels(made, after=timedelta(minutes=1)) if labelled else []
    model.deliver([*(each.line for each in made), *labels])
    return model.watch()


def test_rows_like_those_of_the_training_are_no_drift() -> None:
    report = watched(WatchedModel(), rows(MANY, seed=7))
    assert (report.status, report.release, report.version) == ("ok", 1, 1)
    assert report.drift is not None
    assert (report.drift.rows, report.drift.share) == (MANY, 0.0)
    assert report.reason == f"0% of the features (by weight) drifted, 10% are drift; {MANY} predictions"
    assert (report.start, report.end) == (MORNING - DAY, MORNING)
    assert report.baseline_age_days == 30


def test_shifted_rows_are_drift_and_the_reason_names_the_feature() -> None:
    report = watched(WatchedModel(), rows(MANY, shift=8))
    assert report.status == "drift"
    assert report.drift is not None
    assert report.drift.drifted == ("age",)
    assert "age " in report.reason


def test_the_whole_report_lies_in_the_bucket_and_in_the_registry() -> None:
    model = WatchedModel()
    report = watched(model, rows(MANY))
    assert model.full_report() == report
    assert model.registry.windows(MODEL) == [report]


# Too little to judge by (D6)


@pytest.mark.parametrize(
    "some",
    [
        [],
        rows(1),
        rows(40),
        [replace(each, age=None, plan=None) for each in rows(40)],
    ],
    ids=["none", "one", "forty", "all missing"],
)
def test_few_rows_are_insufficient_data_and_nothing_else(some: list[Row]) -> None:
    model = WatchedModel()
    report = watched(model, some, labelled=True)
    assert report.status == "insufficient_data"
    assert report.reason == f"{len(some)} predictions in the window, 200 are needed"
    assert report.drift is None or report.drift.share is None
    assert report.performance is None
    assert report.estimated is None
    assert model.full_report() == report


@pytest.mark.parametrize(
    "change",
    [
        {"age": 41.0},
        {"age": None},
        {"plan": "new"},
        {"age": None, "plan": None},
        {"age": 1e308, "score": 1.0},
        {"age": -1e308, "score": 0.0},
    ],
    ids=str,
)
def test_degenerate_windows_are_judged_without_a_crash(change: dict[str, float | str | None]) -> None:
    model = WatchedModel()
    some = [replace(each, **change) for each in rows(300)]  # type: ignore[arg-type]
    report = watched(model, some, labelled=True)
    assert report.status == "drift"
    assert model.full_report() == report


def test_labels_of_one_class_only_have_no_roc_auc_and_no_drop() -> None:
    report = watched(WatchedModel(), [replace(each, actual="yes") for each in rows(300)], labelled=True)
    assert report.performance is not None
    assert report.performance.metrics["roc_auc"].value is None
    assert report.performance.drop is None


# Nothing to judge by (D7)


def test_without_a_release_there_is_nothing_to_watch_but_the_log_is_read() -> None:
    model = WatchedModel(released=False)
    report = watched(model, rows(3))
    assert report.status == "no_release"
    assert report.lines == 3
    assert report.release is None


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"{", "this is no baseline"),
        (b'{"schema": 1}', "has schema 1, this code reads 2"),
    ],
)
def test_without_a_usable_baseline_there_is_no_drift_but_performance(content: bytes, reason: str) -> None:
    model = WatchedModel(released=False)
    model.release(content)
    report = watched(model, rows(300), labelled=True)
    assert report.status == "no_baseline"
    assert reason in report.reason
    assert report.drift is None
    assert report.estimated is None
    assert report.performance is not None
    assert (report.performance.rows, report.performance.drop) == (300, None)


def test_a_baseline_that_is_gone_is_told_about() -> None:
    model = WatchedModel()
    model.artifacts.objects.clear()
    report = watched(model, rows(300))
    assert report.status == "no_baseline"
    assert "is not there" in report.reason


def test_the_baseline_moves_with_the_release() -> None:
    model = WatchedModel()
    shifted = rows(2000, seed=3, shift=8)
    assert watched(model, rows(MANY, shift=8)).status == "drift"
    model.clock.advance(3600)
    model.release(baseline(model.definition, shifted).to_json())
    at = MORNING + timedelta(minutes=10)
    model.clock.advance(3600)
    made = model.predict(rows(MANY, seed=9, shift=8), at=at, release=2, version=2)
    model.deliver(each.line for each in made)
    report = model.watch()
    assert (report.status, report.release) == ("ok", 2)
    assert report.drift is not None
    assert report.drift.rows == MANY  # those of the first release are not its own


# Performance


def test_a_model_that_became_worse_shows_a_drop_beyond_doubt() -> None:
    good = watched(WatchedModel(), rows(MANY, seed=5), labelled=True)
    bad = watched(WatchedModel(), rows(MANY, seed=5, flip=0.4), labelled=True)
    for report, dropped in ((good, False), (bad, True)):
        assert report.performance is not None
        assert report.performance.rows == MANY
        assert report.performance.drop is not None
        assert (report.performance.drop > 0.05) == dropped


def test_performance_is_estimated_without_labels_and_the_error_of_that_is_told_with_them() -> None:
    model = WatchedModel()
    report = watched(model, rows(MANY, seed=5))
    assert report.performance is None
    assert report.estimator_error is None
    assert report.estimated is not None
    assert report.estimated.metrics["roc_auc"].value == pytest.approx(0.85, abs=0.05)
    assert report.estimated.drop == 0.0
    bad = watched(WatchedModel(), rows(MANY, seed=5, flip=0.4), labelled=True)
    assert bad.estimator_error is not None
    assert bad.estimator_error > 0.1  # it cannot see that the same features begin to mean something else


def test_performance_looks_back_farther_than_drift() -> None:
    model = WatchedModel()
    report = watched(model, rows(300), at_hours=100, labelled=True)
    assert report.status == "insufficient_data"
    assert report.performance is not None
    assert report.performance.rows == 300


def test_segments_are_judged_by_their_own_past() -> None:
    model = WatchedModel()
    watched(model, rows(2000), at_hours=50)
    moved = [
        replace(each, age=(each.age or 0) + 8) if each.plan == "a" else each for each in rows(1000, seed=3)
    ]
    report = watched(model, moved, labelled=True)
    assert {name: each.status for name, each in report.segments.items()} == {
        "plan=a": "drift",
        "plan=b": "ok",
    }
    assert set(report.segment_performance) == {"plan=a", "plan=b"}
    assert sum(each.rows for each in report.segment_performance.values()) == 1000


def test_variants_are_judged_by_the_baselines_of_their_own_versions() -> None:
    model = WatchedModel()
    model.release(baseline(model.definition, rows(2000, seed=3, shift=8)).to_json())
    some = rows(MANY, seed=8, shift=8)
    made = [
        *model.predict(some, release=2, version=2),
        *model.predict(some, release=2, version=1, variant="control"),
    ]
    labels = model.labels(made, after=timedelta(minutes=1))
    model.deliver([*(each.line for each in made), *labels])
    report = model.watch()
    assert {name: each.status for name, each in report.variants.items()} == {
        "champion": "ok",
        "control": "drift",
    }
    assert set(report.variant_performance) == {"champion", "control"}
    assert report.status == "ok"


# The log itself


@pytest.mark.parametrize(
    ("served", "rate", "loss"), [(1000.0, 1.0, 0.4), (None, 1.0, None), (600.0, 1.0, 0.0), (1200.0, 0.5, 0.0)]
)
def test_capture_loss_is_what_was_served_and_is_not_in_the_log(
    served: float | None, rate: float, loss: float | None
) -> None:
    definition = watched_definition()
    model = WatchedModel(replace(definition, serving=replace(definition.serving, capture_rate=rate)))
    model.served.count = served
    report = watched(model, rows(600), at_hours=2)
    assert report.capture_loss == (None if loss is None else pytest.approx(loss))
    assert model.served.asked == [(MORNING - DAY - HOUR, MORNING - HOUR)]


def test_requests_that_were_sent_again_are_no_loss() -> None:
    model = WatchedModel()
    lines = [each.line for each in model.predict(rows(600), at=MORNING - 2 * HOUR)]
    model.served.count = 800.0
    model.deliver([*lines, *lines[:200]])
    assert model.watch().capture_loss == 0.0


def test_the_label_delay_is_the_age_of_the_newest_labelled_prediction() -> None:
    model = WatchedModel()
    assert watched(model, rows(10), at_hours=5).label_delay_hours is None
    report = watched(model, rows(10), at_hours=7, labelled=True)
    assert report.label_delay_hours == pytest.approx(7, abs=0.01)


def test_labels_that_are_due_and_never_came_are_as_late_as_the_oldest_prediction() -> None:
    model = WatchedModel(watched_definition(max_label_delay_hours=24, performance_hours=12))
    assert watched(model, rows(10), at_hours=20).label_delay_hours == 20
    quiet = WatchedModel(watched_definition(max_label_delay_hours=24))
    assert quiet.watch().label_delay_hours is None


def test_a_month_is_judged_from_days_and_not_from_rows() -> None:
    model = WatchedModel(watched_definition(window_hours=720))
    for days in range(30):
        at = MORNING - days * DAY - HOUR
        model.deliver((each.line for each in model.predict(rows(20, seed=days), at=at)), at=at)
    model.watch()
    model.archive.loads.clear()
    report = model.watch(MORNING + timedelta(minutes=5))
    assert report.drift is not None
    assert report.drift.rows == 600
    judged = set(model.archive.loads)
    # The 29 whole days of the window are 5 pentads and 4 days. Of one pentad the performance takes but 4 days, and segments
    # are held against 6 days of the week before the window.
    assert len([key for key in judged if key.endswith("/pentad.json.gz")]) == 5
    assert len([key for key in judged if key.startswith("days/")]) == 5 + 4 + 4 + 6
    assert len([key for key in judged if key.startswith("hours/")]) <= 4 * 24
    assert not [key for key in judged if "/scores/" in key or key.startswith("raw/")]


def test_a_baseline_survives_its_way_into_storage() -> None:
    content = baseline(watched_definition(), rows(200))
    assert Baseline.from_json(content.to_json()) == content
