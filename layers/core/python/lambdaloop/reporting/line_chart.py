"""Lines with bands: curves of a classifier, metrics over time, confidence sequences."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from lambdaloop.reporting.markup import Markup
from lambdaloop.reporting.plot import Axis, Plot
from lambdaloop.reporting.scales import short

_DOTTED = 60
"""More points than that are a line without dots."""
_APART = 18
"""Pixels between two rules whose names both have room above them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A value, as sure as its interval."""

    x: float
    y: float
    low: float | None = None
    high: float | None = None
    about: str | None = None
    """What a mouse that rests on it is told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """What one colour of a chart shows."""

    name: str
    points: Sequence[Point]
    uncertainty: Literal["band", "whiskers"] = "band"
    dashed: bool = False
    dots: bool = True
    color: int = 1
    """1 to 6, by the style sheet."""


def line_chart(
    series: Sequence[Series],
    *,
    x: Axis,
    y: Axis,
    about: str,
    width: int,
    height: int,
    diagonal: bool = False,
    rules: Sequence[tuple[float, str]] = (),
    marks: Sequence[tuple[float, str]] = (),
) -> Markup:
    """`rules` are values of y, `marks` values of x that others are held against; `diagonal` joins the corners of the axes."""
    plot = Plot(x, y, width=width, height=height)
    if diagonal:
        low, high = max(x.low, y.low), min(x.high, y.high)
        plot.line([(low, low), (high, high)], 0, dashed=True)
    for each in series:
        sure = [(p.x, p.low, p.high) for p in each.points if p.low is not None and p.high is not None]
        if each.uncertainty == "band":
            plot.band(sure, each.color)
        else:
            for at, low, high in sure:
                plot.whisker(at, low, high, each.color)
    places = sorted(rules, reverse=True)
    for i, (at, label) in enumerate(places):
        crowded = i > 0 and plot.y(at) - plot.y(places[i - 1][0]) < _APART
        plot.rule(at, label, below=crowded)
    for at, label in marks:
        plot.rule(at, label, vertical=True)
    for each in series:
        plot.line([(p.x, p.y) for p in each.points], each.color, dashed=each.dashed)
        if each.dots and len(each.points) <= _DOTTED:
            for p in each.points:
                plot.dot(p.x, p.y, each.color, about=p.about or f"{each.name}: {short(p.y)}")
    return plot.drawn(about)
