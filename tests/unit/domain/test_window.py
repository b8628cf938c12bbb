"""Reports of the watch: what people read, and what fits into the registry."""

import json
from dataclasses import replace

import pytest

from lambdaloop.domain.documents import from_document, to_document
from lambdaloop.domain.monitoring_rules import Monitoring
from lambdaloop.domain.outcomes import Estimate
from lambdaloop.domain.reading import RunReading, SourceReading
from lambdaloop.domain.window import ColumnDrift, DriftReport, Performance, WindowReport, trimmed
from lambdaloop.domain.window_words import drift_reason, reading_notes
from tests.fakes.samples import MODEL, MORNING


def column(distance: float, *, drifted: bool = False) -> ColumnDrift:
    return ColumnDrift(
        status="drift" if drifted else "ok",
        method="psi",
        distance=distance,
        threshold=0.1,
        p_value=1 / 3,
        adjusted_p_value=2 / 3,
        problem="12.3 % are missing, in the baseline 1.2 %" if drifted else None,
    )


def large_report() -> WindowReport:
    """As large as definitions allow: 500 features, 10 segments of 21 values."""
    features = {f"a_rather_long_feature_name_{number:03d}": column(0.05) for number in range(500)}
    features["far"] = column(0.5, drifted=True)
    drift = DriftReport(
        status="drift", rows=10_000, share=0.002, features=features, predictions={"prediction": column(0.01)}
    )
    performance = Performance(
        rows=1000.0,
        metrics={name: Estimate(value=1 / 3, low=1 / 7, high=1 / 1.5) for name in "abcdefg"},
        drop=1 / 9,
    )
    segments = {f"feature_{number // 21}=value_{number % 21}": drift for number in range(210)}
    return WindowReport(
        model=MODEL,
        start=MORNING,
        end=MORNING,
        status="drift",
        reason="much",
        drift=drift,
        performance=performance,
        segments=segments,
        segment_performance=dict.fromkeys(segments, performance),
    )


def test_the_largest_report_is_trimmed_to_what_a_registry_item_holds() -> None:
    kept = trimmed(large_report())
    assert len(json.dumps(to_document(kept))) < 300_000
    assert kept.drift is not None
    assert len(kept.drift.features) == 100
    assert "far" in kept.drift.features
    assert kept.segments["feature_0=value_0"].share == 0.002


def test_an_ordinary_report_is_kept_whole() -> None:
    report = large_report()
    assert report.drift is not None
    few = dict(list(report.drift.features.items())[:90])
    ordinary = replace(report, drift=replace(report.drift, features=few), segments={})
    assert trimmed(ordinary) == ordinary


def test_a_report_survives_its_way_into_storage_and_back() -> None:
    report = large_report()
    report = replace(report, segments=dict(list(report.segments.items())[:5]))
    assert from_document(WindowReport, json.loads(json.dumps(to_document(report)))) == report


def test_a_distance_that_chance_explains_stays_below_the_threshold() -> None:
    assert column(0.5).in_thresholds == 0.99
    assert column(0.05).in_thresholds == 0.5
    assert column(0.5, drifted=True).in_thresholds == 5.0
    assert replace(column(0.5), distance=None).in_thresholds is None


def test_the_reason_names_the_farthest_features_and_the_limits() -> None:
    drift = DriftReport(
        status="drift",
        rows=400,
        share=0.75,
        features={f"f{n}": column(0.1 * (n + 1), drifted=n > 0) for n in range(8)},
        predictions={},
        multivariate=column(0.3, drifted=True),
    )
    assert drift_reason(drift, 400, Monitoring()) == (
        "75% of the features (by weight) drifted, 10% are drift; 400 predictions: f7 8.0 × its threshold, "
        "f6 7.0 × its threshold, f5 6.0 × its threshold, f4 5.0 × its threshold, f3 4.0 × its threshold, 2 more, "
        "features together 3.0 × its threshold"
    )
    assert drift_reason(None, 40, Monitoring()) == "40 predictions in the window, 200 are needed"


@pytest.mark.parametrize(
    ("features", "rows", "reason"),
    [
        ({}, 5000, "no feature is captured, so none can be judged: name some in serving.capture"),
        (
            {"age": replace(column(0.5), weight=0)},
            5000,
            "no captured feature has 200 values and a weight above 0; 5000 predictions",
        ),
        ({"age": column(0.5)}, 40, "40 of 5000 predictions in the window have features, 200 are needed"),
    ],
)
def test_no_verdict_in_spite_of_many_predictions_has_a_reason_of_its_own(
    features: dict[str, ColumnDrift], rows: int, reason: str
) -> None:
    drift = DriftReport(status="insufficient_data", rows=rows, share=None, features=features, predictions={})
    assert drift_reason(drift, 5000, Monitoring()) == reason


def test_what_was_left_or_could_not_be_read_is_noted() -> None:
    broken = {
        str(n): SourceReading(key=str(n), version_id="", problem=f"object {n} is broken") for n in range(7)
    }
    notes = list(reading_notes(RunReading(model=MODEL, at=MORNING, sources=broken, left=12)))
    assert notes[0] == "12 objects of the log are left for the next run"
    assert notes[1] == "object 0 is broken"
    assert notes[-1] == "2 more objects are in quarantine"
