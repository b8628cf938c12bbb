"""What pages are made of: the frame, sections, tiles, tables, figures, legends. No script, and no request to anywhere."""

import base64
import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from lambdaloop.reporting.markup import Content, Markup, style_sheet, tag
from lambdaloop.reporting.plot import HALF, NARROW, WIDE
from lambdaloop.reporting.scales import moment
from lambdaloop.reporting.style import STYLE

Tone = Literal["good", "bad", "warn", "idle"]

_STYLE_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
_POLICY = f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; form-action 'none'"
"""What a browser may load for a page: nothing. Were a name to become markup after all, it could not do anything."""
_A_FEW_WORDS = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A part of a page with a place in its contents."""

    id: str
    title: str
    content: Sequence[Content]
    lead: str | None = None
    """What it shows, in a sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """A figure that is read first."""

    label: str
    value: Content
    note: Content = None
    words: bool = False
    """Whether the value is words, which are written smaller."""


def page(
    *,
    kind: str,
    title: str,
    badges: Sequence[Markup] = (),
    summary: Markup | None = None,
    tiles: Sequence[Tile] = (),
    sections: Sequence[Section],
    written_at: datetime,
) -> str:
    """A whole HTML document."""
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        tag("meta", name="referrer", content="no-referrer"),
        tag("title", f"{title} · {kind}"),
        style_sheet(STYLE),
    )
    contents = tag(
        "nav",
        tag("ul", [tag("li", tag("a", each.title, href=f"#{each.id}")) for each in sections]),
        aria_label="Contents",
    )
    top = tag(
        "header",
        tag("p", kind, class_="kind"),
        tag("h1", title),
        tag("p", [[each, " "] for each in badges], class_="badges") if badges else None,
        summary,
        tag("dl", [_tile(each) for each in tiles], class_="tiles") if tiles else None,
        contents,
    )
    footer = tag("footer", tag("p", f"Written by Lambdaloop, {moment(written_at)}. All times are UTC."))
    main = tag("main", [_section(each) for each in sections])
    body = tag("body", tag("div", top, main, footer, class_="page"))
    return f"<!doctype html>\n{tag('html', head, body, lang='en').text}\n"


def badge(text: str, tone: Tone = "idle") -> Markup:
    """A word in its colour."""
    return tag("span", text, class_=f"badge {tone}")


def verdict(*content: Content, tone: Tone) -> Markup:
    """The sentence that sums up a page."""
    return tag("div", tag("p", *content), class_=f"verdict {tone}")


def facts(pairs: Mapping[str, Content]) -> Markup:
    """Names and values; those without a value are left out."""
    known = [(name, value) for name, value in pairs.items() if value not in (None, "")]
    return tag("dl", [[tag("dt", name), tag("dd", value)] for name, value in known], class_="facts")


def table(
    columns: Sequence[str],
    rows: Iterable[Sequence[Content]],
    *,
    label: str,
    numbers: Iterable[int] = (),
) -> Markup:
    """The first cell names its row; columns in `numbers` stand at the right. A wide one scrolls by itself, not the page."""
    right = frozenset(numbers)

    def kind(place: int) -> str | None:
        return "number" if place in right else None

    head = tag("tr", [tag("th", name, scope="col", class_=kind(i)) for i, name in enumerate(columns)])
    body = [
        tag(
            "tr",
            tag("th", row[0], scope="row"),
            [tag("td", each, class_=kind(i) or _prose(each)) for i, each in enumerate(row) if i],
        )
        for row in rows
    ]
    # A region that scrolls must be reached by the keyboard, and so needs a name.
    return tag(
        "div",
        tag("table", tag("thead", head), tag("tbody", body)),
        class_="scroll",
        role="region",
        aria_label=f"{label}, as a table",
        tabindex=0,
    )


def _prose(cell: Content) -> str | None:
    """Sentences keep a width at which they can be read; a narrow screen would give them a word a line."""
    return "prose" if isinstance(cell, str) and len(cell) > _A_FEW_WORDS else None


def more(summary: str, *content: Content) -> Markup:
    """What is shown to those who ask."""
    return tag("details", tag("summary", summary), *content)


def figure(title: str, *drawing: Content, note: str | None = None, legend: Markup | None = None) -> Markup:
    """A chart under its title."""
    caption = tag("figcaption", title, tag("span", note, class_="note") if note else None)
    return tag("figure", caption, legend, *drawing)


def legend(names: Sequence[tuple[str, str]]) -> Markup:
    """(class of the style sheet, name) of each series."""
    return tag(
        "ul",
        [tag("li", tag("i", aria_hidden="true"), name, class_=kind) for kind, name in names],
        class_="legend",
    )


def fluid(draw: Callable[[int], Markup], *, wide: bool = False) -> Markup:
    """A chart for screens and one for phones: one that is scaled down to the other has a text too small to read."""
    screens = tag("div", draw(WIDE if wide else HALF), class_="for-screens")
    return tag("div", screens, tag("div", draw(NARROW), class_="for-phones"))


def _tile(tile: Tile) -> Markup:
    return tag(
        "div",
        tag("dt", tile.label),
        tag("dd", tile.value, class_="small" if tile.words else None),
        tag("dd", tile.note) if tile.note is not None else None,
        class_="tile",
    )


def _section(section: Section) -> Markup:
    lead = tag("p", section.lead, class_="lead") if section.lead else None
    return tag(
        "section",
        tag("h2", section.title, id=f"{section.id}-title"),
        lead,
        *section.content,
        id=section.id,
        aria_labelledby=f"{section.id}-title",
    )
