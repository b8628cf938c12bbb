"""Two distributions of a number on top of each other: what a model was trained on, and what came."""

import math
from dataclasses import dataclass
from itertools import pairwise

from lambdaloop.domain.profile import NumericProfile
from lambdaloop.reporting.markup import Markup
from lambdaloop.reporting.plot import Axis, Plot
from lambdaloop.reporting.scales import percent, tick_label

_NARROWEST = 1 / 60
"""Of the width: a bin of one value has no density of its own."""
_OUTSIDE = 0.05
"""Of the width, for values beyond all that the baseline has."""
_NOTHING = 1e-300
_DENSEST = 1e6
_TALLEST = 1.8
"""A bin of one value may be that much taller than the ordinary ones; its tooltip tells its true share."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bin:
    """Where a bin is drawn."""

    place: int
    """Among the counts."""
    low: float
    high: float
    where: str
    plain: bool
    """Whether its width is its own, and so its density."""


def number_pair(
    before: NumericProfile,
    now: NumericProfile | None,
    *,
    label: str,
    names: tuple[str, str],
    about: str,
    width: int,
    height: int,
) -> Markup:
    """Columns of what was, a line of what is; `now` has the edges of `before`, or is not there."""
    bins = _single_values(before) or _intervals(before, now)
    if not bins or not math.isfinite(bins[-1].high - bins[0].low):  # wider than a float can say
        return Plot(
            Axis(label=label, low=0, high=1), Axis(label="", low=0, high=1), width=width, height=height
        ).drawn(about)
    sides = [before] if now is None else [before, now]
    shares = [[count / side.count if side.count else 0.0 for count in side.counts] for side in sides]
    reach = bins[-1].high - bins[0].low
    tall = [[_density(share[each.place], each, reach) for each in bins] for share in shares]
    ordinary = [h for side in tall for h, each in zip(side, bins, strict=True) if each.plain]
    top = max(max(ordinary, default=0.0) * _TALLEST, 1e-9) if ordinary else 1.0
    top = min(top, max((h for side in tall for h in side), default=top) * 1.05) or 1.0
    plot = Plot(
        Axis(label=label, low=bins[0].low, high=bins[-1].high),
        Axis(label="density", low=0.0, high=top),
        width=width,
        height=height,
    )
    for each, rise in zip(bins, tall[0], strict=True):
        told = ", ".join(
            f"{name} {percent(share[each.place])}" for name, share in zip(names, shares, strict=False)
        )
        plot.bar(each.low, each.high, rise, 2 if now else 1, about=f"{each.where}: {told}")
    if now is not None and now.count:
        corners = [(each.low, rise) for each, rise in zip(bins, tall[1], strict=True)]
        plot.steps([*corners, (bins[-1].high, tall[1][-1])], 1)
    return plot.drawn(about)


def _density(share: float, of: _Bin, reach: float) -> float:
    """Share by width, where 1 is even; a bin that has no width in floats has none."""
    width = of.high - of.low
    return min(share / width * reach, _DENSEST) if width > 0 else 0.0


def _single_values(profile: NumericProfile) -> list[_Bin]:
    """A bin around each value, where every bin of the baseline holds one only; else none."""
    filled = [
        (i, total / count)
        for i, (count, total) in enumerate(zip(profile.counts, profile.sums, strict=True))
        if count
    ]
    if len(filled) < 2 or any(
        i >= len(profile.edges) or not _same(mean, profile.edges[i]) for i, mean in filled
    ):
        return []
    values = [profile.edges[i] for i, _ in filled]
    half = min(b - a for a, b in pairwise(values)) / 2
    if half * 2 * 60 < values[-1] - values[0]:
        return []
    return [
        _Bin(place=i, low=value - half, high=value + half, where=tick_label(value), plain=True)
        for (i, _), value in zip(filled, values, strict=True)
    ]


def _intervals(profile: NumericProfile, now: NumericProfile | None) -> list[_Bin]:
    edges = profile.edges
    if len(edges) < 2 or not 0 < edges[-1] - edges[0] < math.inf:
        return []
    # A single far value must not press all others into one line: what is beyond twice the middle is drawn up to there.
    middle = edges[-2] - edges[1] if len(edges) > 3 else edges[-1] - edges[0]
    room = middle or edges[-1] - edges[0]
    low, high = max(edges[0], edges[1] - room), min(edges[-1], edges[-2] + room)
    least = (high - low) * _NARROWEST
    found = []
    for place, (a, b) in enumerate(pairwise(edges), start=1):
        left, right = max(a, low), min(b, high)
        plain = right - left >= least
        where = f"{_edge(a)} to {_edge(b)}" if plain else _edge(b)
        found.append(
            _Bin(place=place, low=left if plain else right - least, high=right, where=where, plain=plain)
        )
    side = (high - low) * _OUTSIDE
    last = len(edges)
    if profile.counts[0] or (now and now.counts[0]):
        where = f"below {_edge(edges[0])}"
        found.insert(0, _Bin(place=0, low=found[0].low - side, high=found[0].low, where=where, plain=False))
    if profile.counts[last] or (now and now.counts[last]):
        where = f"above {_edge(edges[-1])}"
        found.append(
            _Bin(place=last, low=found[-1].high, high=found[-1].high + side, where=where, plain=False)
        )
    return found


def _edge(value: float) -> str:
    """The edge below a baseline that begins at 0 is the next smaller float."""
    return tick_label(0.0 if abs(value) < _NOTHING else value)


def _same(one: float, other: float) -> bool:
    return abs(one - other) <= 1e-9 * max(abs(one), abs(other), 1e-300)
