"""The frame that every chart is drawn in: an SVG with scales, axes and marks whose colours are classes of the style sheet."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from lambdaloop.reporting.markup import Content, Markup, number, tag
from lambdaloop.reporting.scales import Scale, tick_label, ticks, time_label, time_ticks

Kind = Literal["number", "time", "percent", "count"]

NARROW, WIDE, HALF = 340, 960, 470
"""Widths, in pixels of the screen that they are drawn for: a phone, a whole row of a page, half of one."""
_CHARACTER = 6.6
"""About the width of a letter at the size of a chart's text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """What one direction of a chart means."""

    label: str
    low: float
    high: float
    kind: Kind = "number"

    def ticks(self, most: int) -> list[tuple[float, str]]:
        """Which values it names, and how."""
        if self.kind == "time":
            span = self.high - self.low
            return [(at, time_label(at, span=span)) for at in time_ticks(self.low, self.high, most=most)]
        found = ticks(self.low, self.high, most=most)
        if self.kind == "count":
            found = sorted({round(value) for value in found})
        if self.kind == "percent":
            return [(value, f"{tick_label(100 * value)} %") for value in found]
        return [(value, tick_label(value)) for value in found]


class Plot:
    """A drawing with two axes; marks are added in the order in which they lie over each other."""

    def __init__(self, x: Axis, y: Axis, *, width: int, height: int, left: int = 52) -> None:
        self.x = Scale(x.low, x.high, left, width - 14)
        self.y = Scale(y.low, y.high, height - 40, 26)
        self._x_axis, self._y_axis = x, y
        self._width, self._height, self._left = width, height, left
        self._marks: list[Markup] = []

    def line(self, points: Iterable[tuple[float, float]], series: int, *, dashed: bool = False) -> None:
        """Connect points."""
        path = "L".join(f"{number(self.x(x))} {number(self.y(y))}" for x, y in points)
        if path:
            self._marks.append(
                tag("path", d=f"M{path}", class_=f"line s{series}" + (" dashed" if dashed else ""))
            )

    def steps(self, points: Sequence[tuple[float, float]], series: int) -> None:
        """Each value holds until the next one; filled to the bottom."""
        path = "L".join(f"{number(self.x(x))} {number(self.y(y))}" for x, y in _corners(points))
        bottom = number(self.y.start)
        area = f"M{number(self.x(points[0][0]))} {bottom}L{path}L{number(self.x(points[-1][0]))} {bottom}Z"
        self._marks.append(tag("path", d=area, class_=f"band s{series}"))
        self._marks.append(tag("path", d=f"M{path}", class_=f"line s{series}"))

    def band(self, points: Sequence[tuple[float, float, float]], series: int) -> None:
        """Fill between low and high."""
        if len(points) < 2:
            return
        over = [(x, high) for x, _, high in points]
        under = [(x, low) for x, low, _ in reversed(points)]
        path = "L".join(f"{number(self.x(x))} {number(self.y(y))}" for x, y in (*over, *under))
        self._marks.append(tag("path", d=f"M{path}Z", class_=f"band s{series}"))

    def dot(self, x: float, y: float, series: int, *, about: str, radius: float = 3.2) -> None:
        """A point with a tooltip."""
        self._marks.append(
            tag("circle", tag("title", about), cx=self.x(x), cy=self.y(y), r=radius, class_=f"dot s{series}")
        )

    def whisker(self, x: float, low: float, high: float, series: int) -> None:
        """An interval at a point."""
        at = self.x(x)
        self._marks.append(
            tag("line", x1=at, x2=at, y1=self.y(low), y2=self.y(high), class_=f"whisker s{series}")
        )

    def bar(
        self, low: float, high: float, height: float, series: int, *, about: str, base: float = 0.0
    ) -> None:
        """A column from `base`."""
        left, right = self.x(low), self.x(high)
        top, bottom = sorted((self.y(height), self.y(base)))
        self._marks.append(
            tag(
                "rect",
                tag("title", about),
                x=left,
                y=top,
                width=max(right - left - 1, 0.6),
                height=bottom - top,
                class_=f"bar s{series}",
            )
        )

    def rule(self, at: float, label: str, *, vertical: bool = False, below: bool = False) -> None:
        """A line across that others are held against; `below`: where its name stands, for one above has no room."""
        if vertical:
            place = self.x(at)
            ends = {"x1": place, "x2": place, "y1": self.y.end, "y2": self.y.start}
            self._marks.append(tag("line", tag("title", label), **ends, class_="rule"))
            return
        place = self.y(at)
        ends = {"x1": self.x.start, "x2": self.x.end, "y1": place, "y2": place}
        self._marks.append(tag("line", **ends, class_="rule"))
        over = place + 13 if below or place <= self.y.end + 16 else place - 5
        self.text(label, self.x.end - 2, over, anchor="end")

    def text(self, text: str, x: float, y: float, *, anchor: str = "start", class_: str = "tick") -> None:
        """At a coordinate."""
        self._marks.append(tag("text", text, x=x, y=y, text_anchor=anchor, class_=class_))

    def add(self, mark: Markup) -> None:
        """Anything else."""
        self._marks.append(mark)

    def drawn(self, about: str) -> Markup:
        """The whole; `about` is what somebody hears who cannot see it."""
        return svg(about, self._width, self._height, self._grid(), self._marks)

    def _grid(self) -> list[Markup]:
        found: list[Markup] = []
        for value, label in self._y_axis.ticks(5):
            place = self.y(value)
            found.append(tag("line", x1=self.x.start, x2=self.x.end, y1=place, y2=place, class_="grid"))
            found.append(tag("text", label, x=self._left - 6, y=place + 4, text_anchor="end", class_="tick"))
        for value, label in self._x_axis.ticks(max(4, (self._width - self._left) // 78)):
            place, half = self.x(value), len(label) * _CHARACTER / 2
            at = min(max(place, half + 2), self._width - half - 2)
            found.append(tag("text", label, x=at, y=self._height - 23, text_anchor="middle", class_="tick"))
            found.append(tag("line", x1=place, x2=place, y1=self.y.start, y2=self.y.start + 4, class_="axis"))
        found.append(
            tag("line", x1=self.x.start, x2=self.x.end, y1=self.y.start, y2=self.y.start, class_="axis")
        )
        found.append(tag("text", self._y_axis.label, x=4, y=13, class_="name"))
        middle = (self.x.start + self.x.end) / 2
        found.append(
            tag("text", self._x_axis.label, x=middle, y=self._height - 5, text_anchor="middle", class_="name")
        )
        return found


def _corners(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    found = [points[0]]
    for (_, before), (x, y) in pairwise(points):
        found += [(x, before), (x, y)]
    return found


def svg(about: str, width: int, height: int, *content: Content) -> Markup:
    """A drawing that is as wide as there is room, with words for those who cannot see it."""
    return tag(
        "svg",
        *content,
        viewbox=f"0 0 {width} {height}",
        role="img",
        aria_label=about,
        class_="chart",
    )


def fitted(text: str, width: float) -> str:
    """As much of a text as has room.

    >>> fitted("a very long name", 60)
    'a very l…'
    """
    room = max(2, int(width / _CHARACTER))
    return text if len(text) <= room else text[: room - 1] + "…"
