"""The share of the traffic over time, with what was decided on the way."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from lambdaloop.reporting.markup import Markup
from lambdaloop.reporting.plot import Axis, Plot
from lambdaloop.reporting.scales import extent

_COLORS: Mapping[str, int] = {"advance": 4, "complete": 4, "hold": 6, "roll_back": 3}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """From this time on, this share; with a verdict, a dot."""

    at: datetime
    share: float
    verdict: str | None = None
    about: str = ""


def timeline(stops: Sequence[Stop], *, about: str, width: int, height: int) -> Markup:
    """Stops by ascending time, two or more."""
    low, high = extent([stop.at.timestamp() for stop in stops], room=0.03)
    plot = Plot(
        Axis(label="time, UTC", low=low, high=high, kind="time"),
        Axis(label="share of the requests", low=0.0, high=1.08, kind="percent"),
        width=width,
        height=height,
    )
    shares = [(stop.at.timestamp(), stop.share) for stop in stops]
    plot.steps([*shares, (high, shares[-1][1])], 1)
    for stop in stops:
        if stop.verdict:
            plot.dot(stop.at.timestamp(), stop.share, _COLORS[stop.verdict], about=stop.about, radius=6.0)
    return plot.drawn(about)
