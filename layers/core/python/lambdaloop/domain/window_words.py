"""Says in words what the watch found: the sentences of its reports."""

from collections.abc import Iterator

from lambdaloop.domain.monitoring_rules import Monitoring
from lambdaloop.domain.reading import RunReading
from lambdaloop.domain.window import ColumnDrift, DriftReport

_NAMED = 5


def drift_reason(drift: DriftReport | None, rows: int, rules: Monitoring) -> str:
    """Why a window has its status, with the numbers."""
    if drift is None or drift.status == "insufficient_data":
        return _without_verdict(drift, rows, rules)
    share = "" if drift.share is None else f"{drift.share:.0%} of the features (by weight) drifted, "
    limit = f"{rules.drift_share:.0%} are drift; {rows} predictions"
    if drift.status == "ok":
        return f"{share}{limit}"
    causes = [f"{name} {_times(drift.features[name])}" for name in drift.drifted[:_NAMED]]
    if len(drift.drifted) > _NAMED:
        causes.append(f"{len(drift.drifted) - _NAMED} more")
    if drift.multivariate and drift.multivariate.status == "drift":
        causes.append(f"features together {_times(drift.multivariate)}")
    return f"{share}{limit}: {', '.join(causes)}"


def _without_verdict(drift: DriftReport | None, rows: int, rules: Monitoring) -> str:
    if drift is None or rows < rules.min_rows:
        return f"{rows} predictions in the window, {rules.min_rows} are needed"
    if drift.rows < rules.min_rows:
        return f"{drift.rows} of {rows} predictions in the window have features, {rules.min_rows} are needed"
    if not drift.features:
        return "no feature is captured, so none can be judged: name some in serving.capture"
    return f"no captured feature has {rules.min_rows} values and a weight above 0; {rows} predictions"


def reading_notes(run: RunReading) -> Iterator[str]:
    """What else somebody should know about the reading of a run."""
    if run.left:
        yield f"{run.left} objects of the log are left for the next run"
    if run.hours_left:
        yield f"{run.hours_left} hours are left for the next run to sum up"
    broken = [source.problem for source in run.sources.values() if source.problem]
    yield from broken[:_NAMED]
    if len(broken) > _NAMED:
        yield f"{len(broken) - _NAMED} more objects are in quarantine"


def _times(drift: ColumnDrift) -> str:
    return f"{drift.in_thresholds or 0:.1f} × its threshold"
