"""The part of a model card about quality: metrics, curves and importance."""

from collections.abc import Mapping

from lambdaloop.domain.holdout_findings import HoldoutFindings, Polyline
from lambdaloop.domain.outcomes import Estimate
from lambdaloop.domain.training_report import TrainingReport
from lambdaloop.domain.version import Version
from lambdaloop.reporting.heat_map import Cell, heat_map
from lambdaloop.reporting.line_chart import Point, Series, line_chart
from lambdaloop.reporting.markup import Content, Markup, tag
from lambdaloop.reporting.page import Section, figure, fluid, legend, more, table
from lambdaloop.reporting.plot import Axis
from lambdaloop.reporting.residual_chart import residual_chart
from lambdaloop.reporting.rows_chart import Row, bar_rows
from lambdaloop.reporting.scales import extent, percent, short
from lambdaloop.reporting.words import counted, direction, interval, metric_name

_HEIGHT = 300
_COLORS = (1, 3, 4, 5, 6, 2)
_SHOWN_FEATURES = 20
_NONE = Estimate(value=None)


def metrics_section(version: Version, report: TrainingReport | None) -> Section:
    """Every metric of the holdout."""
    found = report.findings.metrics if report and report.findings else {}
    names = list(version.metrics) + [name for name in found if name not in version.metrics]
    rows = [
        (
            tag("strong", metric_name(name)) if name == version.metric else metric_name(name),
            short(version.metrics.get(name, found.get(name, _NONE).value), digits=4),
            interval(found.get(name, _NONE)),
            direction(name),
        )
        for name in names
    ]
    return Section(
        id="metrics",
        title="Metrics",
        lead="On the holdout, which no fit that was measured has seen. The metric in bold chose the winner.",
        content=[
            table(("metric", "value", "95 % interval", "direction"), rows, label="Metrics", numbers=(1, 2))
        ],
    )


def curves_section(report: TrainingReport | None) -> Section | None:
    """How it is right and how it is wrong."""
    found = report.findings if report else None
    if found is None:
        return None
    drawn = _numbers(found) if found.residuals else _classes(found)
    return Section(
        id="curves",
        title="How it is right, and how it is wrong",
        lead=f"All on the {counted(found.rows, 'row')} of the holdout.",
        content=[tag("div", drawn, class_="grid-2")],
    )


def importance_section(report: TrainingReport | None) -> Section | None:
    """What it goes by."""
    found = report.findings if report else None
    if report is None or found is None or not found.importance:
        return None
    name = metric_name(report.metric)
    shown = found.importance[:_SHOWN_FEATURES]
    rows = [
        Row(
            name=each.feature,
            value=each.drop,
            low=each.drop - each.deviation,
            high=each.drop + each.deviation,
            muted=each.drop <= each.deviation,
        )
        for each in shown
    ]
    title = f"Loss of {name} when a feature is shuffled"
    told = ", ".join(f"{row.name} {short(row.value)}" for row in rows[:5])
    rest = len(found.importance) - len(shown)
    return Section(
        id="importance",
        title="What it goes by",
        lead="How much worse the metric becomes when one feature's values are dealt out anew among the rows (mean and standard "
        "deviation of three times). Features that say the same share their importance; pale ones cannot be told from none."
        + (f" {rest} less important features are left out." if rest else ""),
        content=[
            figure(
                title,
                fluid(
                    lambda width: bar_rows(
                        rows, label=f"loss of {name}", about=f"{title}: {told}", width=width
                    ),
                    wide=True,
                ),
            ),
            more(
                "Numbers",
                table(
                    ("feature", f"loss of {name}", "± standard deviation"),
                    (
                        (each.feature, short(each.drop, digits=4), short(each.deviation, digits=4))
                        for each in found.importance
                    ),
                    label="Importance",
                    numbers=(1, 2),
                ),
            ),
        ],
    )


def _classes(found: HoldoutFindings) -> list[Content]:
    binary = len(found.base_rates) == 2
    rates = list(found.base_rates.values())
    rule = [(rates[1], f"as many as there are: {percent(rates[1])}")] if binary else []
    names = _legend(found.roc)
    drawn: list[Content] = []
    if found.roc:
        drawn += [
            figure(
                "ROC",
                fluid(
                    lambda width: line_chart(
                        _curves(found.roc),
                        x=Axis(label="false positive rate", low=0.0, high=1.0),
                        y=Axis(label="true positive rate", low=0.0, high=1.0),
                        about=_about(
                            "ROC curve", found.metrics.get("roc_auc") or found.metrics.get("roc_auc_ovr")
                        ),
                        width=width,
                        height=_HEIGHT,
                        diagonal=True,
                    )
                ),
                note="The diagonal is guessing.",
                legend=names,
            ),
            figure(
                "Precision and recall",
                fluid(
                    lambda width: line_chart(
                        _curves(found.precision_recall),
                        x=Axis(label="recall", low=0.0, high=1.0),
                        y=Axis(label="precision", low=0.0, high=1.0),
                        about=_about("Precision-recall curve", found.metrics.get("average_precision")),
                        width=width,
                        height=_HEIGHT,
                        rules=rule,
                    )
                ),
                note="Of those found, how many are right; of all there are, how many are found.",
                legend=names,
            ),
        ]
    if found.calibration:
        drawn.append(_reliability(found))
    if found.confusion:
        drawn.append(_confusion(found))
    return drawn


def _reliability(found: HoldoutFindings) -> Markup:
    points = [
        Point(
            x=each.score,
            y=each.hits.value,
            low=each.hits.low,
            high=each.hits.high,
            about=f"said {percent(each.score)}, was {percent(each.hits.value)} of {counted(each.rows, 'row')}",
        )
        for each in found.calibration
        if each.hits.value is not None
    ]
    error = found.metrics.get("calibration_error", _NONE)
    series = Series(name="holdout", points=points, uncertainty="whiskers")
    title = "Reliability" if len(found.base_rates) == 2 else "Reliability of the predicted class"
    return figure(
        title,
        fluid(
            lambda width: line_chart(
                [series],
                x=Axis(label="predicted probability", low=0.0, high=1.0),
                y=Axis(label="observed share", low=0.0, high=1.0),
                about=f"Reliability diagram; expected calibration error {short(error.value)}",
                width=width,
                height=_HEIGHT,
                diagonal=True,
            )
        ),
        note=f"On the diagonal, 70 % means 70 %. Expected calibration error {short(error.value)} (95 %: {interval(error)}).",
    )


def _confusion(found: HoldoutFindings) -> Markup:
    names = list(found.base_rates)
    cells = []
    for actual, line in zip(names, found.confusion, strict=True):
        total = sum(line)
        cells.append(
            [
                Cell(
                    heat=count / total if total else None,
                    about=f"actual {actual}, predicted {predicted}: {counted(count, 'row')}",
                    text=f"{count:,}",
                    alarming=actual != predicted,
                )
                for predicted, count in zip(names, line, strict=True)
            ]
        )
    right = sum(found.confusion[i][i] for i in range(len(names)))
    high = 64 if len(names) < 4 else 34
    return figure(
        "Confusion",
        fluid(
            lambda width: heat_map(
                names,
                names,
                cells,
                about=f"Confusion matrix: {right:,} of {found.rows:,} rows are predicted right",
                width=width,
                row_height=high,
                top_label="predicted →",
            )
        ),
        note="Rows are what was true, columns what was predicted; the colour is the share of the row.",
        legend=legend([("amount", "right"), ("alarm", "wrong")]),
    )


def _numbers(found: HoldoutFindings) -> list[Content]:
    points = [
        Point(
            x=each.predicted,
            y=each.actual,
            low=each.low,
            high=each.high,
            about=f"predicted {short(each.predicted)}, was {short(each.actual)} in the mean of {counted(each.rows, 'row')}",
        )
        for each in found.errors
    ]
    reach = extent([value for p in points for value in (p.x, p.y, p.low or p.y, p.high or p.y)])
    drawn: list[Content] = [
        figure(
            "Actual by predicted",
            fluid(
                lambda width: line_chart(
                    [Series(name="holdout", points=points)],
                    x=Axis(label="predicted", low=reach[0], high=reach[1]),
                    y=Axis(label="actual", low=reach[0], high=reach[1]),
                    about="Mean of the actual numbers by predicted number",
                    width=width,
                    height=_HEIGHT,
                    diagonal=True,
                )
            ),
            note="Mean in tenths of the rows, with the range of the middle 80 %. On the diagonal it is right in the mean.",
        )
    ]
    if found.residuals:
        histogram = found.residuals
        drawn.append(
            figure(
                "Residuals",
                fluid(lambda width: residual_chart(histogram, width=width, height=_HEIGHT)),
                note="Actual minus predicted; the outermost columns hold all that lie farther out.",
            )
        )
    return drawn


def _curves(curves: Mapping[str, Polyline]) -> list[Series]:
    return [
        Series(
            name=name,
            points=[Point(x=x, y=y) for x, y in zip(curve.x, curve.y, strict=True)],
            dots=False,
            color=_COLORS[place % len(_COLORS)],
            dashed=place >= len(_COLORS),
        )
        for place, (name, curve) in enumerate(curves.items())
    ]


def _legend(curves: Mapping[str, Polyline]) -> Markup | None:
    if len(curves) < 2:
        return None
    return legend([(f"s{_COLORS[place % len(_COLORS)]}", name) for place, name in enumerate(curves)])


def _about(what: str, estimate: Estimate | None) -> str:
    return what if estimate is None or estimate.value is None else f"{what}, area {short(estimate.value)}"
