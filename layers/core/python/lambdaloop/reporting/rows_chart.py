"""A row for each name: bars, intervals beside a limit, or two bars that compare."""

from collections.abc import Sequence
from dataclasses import dataclass

from lambdaloop.reporting.markup import Markup, tag
from lambdaloop.reporting.plot import fitted, svg
from lambdaloop.reporting.scales import Scale, short, tick_label, ticks

_ROW = 26
_PAIR = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A name and its value."""

    name: str
    value: float | None
    low: float | None = None
    high: float | None = None
    told: str = ""
    """What stands at the right; the value where it is empty."""
    color: int = 1
    muted: bool = False
    """Whether it is of little weight, such as a group of few rows."""


def bar_rows(rows: Sequence[Row], *, label: str, about: str, width: int, rule: float | None = None) -> Markup:
    """Bars from 0, with their intervals; `rule` is what they are held against."""
    reach = [each for row in rows for each in (row.value, row.low, row.high, rule) if each is not None]
    low, high = min([0.0, *reach]), max([0.0, *reach])
    return _drawn(rows, low, high or low + 1.0, label=label, about=about, width=width, bars=True, rule=rule)


def interval_rows(
    rows: Sequence[Row], *, label: str, about: str, width: int, rule: float | None = None
) -> Markup:
    """Dots with their intervals; `rule` is what they are held against."""
    reach = [each for row in rows for each in (row.value, row.low, row.high) if each is not None]
    if rule is not None:
        reach.append(rule)
    low, high = (min(reach), max(reach)) if reach else (0.0, 1.0)
    room = (high - low) * 0.04 or 0.5
    return _drawn(rows, low - room, high + room, label=label, about=about, width=width, bars=False, rule=rule)


def pair_rows(
    names: Sequence[str],
    before: Sequence[float],
    now: Sequence[float] | None,
    *,
    sides: tuple[str, str],
    about: str,
    width: int,
) -> Markup:
    """Shares of 1, two bars for each name: what was, and what is."""
    left, right = _columns(width, names)
    most = max([*before, *(now or ()), 1e-9])
    scale = Scale(0.0, most, left, right)
    marks: list[Markup] = []
    for place, name in enumerate(names):
        top = 8 + place * _PAIR
        marks.append(_name(name, left, top + 17))
        values = (
            [(1, sides[0], before[place])]
            if now is None
            else [(2, sides[0], before[place]), (1, sides[1], now[place])]
        )
        for line, (color, side, share) in enumerate(values):
            y, thick = (top + 2 + line * 12, 11.0) if now is not None else (top + 5, 16.0)
            marks.append(
                tag(
                    "rect",
                    tag("title", f"{name}, {side}: {100 * share:.2f} %"),
                    x=left,
                    y=y,
                    width=max(scale(share) - left, 0.5),
                    height=thick,
                    class_=f"bar s{color}",
                )
            )
            marks.append(
                tag("text", f"{100 * share:.1f} %", x=scale(share) + 5, y=y + thick - 2, class_="tick small")
            )
    return svg(about, width, 12 + _PAIR * len(names), marks)


def _drawn(
    rows: Sequence[Row],
    low: float,
    high: float,
    *,
    label: str,
    about: str,
    width: int,
    bars: bool,
    rule: float | None = None,
) -> Markup:
    left, right = _columns(width, [row.name for row in rows])
    scale = Scale(low, high, left, right)
    bottom = 12 + _ROW * len(rows)
    marks: list[Markup] = []
    for value in ticks(low, high, most=max(2, int((right - left) // 70))):
        at = scale(value)
        marks.append(tag("line", x1=at, x2=at, y1=6, y2=bottom, class_="grid"))
        marks.append(tag("text", tick_label(value), x=at, y=bottom + 15, text_anchor="middle", class_="tick"))
    if rule is not None:
        at = scale(rule)
        marks.append(tag("line", x1=at, x2=at, y1=6, y2=bottom, class_="rule"))
    for place, row in enumerate(rows):
        marks += _row(row, scale, 12 + place * _ROW, left, width, bars=bars)
    if bars:
        marks.append(tag("line", x1=scale(0.0), x2=scale(0.0), y1=6, y2=bottom, class_="axis"))
    marks.append(tag("text", label, x=(left + right) / 2, y=bottom + 31, text_anchor="middle", class_="name"))
    return svg(about, width, bottom + 38, marks)


def _row(row: Row, scale: Scale, top: float, left: float, width: int, *, bars: bool) -> list[Markup]:
    middle = top + _ROW / 2
    kind = f"s{row.color}" + (" muted" if row.muted else "")
    found = [_name(row.name, left, middle + 4)]
    told = row.told or short(row.value)
    if row.value is not None:
        about = tag("title", f"{row.name}: {told}")
        at, zero = scale(row.value), scale(0.0)
        if bars:
            size = {"x": min(at, zero), "y": middle - 8, "width": max(abs(at - zero), 0.8), "height": 16}
            found.append(tag("rect", about, **size, class_=f"bar {kind}"))
        if row.low is not None and row.high is not None:
            ends = {"x1": scale(row.low), "x2": scale(row.high), "y1": middle, "y2": middle}
            found.append(tag("line", **ends, class_=f"whisker {kind}"))
        if not bars:
            found.append(tag("circle", about, cx=at, cy=middle, r=4.5, class_=f"dot {kind}"))
    found.append(tag("text", told, x=width - 4, y=middle + 4, text_anchor="end", class_="tick"))
    return found


def _columns(width: int, names: Sequence[str]) -> tuple[float, float]:
    """Where bars begin and end."""
    longest = max((len(name) for name in names), default=0) * 6.9 + 14
    return min(max(longest, 60), width * 0.38), width - 74


def _name(name: str, left: float, y: float) -> Markup:
    return tag(
        "text",
        fitted(name, left - 14),
        tag("title", name),
        x=left - 8,
        y=y,
        text_anchor="end",
        class_="label",
    )
