"""The part of a model card about whom it is good for: slices of the holdout, and groups of people side by side."""

from lambdaloop.domain.holdout_findings import (
    GROUP_FIGURES,
    MIN_GROUP_ROWS,
    GroupComparison,
    HoldoutSlice,
)
from lambdaloop.domain.outcomes import Estimate
from lambdaloop.domain.training_report import TrainingReport
from lambdaloop.reporting.markup import Content, Markup, tag
from lambdaloop.reporting.page import Section, figure, fluid, more, table
from lambdaloop.reporting.rows_chart import Row, interval_rows
from lambdaloop.reporting.scales import percent, short
from lambdaloop.reporting.words import counted, direction, interval, metric_name

_NONE = Estimate(value=None)
_SHARES = frozenset({"selection_rate", "true_positive_rate", "false_positive_rate", "accuracy"})


def slices_section(report: TrainingReport | None) -> Section | None:
    """The metric, part by part."""
    found = report.findings if report else None
    if report is None or found is None or not found.slices:
        return None
    metric = metric_name(report.metric)
    whole = found.metrics.get(report.metric, _NONE).value
    features = list(dict.fromkeys(each.feature for each in found.slices))
    drawn = [
        figure(feature, _slice_chart([s for s in found.slices if s.feature == feature], metric, whole))
        for feature in features
    ]
    listed = table(
        ("slice", "value", "rows", metric, "95 % interval"),
        (
            (s.feature, s.value, f"{s.rows:,}", short(s.metric.value, digits=4), interval(s.metric))
            for s in found.slices
        ),
        label="Slices",
        numbers=(2, 3, 4),
    )
    return Section(
        id="slices",
        title="Slices",
        lead=f"{metric[0].upper()}{metric[1:]} on parts of the holdout with its 95 % interval ({direction(report.metric)}); the dashed line is the "
        f"whole holdout. Numbers are cut into quarters. Slices of fewer than {MIN_GROUP_ROWS} rows are pale.",
        content=[tag("div", drawn, class_="grid-2"), more("Numbers", listed)],
    )


def groups_section(report: TrainingReport | None) -> Section | None:
    """Whether groups are treated alike."""
    found = report.findings if report else None
    if found is None:
        return None
    if not found.groups:
        text = (
            "No group is compared, because the definition names none. Name the categories or booleans by which people must be treated alike under ",
            tag("code", "monitoring.segments"),
            ": the next version is then measured for each of their values, and so is live traffic.",
        )
        return Section(id="fairness", title="Fairness", content=[tag("p", *text)])
    return Section(
        id="fairness",
        title="Fairness",
        lead="The segments of the definition, group by group. A difference is a question to people who know the matter, not an answer: "
        "which figure has to be equal depends on what a wrong prediction costs whom.",
        content=[each for comparison in found.groups for each in _comparison(comparison)],
    )


def _slice_chart(slices: list[HoldoutSlice], metric: str, whole: float | None) -> Markup:
    rows = [
        Row(
            name=each.value,
            value=each.metric.value,
            low=each.metric.low,
            high=each.metric.high,
            muted=each.rows < MIN_GROUP_ROWS,
        )
        for each in slices
    ]
    told = ", ".join(f"{row.name} {short(row.value)}" for row in rows)
    about = f"{metric} by {slices[0].feature}: {told}"
    return fluid(lambda width: interval_rows(rows, label=metric, about=about, width=width, rule=whole))


def _comparison(comparison: GroupComparison) -> list[Content]:
    names = list(comparison.gaps)
    rows: list[list[Content]] = [
        [
            group.value,
            f"{group.rows:,}",
            *(_figure(name, group.figures.get(name, _NONE)) for name in names),
        ]
        for group in comparison.groups
    ]
    rows.append(
        [
            tag("strong", "largest difference"),
            "",
            *(tag("strong", _value(name, comparison.gaps[name])) for name in names),
        ]
    )
    few = [group.value for group in comparison.groups if group.rows < MIN_GROUP_ROWS]
    notes = [f"{name.replace('_', ' ')}: {GROUP_FIGURES[name]}" for name in names if name in GROUP_FIGURES]
    return [
        tag("h3", comparison.feature),
        table(
            ("group", "rows", *(name.replace("_", " ") for name in names)),
            rows,
            label=f"Groups by {comparison.feature}",
            numbers=range(1, len(names) + 2),
        ),
        tag(
            "p",
            f"{'; '.join(notes)}. With 95 % intervals.",
            f" Left out of the difference, with fewer than {counted(MIN_GROUP_ROWS, 'row')}: {', '.join(few)}."
            if few
            else None,
            class_="note",
        ),
    ]


def _figure(name: str, estimate: Estimate) -> Content:
    if estimate.value is None:
        return "–"
    if estimate.low is None or estimate.high is None:
        return _value(name, estimate.value)
    ends = f"{_value(name, estimate.low)} to {_value(name, estimate.high)}"
    return [_value(name, estimate.value), tag("br"), tag("span", ends, class_="note")]


def _value(name: str, value: float | None) -> str:
    return percent(value) if name in _SHARES else short(value)
