"""The part of a release's report about its judgements: what each step showed beside the version before."""

from collections.abc import Mapping, Sequence

from lambdaloop.domain.judgement_words import BEFORE, figures_of
from lambdaloop.domain.release import Judgement, Release
from lambdaloop.reporting.line_chart import Point, Series, line_chart
from lambdaloop.reporting.markup import Content, Markup, tag
from lambdaloop.reporting.page import Section, Tone, badge, figure, fluid, legend, more, table
from lambdaloop.reporting.plot import Axis
from lambdaloop.reporting.scales import extent, moment, percent, short
from lambdaloop.reporting.words import counted

TONES: Mapping[str, Tone] = {
    "open": "idle",
    "shifting": "warn",
    "sharing": "warn",
    "live": "good",
    "superseded": "idle",
    "rolled_back": "bad",
    "withdrawn": "idle",
    "advance": "good",
    "complete": "good",
    "hold": "warn",
    "roll_back": "bad",
    "approved": "good",
    "rejected": "bad",
    "expired": "bad",
    "pending": "warn",
}
_NEAR = 0.25
"""Of a limit: from there on it is drawn."""
_FIGURES = (
    ("error_rate", "Failed requests", "percent", "max_error_rate"),
    ("p95_latency_ms", "p95 of the latency, ms", "number", "max_p95_latency_ms"),
)


def figures_section(release: Release) -> Section | None:
    """Failures and latency, judgement by judgement."""
    judged = [each for each in release.judgements if each.kind == "step"]
    if len(judged) < 2:  # one dot is no chart: its figures stand beside its reasons
        return None
    drawn = [
        chart
        for name, title, kind, limit in _FIGURES
        if (
            chart := _figure(
                judged, name, title, percents=kind == "percent", limit=getattr(release.rules, limit)
            )
        )
    ]
    if not drawn:
        return None
    return Section(
        id="figures",
        title="Beside the version before",
        lead="What both versions showed in the same minutes, judgement by judgement.",
        content=[tag("div", drawn, class_="grid-2")],
    )


def _figure(
    judged: Sequence[Judgement], name: str, title: str, *, percents: bool, limit: float
) -> Markup | None:
    def points(key: str) -> list[Point]:
        return [
            Point(
                x=place + 1.0,
                y=value,
                about=f"{moment(each.at)}: {percent(value) if percents else short(value)}",
            )
            for place, each in enumerate(judged)
            if (value := each.numbers.get(key)) is not None
        ]

    series = [
        Series(name="new version", points=points(name), color=1),
        Series(name="version before", points=points(f"{BEFORE}{name}"), color=2),
    ]
    series = [each for each in series if each.points]
    if not series:
        return None
    most = max(p.y for each in series for p in each.points)
    # A limit far above all figures would press them into one line at the bottom; then it is told in words.
    near = most > limit * _NEAR
    high = extent([0.0, limit if near else most or limit, most])[1]
    allowed = percent(limit) if percents else f"{limit:g}"
    told = ", ".join(f"{each.name} {short(each.points[-1].y)} at last" for each in series)
    return figure(
        title,
        fluid(
            lambda width: line_chart(
                series,
                x=Axis(label="judgement", low=0.5, high=len(judged) + 0.5, kind="count"),
                y=Axis(label=title, low=0.0, high=high, kind="percent" if percents else "number"),
                about=f"{title}: {told}",
                width=width,
                height=240,
                rules=[(limit, f"allowed: {allowed}")] if near or not most else [],
            )
        ),
        note=f"Allowed: {allowed}.",
        legend=legend([(f"s{each.color}", each.name) for each in series]),
    )


def judgements_section(release: Release) -> Section | None:
    """Every reason and number."""
    if not release.judgements:
        return None
    content: list[Content] = []
    for each in release.judgements:
        where = (
            f"Step {each.step + 1}, {percent(each.weight, places=0)} of the traffic"
            if each.kind == "step"
            else f"Shadow, slice {each.step + 1}"
        )
        content += [
            tag(
                "h3",
                where,
                " ",
                badge(spelled(each.verdict), TONES[each.verdict]),
                " ",
                tag("span", moment(each.at), class_="note"),
            ),
            tag("ul", [tag("li", reason) for reason in each.reasons], class_="plain"),
        ]
        numbers = [tuple(cell or "–" for cell in line) for line in figures_of(each)]
        if numbers:
            title = f"{where}: {counted(len(numbers), 'figure')}"
            content.append(
                more(
                    f"{counted(len(numbers), 'figure')}",
                    table(
                        ("figure", "new version", "version before", "expected from the holdout"),
                        numbers,
                        label=title,
                        numbers=(1, 2, 3),
                    ),
                )
            )
    return Section(
        id="judgements",
        title="Judgements",
        lead="Step by step, with every reason and number.",
        content=content,
    )


def spelled(name: str) -> str:
    """A status or verdict as people write it."""
    return name.replace("_", " ")
