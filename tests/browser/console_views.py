"""What is asked of every view of the console, whatever is in it."""

from collections.abc import Mapping
from pathlib import Path

from tests.browser.axe import find_axe, violations
from tests.browser.chromium import Chromium
from tests.browser.looking import SCREENS, SCREENSHOTS
from tests.browser.pixels import colors

_PLAIN_COLORS = 12
"""A view without anything on it has fewer."""


def go(chromium: Chromium, place: str) -> None:
    """Follow a link of the page."""
    chromium.run(
        f"new Promise(done => {{ if (location.hash === '{place}') return done();"
        f" addEventListener('hashchange', () => requestAnimationFrame(done), {{once: true}}); location.hash = '{place}' }})"
    )


def views_of(model: str) -> dict[str, str]:
    """All that the console shows of a model, and the page about all models."""
    kinds = ("now", "releases", "versions", "experiments", "drift", "decisions", "audit")
    return {"overview": "#/", **{kind: f"#/{model}/{kind}" for kind in kinds}}


def look_at_console(
    page: Path, chromium: Chromium, screen: str, views: Mapping[str, str], *, called: str = ""
) -> None:
    """Show each view, keep pictures, and find nothing wrong."""
    width, height, scheme = SCREENS[screen]
    axe = find_axe()
    chromium.open(page, width=width, height=height, scheme=scheme)
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    for view, place in views.items():
        go(chromium, place)
        picture = chromium.screenshot()
        (SCREENSHOTS / f"{called}console-{view}-{screen}.png").write_bytes(picture)
        assert len(colors(picture, enough=_PLAIN_COLORS)) > _PLAIN_COLORS, view
        assert chromium.run("document.documentElement.scrollWidth") == width, f"{view} scrolls sideways"
        if (
            axe is not None and width < 600
        ):  # asking takes long, and a screen differs from a phone in widths alone
            assert violations(chromium, axe) == [], view
    assert chromium.complaints() == []
    assert [each.partition("#")[0] for each in chromium.requests()] == [page.resolve().as_uri()]
