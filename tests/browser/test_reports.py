from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser.axe import find_axe, violations
from tests.browser.chromium import Chromium, Scheme, browser, find_chromium
from tests.browser.pixels import colors
from tests.fakes.report_gallery import PAGES

pytestmark = pytest.mark.skipif(
    find_chromium() is None, reason="no Chromium is installed: apt-get install chromium"
)

SCREENSHOTS = Path("build/screenshots")
SCREENS: dict[str, tuple[int, int, Scheme]] = {
    "phone-light": (390, 844, "light"),
    "phone-dark": (390, 844, "dark"),
    "desktop-light": (1280, 900, "light"),
    "desktop-dark": (1280, 900, "dark"),
}
PLAIN_COLORS = 20
"""A page without anything on it has fewer."""
CHARTS = """[...document.querySelectorAll('figure')].map(figure => {
  const seen = [...figure.querySelectorAll('svg')].filter(svg => svg.getBoundingClientRect().width > 0)
  return {
    drawn: seen.length,
    told: seen.every(svg => svg.getAttribute('aria-label').length > 10),
    marks: seen.every(svg => svg.querySelectorAll('path,rect,circle').length > 0),
    smallest: Math.min(...seen.map(svg => 10.5 * svg.getBoundingClientRect().width / svg.viewBox.baseVal.width)),
  }
})"""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Chromium]:
    with browser() as opened:
        yield opened


@pytest.fixture(scope="module", params=PAGES)
def page(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page, as a file that somebody was sent."""
    file = tmp_path_factory.mktemp("pages") / f"{request.param}.html"
    file.write_text(PAGES[request.param](), encoding="utf-8")
    return file


@pytest.mark.parametrize("screen", SCREENS)
def test_a_report_is_drawn_on_every_screen_without_a_complaint_or_a_request(
    page: Path, chromium: Chromium, screen: str
) -> None:
    width, height, scheme = SCREENS[screen]
    chromium.open(page, width=width, height=height, scheme=scheme)
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    picture = chromium.screenshot()
    (SCREENSHOTS / f"{page.stem}-{screen}.png").write_bytes(picture)
    assert chromium.complaints() == []
    assert chromium.requests() == [page.resolve().as_uri()]
    assert len(colors(picture)) > PLAIN_COLORS
    assert chromium.run("document.documentElement.scrollWidth") == width, "the page scrolls sideways"
    charts: list[dict[str, Any]] = chromium.run(CHARTS)
    assert charts
    for chart in charts:
        assert (chart["drawn"], chart["told"], chart["marks"]) == (1, True, True)
        assert chart["smallest"] >= 8, "text of a chart that nobody can read"


@pytest.mark.parametrize("screen", ["phone-dark"])
def test_axe_finds_nothing_that_keeps_somebody_out(page: Path, chromium: Chromium, screen: str) -> None:
    axe = find_axe()
    if axe is None:
        pytest.skip("axe-core is not installed: run scripts/setup")
    width, height, scheme = SCREENS[screen]
    chromium.open(page, width=width, height=height, scheme=scheme)
    assert violations(chromium, axe) == []
