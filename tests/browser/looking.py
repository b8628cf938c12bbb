"""What is asked of every page that people are given, whoever made it: drawn, quiet, readable, and open to everybody."""

from pathlib import Path
from typing import Any

from tests.browser.axe import violations
from tests.browser.chromium import Chromium, Scheme
from tests.browser.pixels import colors

SCREENSHOTS = Path("build/screenshots")
SCREENS: dict[str, tuple[int, int, Scheme]] = {
    "phone-light": (390, 844, "light"),
    "phone-dark": (390, 844, "dark"),
    "desktop-light": (1280, 900, "light"),
    "desktop-dark": (1280, 900, "dark"),
}
_PLAIN_COLORS = 20
"""A page without anything on it has fewer."""
_SMALLEST_TEXT = 8
_HIGHEST_ROW = 350
_ROWS = "Math.max(0, ...[...document.querySelectorAll('tbody tr')].map(row => row.getBoundingClientRect().height))"
_CHARTS = """[...document.querySelectorAll('figure')].map(figure => {
  const seen = [...figure.querySelectorAll('svg')].filter(svg => svg.getBoundingClientRect().width > 0)
  return {
    drawn: seen.length,
    told: seen.every(svg => svg.getAttribute('aria-label').length > 10),
    marks: seen.every(svg => svg.querySelectorAll('path,rect,circle').length > 0),
    smallest: Math.min(...seen.map(svg => 10.5 * svg.getBoundingClientRect().width / svg.viewBox.baseVal.width)),
  }
})"""


def look_at(page: Path, chromium: Chromium, screen: str, *, called: str = "") -> None:
    """Show it, keep a picture of it, and find nothing wrong."""
    width, height, scheme = SCREENS[screen]
    chromium.open(page, width=width, height=height, scheme=scheme)
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    picture = chromium.screenshot()
    (SCREENSHOTS / f"{called}{page.stem}-{screen}.png").write_bytes(picture)
    assert chromium.complaints() == []
    assert chromium.requests() == [page.resolve().as_uri()]
    assert len(colors(picture, enough=_PLAIN_COLORS)) > _PLAIN_COLORS, "a blank page"
    assert chromium.run("document.documentElement.scrollWidth") == width, "the page scrolls sideways"
    assert chromium.run(_ROWS) <= _HIGHEST_ROW, "sentences of a table, a word a line"
    charts: list[dict[str, Any]] = chromium.run(_CHARTS)
    for chart in charts:
        assert (chart["drawn"], chart["told"], chart["marks"]) == (1, True, True)
        assert chart["smallest"] >= _SMALLEST_TEXT, "text of a chart that nobody can read"


def keeps_nobody_out(page: Path, chromium: Chromium, screen: str, axe: Path) -> None:
    """Ask axe-core."""
    width, height, scheme = SCREENS[screen]
    chromium.open(page, width=width, height=height, scheme=scheme)
    assert violations(chromium, axe) == []
