"""Puts the console's page together: one HTML document with style and script in it, which may load nothing but its own snapshot.

A page whose snapshot is in it needs no server: it can be opened as a file, mailed, or put on any web server. The policy names the
hashes of the one script and the one style sheet, so whatever else should get into the page would not run.
"""

import base64
import hashlib
import json
from functools import cache
from pathlib import Path

from lambdaloop.domain.console_snapshot import ConsoleSnapshot
from lambdaloop.domain.documents import to_document
from lambdaloop.reporting.markup import Markup, style_sheet, tag
from lambdaloop.reporting.style import STYLE

_FOLDER = Path(__file__).parent / "page"
_SCRIPTS = ("dom", "words", "overview", "now", "records", "performance", "drift", "main")
"""In this order; together they are one script."""


def snapshot_json(snapshot: ConsoleSnapshot) -> str:
    """The document as the page reads it; ValueError for a number that JSON does not know."""
    return json.dumps(to_document(snapshot), allow_nan=False, separators=(",", ":"))


def live_page() -> str:
    """The page that asks its server for `snapshot.json`."""
    return _page(connects="'self'", held=None)


def still_page(snapshot: ConsoleSnapshot) -> str:
    """The page with its snapshot in it."""
    # In a script element nothing is escaped, so no < may be there that could begin its end.
    text = snapshot_json(snapshot).replace("<", "\\u003c")
    return _page(
        connects="'none'", held=Markup(f'<script type="application/json" id="snapshot">{text}</script>')
    )


@cache
def _script() -> str:
    parts = "\n".join((_FOLDER / f"{name}.js").read_text(encoding="utf-8") for name in _SCRIPTS)
    return f'(() => {{\n"use strict";\n{parts}}})();\n'


@cache
def _style() -> str:
    return STYLE + (_FOLDER / "console.css").read_text(encoding="utf-8")


def _policy(*, connects: str) -> str:
    """What a browser may load for the page, and run."""
    return (
        f"default-src 'none'; script-src 'sha256-{_digest(_script())}'; style-src 'sha256-{_digest(_style())}'; "
        f"connect-src {connects}; base-uri 'none'; form-action 'none'"
    )


def _digest(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _page(*, connects: str, held: Markup | None) -> str:
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", http_equiv="Content-Security-Policy", content=_policy(connects=connects)),
        tag("meta", name="referrer", content="no-referrer"),
        tag("title", "Lambdaloop console"),
        style_sheet(_style()),
    )
    top = tag(
        "header",
        tag(
            "div",
            tag("p", "Lambdaloop console", class_="kind"),
            tag("p", tag("a", "← All models", href="#/", id="back", hidden=True)),
            class_="top",
        ),
        tag("h1", "…", id="title", tabindex=-1),
        tag("p", "Reading the state …", id="state", class_="note", role="status"),
        tag("nav", tag("ul", id="contents"), id="views", aria_label="Views of the model", hidden=True),
        tag(
            "div",
            tag(
                "span",
                tag("label", "Filter ", for_="filter"),
                tag("input", type="search", id="filter", autocomplete="off", spellcheck="false"),
                tag("span", id="found", class_="note", role="status"),
                id="sieve",
            ),
            tag("button", "Refresh", id="refresh", type="button"),
            class_="controls",
        ),
    )
    body = tag(
        "body",
        tag(
            "div",
            top,
            tag("div", id="problem", role="alert", hidden=True),
            tag("main", id="main"),
            tag("footer", tag("p", "All times are UTC.")),
            class_="page",
        ),
        held,
        Markup(f"<script>{_script()}</script>"),
    )
    return f"<!doctype html>\n{tag('html', head, body, lang='en').text}\n"
