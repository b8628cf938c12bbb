"""The part of a drift report about time: since when features are off, and how performance went."""

from collections.abc import Mapping, Sequence

from lambdaloop.domain.outcomes import Estimate
from lambdaloop.domain.window import Performance, WindowReport
from lambdaloop.reporting.heat_map import Cell, heat_map
from lambdaloop.reporting.line_chart import Point, Series, line_chart
from lambdaloop.reporting.page import Section, figure, fluid, legend
from lambdaloop.reporting.plot import Axis
from lambdaloop.reporting.scales import extent, moment, short, time_label
from lambdaloop.reporting.words import direction, metric_name

_FEATURES = 25
_HOTTEST = 3.0
"""Times its threshold: the fullest colour."""
_ON_PHONES = 24
"""Windows that have room there."""


def heat_map_section(history: Sequence[WindowReport]) -> Section | None:
    """Feature by window; None without two windows that could be judged."""
    judged = [each for each in history if each.drift is not None and each.drift.features]
    if len(judged) < 2:
        return None
    peaks: dict[str, float] = {}
    for each in judged:
        for name, drift in each.drift.features.items() if each.drift else ():
            peaks[name] = max(peaks.get(name, 0.0), drift.in_thresholds or 0.0)
    names = sorted(peaks, key=lambda name: (-peaks[name], name))[:_FEATURES]
    span = (history[-1].end - history[0].end).total_seconds()

    def drawn(width: int) -> object:
        shown = history[-_ON_PHONES:] if width < 400 else history
        cells = [[_cell(name, each) for each in shown] for name in names]
        columns = [time_label(each.end.timestamp(), span=span) for each in shown]
        about = f"Drift of {len(names)} features in {len(shown)} windows up to {moment(shown[-1].end)}"
        return heat_map(names, columns, cells, about=about, width=width, row_height=22)

    left_out = len(peaks) - len(names)
    return Section(
        id="history",
        title="Since when",
        lead=f"Distance from the baseline, window by window, for the {len(names)} features that went farthest"
        + (f" ({left_out} more are left out)" if left_out else "")
        + ". Full colour is three times the threshold.",
        content=[
            figure(
                "Drift by window",
                fluid(drawn, wide=True),  # type: ignore[arg-type]
                legend=legend([("amount", "within what is usual"), ("alarm", "drifted")]),
            )
        ],
    )


def performance_section(
    history: Sequence[WindowReport], metric: str | None, holdout: Mapping[str, Estimate]
) -> Section | None:
    """Real and estimated, with their bands, beside what the holdout promised."""
    if metric is None:
        return None
    series = [
        Series(name="real", points=_points(history, metric, "real"), color=1),
        Series(name="estimated", points=_points(history, metric, "estimated"), color=3, dashed=True),
    ]
    series = [each for each in series if each.points]
    if not series:
        return None
    known = holdout.get(metric)
    rules = [(known.value, f"holdout {short(known.value)}")] if known and known.value is not None else []
    values = [v for each in series for p in each.points for v in (p.y, p.low, p.high) if v is not None]
    low, high = extent([*values, *(value for value, _ in rules)])
    first, last = history[0].end.timestamp(), history[-1].end.timestamp()
    if first == last:
        first, last = first - 1800, last + 1800
    name = metric_name(metric)
    drops = [
        f"{label} performance is certainly worse than on the holdout by {short(each.drop)}"
        for label, each in (("Real", history[-1].performance), ("Estimated", history[-1].estimated))
        if each is not None and each.drop
    ]
    return Section(
        id="performance",
        title="Performance",
        lead=f"{name} with its 95 % interval ({direction(metric)}). Real: of the predictions whose labels have come. Estimated: before they "
        "come, from how sure the model was." + (f" {'. '.join(drops)}." if drops else ""),
        content=[
            figure(
                f"{name} by window",
                fluid(
                    lambda width: line_chart(
                        series,
                        x=Axis(label="end of the window, UTC", low=first, high=last, kind="time"),
                        y=Axis(label=name, low=low, high=high),
                        about=f"{name} over time: "
                        + ", ".join(f"{each.name} {short(each.points[-1].y)} at the end" for each in series),
                        width=width,
                        height=300,
                        rules=rules,
                    ),
                    wide=True,
                ),
                legend=legend(
                    [(f"s{each.color}" + (" dashed" if each.dashed else ""), each.name) for each in series]
                ),
            )
        ],
    )


def _points(history: Sequence[WindowReport], metric: str, kind: str) -> list[Point]:
    found = []
    for each in history:
        performance: Performance | None = each.performance if kind == "real" else each.estimated
        estimate = performance.metrics.get(metric) if performance else None
        if estimate is None or estimate.value is None:
            continue
        about = f"{moment(each.end)}, {kind}: {short(estimate.value)}"
        found.append(
            Point(x=each.end.timestamp(), y=estimate.value, low=estimate.low, high=estimate.high, about=about)
        )
    return found


def _cell(name: str, report: WindowReport) -> Cell:
    drift = report.drift.features.get(name) if report.drift else None
    times = drift.in_thresholds if drift else None
    if drift is None or times is None:
        return Cell(heat=None, about=f"{name}, {moment(report.end)}: nothing to judge")
    return Cell(
        heat=times / _HOTTEST,
        about=f"{name}, {moment(report.end)}: {times:.2f} × its threshold",
        alarming=drift.status == "drift",
    )
