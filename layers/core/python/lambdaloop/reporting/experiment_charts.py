"""The part of an experiment's report that is drawn: confidence sequences, outcomes and units of the arms over time."""

from collections.abc import Callable, Sequence

from lambdaloop.domain.experiment import ArmFigures, Experiment, Look
from lambdaloop.reporting.line_chart import Point, Series, line_chart
from lambdaloop.reporting.markup import Content, Markup, tag
from lambdaloop.reporting.page import Section, badge, figure, fluid, legend, table
from lambdaloop.reporting.plot import Axis
from lambdaloop.reporting.scales import extent, moment, percent, short

_CONTROL, _OTHERS = 2, (1, 3, 4, 5, 6)
"""Colours: grey is what others are held against, on every page."""
_MOST_POINTS = 160
_SOUND = 0.001
"""The p-value below which units came to arms otherwise than their shares ask for."""


def sequences_section(experiment: Experiment, looks: Sequence[Look]) -> Section | None:
    """The difference of each arm from the control, with its band."""
    control = experiment.control.name
    arms = [arm.name for arm in experiment.arms if arm.name != control]
    found = [(name, _sequence(name, looks)) for name in arms]
    series = [
        Series(name=name, points=points, color=_color(experiment, name)) for name, points in found if points
    ]
    if not series:
        return None
    rules = experiment.rules
    less = rules.outcome == "squared_error"
    effect = -rules.smallest_effect if less else rules.smallest_effect
    harm = rules.smallest_effect if rules.max_harm is None else rules.max_harm
    lines = [(0.0, "no difference"), (effect, "worth a change"), (harm if less else -harm, "harm")]
    # The first bands reach far out: what came of them is what matters, so the axis is that of the later ones.
    late = [p for each in series for p in each.points[len(each.points) // 3 :]]
    values = [v for p in late for v in (p.y, p.low, p.high) if v is not None]
    low, high = extent([*values, *(at for at, _ in lines)])
    return Section(
        id="sequences",
        title="How sure the difference became",
        lead=f"The mean outcome of an arm minus that of {control}, with its confidence sequence at {percent(1 - rules.alpha, places=0)}: a band that holds at "
        "all times at once, so that looking every hour is no cheating."
        if rules.design == "sequential"
        else f"The mean outcome of an arm minus that of {control}. It is judged once, by a test, when the planned number of units is there.",
        content=[
            figure(
                f"Difference from {control}",
                _over_time(series, looks, label="difference", low=low, high=high, height=320, rules=lines),
                legend=_legend(series),
            )
        ],
    )


def arms_section(experiment: Experiment, looks: Sequence[Look]) -> Section | None:
    """What each arm showed."""
    if not looks:
        return None
    last = looks[-1]
    rows = [
        (
            arm.name,
            arm.version,
            f"{shown.units:,}",
            f"{shown.measured:,}",
            short(_mean(shown), digits=4),
            f"{shown.requests:,}",
            f"{shown.failures:,}",
        )
        for arm in experiment.arms
        if (shown := last.figures.get(arm.name)) is not None
    ]
    drawn: list[Content] = []
    for title, label, figure_of in (
        ("Mean outcome", "mean outcome", _mean),
        ("Units with an outcome", "units", lambda shown: float(shown.measured)),
    ):
        series = [
            Series(
                name=arm.name,
                points=_points(arm.name, looks, figure_of),
                color=_color(experiment, arm.name),
            )
            for arm in experiment.arms
        ]
        series = [each for each in series if each.points]
        if series:
            low, high = extent([p.y for each in series for p in each.points])
            drawn.append(
                figure(
                    title,
                    _over_time(series, looks, label=label, low=low, high=high, height=240, half=True),
                    legend=_legend(series),
                )
            )
    return Section(
        id="arms",
        title="Arms",
        lead="A unit is an entity with its mean outcome, or a request where none is followed.",
        content=[
            tag("div", drawn, class_="grid-2"),
            table(
                ("arm", "version", "units", "with an outcome", "mean outcome", "requests", "failed"),
                rows,
                label="Arms at the last look",
                numbers=range(1, 7),
            ),
        ],
    )


def soundness_section(experiment: Experiment, looks: Sequence[Look]) -> Section | None:
    """Whether the arms got the units that their shares ask for, and whether outcomes came from all alike."""
    if not looks:
        return None
    last = looks[-1]
    total = sum(each.units for each in last.figures.values())
    rows = []
    for arm in experiment.arms:
        shown = last.figures.get(arm.name)
        if shown is None:
            continue
        rows.append(
            (
                arm.name,
                percent(arm.share / 10_000),
                percent(shown.units / total if total else None),
                percent(shown.measured / shown.units if shown.units else None),
                percent(shown.failures / shown.requests if shown.requests else None, places=2),
            )
        )
    series = [Series(name="p-value", points=_p_values(looks), color=1)]
    chart = (
        figure(
            "p-value of the arms' units",
            _over_time(
                series,
                looks,
                label="p-value",
                low=0.0,
                high=1.05,
                height=210,
                rules=[(_SOUND, "0.001: invalid")],
            ),
        )
        if series[0].points
        else None
    )
    return Section(
        id="soundness",
        title="Is it sound?",
        lead="If units came to the arms otherwise than their shares ask for (sample ratio mismatch), something other than chance chose them, "
        "and no difference means anything. The p-value holds at all looks at once. Where shares changed on the way, those of the last "
        "period are shown.",
        content=[
            tag(
                "p",
                "Units by arm: ",
                _sound(last.sample_ratio_p),
                " Outcomes by arm: ",
                _sound(last.outcome_ratio_p),
            ),
            chart,
            table(
                (
                    "arm",
                    "share that it should have",
                    "share of the units",
                    "of these with an outcome",
                    "failed requests",
                ),
                rows,
                label="Soundness",
                numbers=range(1, 5),
            ),
        ],
    )


def _color(experiment: Experiment, arm: str) -> int:
    place = [each.name for each in experiment.arms].index(arm)
    return _OTHERS[(place - 1) % len(_OTHERS)] if place else _CONTROL


def _sound(p: float | None) -> Content:
    if p is None:
        return badge("too few to tell")
    told = f"p = {short(p, digits=2)}"
    return badge(f"mismatch, {told}", "bad") if p < _SOUND else badge(f"as they should be, {told}", "good")


def _sequence(arm: str, looks: Sequence[Look]) -> list[Point]:
    found = []
    for look in _thinned(looks):
        for each in look.contrasts:
            if each.arm == arm and each.difference is not None:
                sure = (
                    ""
                    if each.low is None or each.high is None
                    else f" ({short(each.low)} to {short(each.high)})"
                )
                about = f"{arm}, {moment(look.at)}: {short(each.difference)}{sure}"
                found.append(
                    Point(x=look.at.timestamp(), y=each.difference, low=each.low, high=each.high, about=about)
                )
    return found


def _points(arm: str, looks: Sequence[Look], figure_of: Callable[[ArmFigures], float | None]) -> list[Point]:
    found = []
    for look in _thinned(looks):
        shown = look.figures.get(arm)
        value = figure_of(shown) if shown else None
        if value is not None:
            about = f"{arm}, {moment(look.at)}: {short(value)}"
            found.append(Point(x=look.at.timestamp(), y=value, about=about))
    return found


def _p_values(looks: Sequence[Look]) -> list[Point]:
    return [
        Point(
            x=look.at.timestamp(),
            y=look.sample_ratio_p,
            about=f"{moment(look.at)}: {short(look.sample_ratio_p)}",
        )
        for look in _thinned(looks)
        if look.sample_ratio_p is not None
    ]


def _over_time(
    series: Sequence[Series],
    looks: Sequence[Look],
    *,
    label: str,
    low: float,
    high: float,
    height: int,
    rules: Sequence[tuple[float, str]] = (),
    half: bool = False,
) -> Markup:
    first, last = looks[0].at.timestamp(), looks[-1].at.timestamp()
    if first == last:
        first, last = first - 1800, last + 1800
    told = ", ".join(f"{each.name} {short(each.points[-1].y)}" for each in series)
    return fluid(
        lambda width: line_chart(
            series,
            x=Axis(label="time of the look, UTC", low=first, high=last, kind="time"),
            y=Axis(label=label, low=low, high=high),
            about=f"{label} over time; at the last look {told}",
            width=width,
            height=height,
            rules=rules,
        ),
        wide=not half,
    )


def _thinned(looks: Sequence[Look]) -> list[Look]:
    """A month has 720 looks: enough of them for a line, the first and the last among them."""
    every = max(1, -(-len(looks) // _MOST_POINTS))
    kept = list(looks[::every])
    return kept if kept[-1] is looks[-1] else [*kept, looks[-1]]


def _mean(figures: ArmFigures) -> float | None:
    return figures.total / figures.measured if figures.measured else None


def _legend(series: Sequence[Series]) -> Markup | None:
    return legend([(f"s{each.color}", each.name) for each in series])
