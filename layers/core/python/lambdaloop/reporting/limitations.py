"""What to beware of with a version: sentences that follow from its own numbers, and those that hold for every one."""

from collections.abc import Iterator

from lambdaloop.domain.holdout_findings import MIN_GROUP_ROWS, GroupComparison, HoldoutFindings
from lambdaloop.domain.metrics import greater_is_better
from lambdaloop.domain.training_report import TrainingReport
from lambdaloop.domain.version import Version
from lambdaloop.reporting.scales import moment, percent, short
from lambdaloop.reporting.words import counted, interval, metric_name

_FEW_ROWS = 200
_RARE = 0.05
_IN_UNITS = frozenset({"mean_error", "mae"})
"""Figures that are no shares."""
_NAMED = 5


def limitations(version: Version, report: TrainingReport | None) -> list[str]:
    """One sentence or two each."""
    found = report.findings if report else None
    return [
        *_of_data(version),
        *(
            _of_report(report)
            if report
            else ["The report of its training cannot be read: curves, slices and groups are missing."]
        ),
        *(_of_findings(version, found) if found else []),
        "It learned what went together in its data, not what causes what: acting on a feature need not change the outcome.",
        "The holdout tells about the past. Whether live traffic still looks like it is for the watch to tell, window by window.",
    ]


def _of_data(version: Version) -> Iterator[str]:
    split, learned = version.split, version.trained_on
    if split is not None and split.kind == "hash":
        yield (
            "The holdout was chosen at random, not by time: if what is predicted changes with time, the metrics flatter the version."
        )
    if learned is not None and learned.refitted:
        yield "It was fitted anew on all rows after it had passed the gate. Its metrics are those of the fit before that."
    if learned is not None and learned.captured_until is not None:
        yield f"It knows nothing that was labelled after {moment(learned.captured_until)}."


def _of_report(report: TrainingReport) -> Iterator[str]:
    if report.champion is None:
        yield "There was no champion to be compared with: nothing says whether it is better than what was done before."
    elif report.champion.problem:
        yield f"It could not be compared with the champion of its day: {report.champion.problem}."
    elif report.champion.doubt:
        yield f"The comparison with version {report.champion.version} may be unfair: {report.champion.doubt}."


def _of_findings(version: Version, found: HoldoutFindings) -> Iterator[str]:
    estimate = found.metrics.get(version.metric)
    if found.rows < _FEW_ROWS:
        sure = (
            f": with 95 % certainty {metric_name(version.metric)} is {interval(estimate)}"
            if estimate and estimate.low is not None
            else ""
        )
        yield f"The holdout has only {counted(found.rows, 'row')}{sure}."
    rare = [f"{name} ({percent(share)})" for name, share in found.base_rates.items() if share < _RARE]
    if rare:
        yield f"Rare classes, of which it could learn little: {_listed(rare)}."
    error = found.metrics.get("calibration_error")
    if error is not None and error.low:
        yield f"Its probabilities are off by {short(error.value)} on average, more than chance explains: do not take them at their word."
    yield from _of_slices(version, found)
    for comparison in found.groups:
        gaps = [
            f"{name.replace('_', ' ')} by {short(gap) if name in _IN_UNITS else percent(gap)}"
            for name, gap in comparison.gaps.items()
            if gap is not None and _apart(comparison, name)
        ]
        if gaps:
            yield f"Groups by {comparison.feature} differ, beyond their 95 % intervals, in {_listed(gaps)}."


def _apart(comparison: GroupComparison, name: str) -> bool:
    """Whether two groups with enough rows have intervals that do not touch."""
    sure = [group.figures[name] for group in comparison.groups if group.rows >= MIN_GROUP_ROWS]
    lows = [each.low for each in sure if each.low is not None]
    highs = [each.high for each in sure if each.high is not None]
    return bool(lows and highs) and max(lows) > min(highs)


def _of_slices(version: Version, found: HoldoutFindings) -> Iterator[str]:
    whole = found.metrics.get(version.metric)
    if whole is None or whole.value is None:
        return
    worse = [
        f"{each.feature} {each.value} ({short(each.metric.value)})"
        for each in found.slices
        if each.rows >= MIN_GROUP_ROWS and each.metric.low is not None and each.metric.high is not None
        # The nearer end of the slice's interval is beyond the whole's value.
        if (
            each.metric.high < whole.value
            if greater_is_better(version.metric)
            else each.metric.low > whole.value
        )
    ]
    if worse:
        yield f"It is worse than on the whole, beyond the 95 % interval, for: {_listed(worse)}. Of many slices some are so by chance."
    few = sum(each.rows < MIN_GROUP_ROWS for each in found.slices)
    if few:
        yield f"{counted(few, 'slice')} of the holdout {'has' if few == 1 else 'have'} fewer than {MIN_GROUP_ROWS} rows: too few to tell how good it is there."


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more
