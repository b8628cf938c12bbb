from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.axe import find_axe
from tests.browser.chromium import Chromium, browser, find_chromium
from tests.browser.looking import SCREENS, keeps_nobody_out, look_at
from tests.fakes.report_gallery import PAGES

pytestmark = pytest.mark.skipif(
    find_chromium() is None, reason="no Chromium is installed: apt-get install chromium"
)


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
    look_at(page, chromium, screen)
    assert chromium.run("document.querySelectorAll('figure').length") > 0


def test_axe_finds_nothing_that_keeps_somebody_out(page: Path, chromium: Chromium) -> None:
    axe = find_axe()
    if axe is None:
        pytest.skip("axe-core is not installed: run scripts/setup")
    keeps_nobody_out(page, chromium, "phone-dark", axe)
