"""Features by windows: where drift began and how far it went, at a glance."""

from collections.abc import Mapping, Sequence

from lambdaloop.domain.console_snapshot import FEATURES, DriftMap, FeatureDrift, ShownWindow
from lambdaloop.domain.outcomes import Estimate
from lambdaloop.domain.window import ColumnDrift, Performance, WindowReport


def drift_map(newest_first: Sequence[WindowReport], *, metrics: Mapping[int, str]) -> DriftMap:
    """`metrics`: by version, the metric that chose it.

    Features that drifted come first, then those that went farthest; beyond the limit they are counted.
    """
    windows = tuple(reversed(newest_first))
    columns = [_columns(each) for each in windows]
    names = {name for each in columns for name in each}
    rows = sorted((_row(name, columns) for name in names), key=_nearness)
    return DriftMap(
        windows=tuple(_window(each, metrics.get(each.version or 0)) for each in windows),
        features=tuple(rows[:FEATURES]),
        features_left_out=max(0, len(rows) - FEATURES),
    )


def _columns(report: WindowReport) -> Mapping[str, ColumnDrift]:
    if report.drift is None:
        return {}
    together = report.drift.multivariate
    return {
        **report.drift.features,
        **report.drift.predictions,
        **({"all features together": together} if together else {}),
    }


def _row(name: str, columns: Sequence[Mapping[str, ColumnDrift]]) -> FeatureDrift:
    found = [each.get(name) for each in columns]
    times = [each.in_thresholds if each else None for each in found]
    return FeatureDrift(
        name=name,
        times=tuple(None if each is None else round(each, 2) for each in times),
        drifted=tuple(place for place, each in enumerate(found) if each and each.status == "drift"),
    )


def _nearness(row: FeatureDrift) -> tuple[bool, float, str]:
    farthest = max((each for each in row.times if each is not None), default=0.0)
    return not row.drifted, -farthest, row.name


def _window(report: WindowReport, metric: str | None) -> ShownWindow:
    return ShownWindow(
        end=report.end,
        status=report.status,
        reason=report.reason,
        release=report.release,
        version=report.version,
        rows=report.drift.rows if report.drift else None,
        share=report.drift.share if report.drift else None,
        real=_metric(report.performance, metric),
        estimated=_metric(report.estimated, metric),
        drop=report.performance.drop if report.performance else None,
        new_labels=report.new_labels,
        notes=report.notes,
    )


def _metric(performance: Performance | None, metric: str | None) -> Estimate | None:
    return performance.metrics.get(metric) if performance and metric else None
