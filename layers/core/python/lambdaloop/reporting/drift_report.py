"""The report of a window: what drifted, since when, what it looks like now, and whether the model still works."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from lambdaloop.domain.outcomes import Estimate
from lambdaloop.domain.profile import Profile
from lambdaloop.domain.window import ColumnDrift, DriftReport, WindowReport
from lambdaloop.reporting.drift_distributions import distributions_section
from lambdaloop.reporting.drift_history import heat_map_section, performance_section
from lambdaloop.reporting.markup import Content, Markup, tag
from lambdaloop.reporting.page import (
    Section,
    Tile,
    Tone,
    badge,
    facts,
    figure,
    fluid,
    legend,
    page,
    table,
    verdict,
)
from lambdaloop.reporting.rows_chart import Row, bar_rows
from lambdaloop.reporting.scales import moment, percent, short
from lambdaloop.reporting.words import counted, metric_name, sentence

STATUS_TONES: Mapping[str, Tone] = {
    "ok": "good",
    "drift": "bad",
    "insufficient_data": "idle",
    "no_release": "idle",
    "no_baseline": "warn",
}
_SHOWN = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowPage:
    """A window and what it is seen beside."""

    report: WindowReport
    history: Sequence[WindowReport] = ()
    """Windows up to this one, oldest first."""
    metric: str | None = None
    """The metric that the version was chosen by."""
    holdout: Mapping[str, Estimate] = field(default_factory=dict)
    """The version's metrics on its holdout."""
    baseline: Profile | None = None
    current: Profile | None = None
    """Of the window's predictions."""


def drift_report(window: WindowPage, *, written_at: datetime) -> str:
    """The page."""
    report = window.report
    found: list[Section | None] = [
        _features(report.drift),
        heat_map_section(window.history),
        distributions_section(report.drift, window.baseline, window.current),
        performance_section(window.history, window.metric, window.holdout),
        _parts("segments", "Segments", "segment", report.segments, report.segment_performance, window.metric),
        _parts("variants", "Variants", "variant", report.variants, report.variant_performance, window.metric),
        _quality(report),
    ]
    version = f"version {report.version}, release {report.release}" if report.version else "no release"
    return page(
        kind="Drift report",
        title=f"{report.model}, {moment(report.end)}",
        badges=[badge(report.status.replace("_", " "), STATUS_TONES[report.status]), badge(version)],
        summary=verdict(sentence(report.reason), tone=STATUS_TONES[report.status]),
        tiles=_tiles(window),
        sections=[each for each in found if each],
        written_at=written_at,
    )


def _tiles(window: WindowPage) -> list[Tile]:
    report, drift = window.report, window.report.drift
    hours = (report.end - report.start).total_seconds() / 3600
    tiles = [
        Tile(
            label="predictions in the window",
            value=f"{drift.rows:,}" if drift else "–",
            note=f"{hours:g} hours",
        ),
        Tile(
            label="share of the features that drifted",
            value=percent(drift.share, places=0) if drift else "–",
            note=f"{len(drift.drifted)} of {len(drift.features)}, by weight" if drift else None,
        ),
    ]
    metric = window.metric
    for label, performance in (("real", report.performance), ("estimated", report.estimated)):
        estimate = performance.metrics.get(metric) if performance and metric else None
        if estimate is None or performance is None or metric is None:
            continue
        known = window.holdout.get(metric)
        beside = f"{short(known.value)} on the holdout" if known else f"{counted(performance.rows, 'row')}"
        tiles.append(Tile(label=f"{metric_name(metric)}, {label}", value=short(estimate.value), note=beside))
    return tiles


def _features(drift: DriftReport | None) -> Section | None:
    if drift is None or not (drift.features or drift.predictions):
        return None
    columns: dict[str, ColumnDrift] = {**drift.features, **drift.predictions}
    if drift.multivariate:
        columns["all features together"] = drift.multivariate
    ranked = sorted(columns, key=lambda name: -(columns[name].in_thresholds or 0.0))
    rows = [
        Row(
            name=name,
            value=columns[name].in_thresholds,
            told=f"{columns[name].in_thresholds:.2f} ×" if columns[name].in_thresholds is not None else "–",
            color=3 if columns[name].status == "drift" else 1,
        )
        for name in ranked[:_SHOWN]
        if columns[name].distance is not None
    ]
    listed = table(
        ("column", "status", "method", "distance", "threshold", "adjusted p", "problem"),
        (
            (
                name,
                badge(columns[name].status.replace("_", " "), STATUS_TONES[columns[name].status]),
                columns[name].method.replace("_", " "),
                short(columns[name].distance),
                short(columns[name].threshold),
                short(columns[name].adjusted_p_value, digits=2),
                columns[name].problem or "",
            )
            for name in ranked
        ),
        label="Columns",
        numbers=(3, 4, 5),
    )
    content: list[Content] = []
    if rows:
        told = ", ".join(f"{row.name} {row.told}" for row in rows[:5])
        content.append(
            figure(
                "Distance from the baseline, in thresholds",
                fluid(
                    lambda width: bar_rows(
                        rows,
                        label="times its threshold",
                        about=f"Drift by column: {told}",
                        width=width,
                        rule=1.0,
                    ),
                    wide=True,
                ),
                legend=legend([("s3", "drifted"), ("s1", "not")]),
            )
        )
    rest = len(columns) - len(rows)
    return Section(
        id="columns",
        title="What drifted",
        lead="A column has drifted when its distance from the baseline is beyond the threshold and beyond chance."
        + (f" The {len(rows)} farthest of {len(columns)} are drawn." if rest and rows else ""),
        content=[*content, listed],
    )


def _parts(
    identity: str,
    title: str,
    name: str,
    drifts: Mapping[str, DriftReport],
    performances: Mapping[str, object],
    metric: str | None,
) -> Section | None:
    names = list(dict.fromkeys([*drifts, *performances]))
    if not names:
        return None
    rows = (
        (each, *_drift_cells(drifts.get(each)), _performance_cell(performances.get(each), metric))
        for each in names
    )
    return Section(
        id=identity,
        title=title,
        content=[
            table(
                (name, "status", "predictions", "drift share", metric_name(metric) if metric else "metric"),
                rows,
                label=title,
                numbers=(2, 3, 4),
            )
        ],
    )


def _drift_cells(drift: DriftReport | None) -> tuple[Content, Content, Content]:
    if drift is None:
        return "–", "–", "–"
    status: Markup = badge(drift.status.replace("_", " "), STATUS_TONES[drift.status])
    return status, f"{drift.rows:,}", percent(drift.share, places=0)


def _performance_cell(performance: object, metric: str | None) -> str:
    metrics: Mapping[str, Estimate] = getattr(performance, "metrics", {})
    estimate = metrics.get(metric) if metric else None
    if estimate is None:
        return "–"
    sure = f" ({short(estimate.low)} to {short(estimate.high)})" if estimate.low is not None else ""
    return f"{short(estimate.value)}{sure}"


def _quality(report: WindowReport) -> Section:
    pairs: dict[str, Content] = {
        "from": moment(report.start),
        "to": moment(report.end),
        "new predictions": f"{report.new_rows:,}",
        "new labels": f"{report.new_labels:,}",
        "labels of unknown predictions": f"{report.unknown_labels:,}",
        "labels that came too late": f"{report.expired_labels:,}",
        "unreadable lines": f"{report.quarantined:,} of {report.lines:,}",
        "not captured": percent(report.capture_loss) if report.capture_loss is not None else None,
        "newest labelled prediction": (
            report.label_delay_hours is not None and f"{report.label_delay_hours:.1f} hours old"
        )
        or None,
        "age of the version": f"{report.baseline_age_days:.1f} days"
        if report.baseline_age_days is not None
        else None,
        "error of the estimate": (
            report.estimator_error is not None
            and f"{short(report.estimator_error)} (estimated minus real, on the same predictions)"
        )
        or None,
    }
    notes = tag("ul", [tag("li", note) for note in report.notes], class_="plain") if report.notes else None
    return Section(
        id="log",
        title="The log it rests on",
        lead="Whether what was read can be trusted.",
        content=[facts(pairs), notes],
    )
