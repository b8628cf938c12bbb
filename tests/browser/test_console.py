import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lambdaloop.domain.console_snapshot import ConsoleSnapshot
from lambdaloop.domain.errors import BackendUnavailableError
from scripts.console.page import still_page
from scripts.console.server import REPORTS, ConsoleServer
from tests.browser.chromium import Chromium, browser, find_chromium
from tests.browser.console_views import go, look_at_console
from tests.fakes.console_world import FEATURES, HOSTILE, WINDOWS, whole_console

pytestmark = [
    pytest.mark.localcloud,
    pytest.mark.skipif(find_chromium() is None, reason="no Chromium is installed: apt-get install chromium"),
]

VIEWS = {
    "overview": "#/",
    "now": "#/churn/now",
    "releases": "#/churn/releases",
    "versions": "#/churn/versions",
    "experiments": "#/retention/experiments",
    "drift": "#/churn/drift",
    "decisions": "#/churn/decisions",
    "audit": "#/churn/audit",
}
LOADED = "new Promise(done => { const ask = () => document.querySelector('#main').children.length ? done(true) : requestAnimationFrame(ask); ask() })"


@pytest.fixture(scope="module")
def chromium() -> Iterator[Chromium]:
    with browser() as opened:
        yield opened


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page with everything in it, as a file that somebody was sent."""
    file = tmp_path_factory.mktemp("console") / "console.html"
    file.write_text(still_page(whole_console()), encoding="utf-8")
    return file


def shown(chromium: Chromium) -> list[str]:
    """What the filter leaves, by its first words."""
    rows: list[str] = chromium.run(
        "[...document.querySelectorAll('#main [data-row]')].filter(row => !row.hidden).map(row => row.textContent)"
    )
    return rows


@pytest.mark.parametrize("screen", ["phone-dark", "desktop-light"])
def test_every_view_is_drawn_without_a_complaint_or_a_request_and_keeps_nobody_out(
    page: Path, chromium: Chromium, screen: str
) -> None:
    look_at_console(page, chromium, screen, VIEWS)


def test_names_that_are_markup_stay_names(page: Path, chromium: Chromium) -> None:
    chromium.open(page, width=1280, height=900, scheme="light")
    for view in ("now", "releases", "drift"):
        go(chromium, f"#/churn/{view}")
        assert HOSTILE in chromium.run("document.querySelector('#main').textContent")
        assert chromium.run("document.querySelectorAll('#main script, #main img').length") == 0
        assert chromium.run("document.title").startswith("churn, ")
    go(chromium, "#/%3Cimg%20src=x%20onerror=alert(1)%3E/__proto__")
    assert chromium.run("document.querySelector('#title').textContent") == "No such model"
    assert chromium.run("document.querySelectorAll('img').length") == 0
    go(chromium, "#/churn/constructor")
    assert chromium.run("document.title").startswith("churn, Now")
    go(chromium, "#/%E0%A4%A/now")
    assert chromium.run("document.querySelector('#title').textContent") == "No such model"
    assert chromium.complaints() == []


def test_the_heat_map_says_in_words_what_it_shows_in_colours(page: Path, chromium: Chromium) -> None:
    chromium.open(page, width=1280, height=900, scheme="light")
    go(chromium, "#/churn/drift")
    rows: list[list[str]] = chromium.run(
        "[...document.querySelectorAll('.map tbody tr')].map(row => [...row.children].map(cell => cell.textContent))"
    )
    assert [row[0] for row in rows[:4]] == list(FEATURES[:4])
    assert all(len(row) == 1 + WINDOWS for row in rows)
    assert rows[0][-1].endswith("× threshold, drift")
    assert rows[2][4] == "not known"
    assert "drift" not in rows[-1][-1]
    summed_up = chromium.run("document.querySelector('.verdict').textContent")
    assert summed_up.startswith("In the newest window drifted: age (")


def test_performance_is_drawn_where_it_was_measured_and_told_in_words(page: Path, chromium: Chromium) -> None:
    chromium.open(page, width=1280, height=900, scheme="light")
    go(chromium, "#/churn/drift")
    about = chromium.run("document.querySelector('svg').getAttribute('aria-label')")
    assert "real, by labels: from 0.84 to 0.774; estimated, without labels: from 0.844 to 0.778" in about
    assert chromium.run("document.querySelectorAll('svg .line.s1').length") == 2, "a gap is bridged"
    assert chromium.run("document.querySelectorAll('svg .dot.s1').length") == WINDOWS - 1
    assert chromium.run("document.querySelectorAll('svg .line.s3').length") == 1


def test_a_filter_leaves_what_has_the_words_and_is_part_of_the_address(
    page: Path, chromium: Chromium
) -> None:
    chromium.open(page, width=1280, height=900, scheme="light")
    go(chromium, "#/churn/audit")
    everything = len(shown(chromium))
    chromium.run("document.querySelector('#filter').focus()")
    chromium.call("Input.insertText", text="Release Judged")
    assert len(shown(chromium)) == 1
    assert chromium.run("document.querySelector('#found').textContent") == f"1 of {everything} shown"
    assert chromium.run("location.hash") == "#/churn/audit?Release%20Judged"
    go(chromium, "#/churn/decisions")
    assert chromium.run("document.querySelector('#filter').value") == ""
    go(chromium, "#/churn/audit?Release%20Judged")
    assert len(shown(chromium)) == 1


def test_all_can_be_reached_with_the_keyboard(page: Path, chromium: Chromium) -> None:
    chromium.open(page, width=1280, height=900, scheme="light")
    go(chromium, "#/")
    names = []
    for _ in range(4):
        press(chromium, "Tab")
        names.append(chromium.run("document.activeElement.id || document.activeElement.textContent"))
    assert names[:3] == ["filter", "churn", "retention"]
    go(chromium, "#/churn/releases")
    assert chromium.run("document.activeElement.id") == "title"
    for _ in range(3):
        press(chromium, "Tab")
    assert chromium.run("document.activeElement.textContent") == "Versions"
    chromium.run(
        "window.gone = new Promise(done => addEventListener('hashchange', () => requestAnimationFrame(done), {once: true})); 0"
    )
    press(chromium, "Enter")
    chromium.run("window.gone")
    assert chromium.run("document.title") == "churn, Versions · Lambdaloop console"


def press(chromium: Chromium, key: str) -> None:
    code = {"Tab": 9, "Enter": 13}[key]
    text: dict[str, Any] = {"text": "\r"} if key == "Enter" else {}
    for kind in ("keyDown", "keyUp"):
        chromium.call(
            "Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code, **text
        )


class World:
    down = False
    taken = 0

    def gather(self) -> ConsoleSnapshot:
        if self.down:
            raise BackendUnavailableError("Query was refused (Throttling): slow down")
        self.taken += 1
        return whole_console(reports=REPORTS)


def test_a_console_that_is_served_asks_again_when_it_is_told_and_says_when_it_cannot(
    chromium: Chromium,
) -> None:
    world = World()
    with ConsoleServer(
        port=0, gather=world.gather, report=lambda subject: f"<title>{subject.id}</title>"
    ) as server:
        serving = threading.Thread(target=server.serve_forever, args=(0.02,))
        serving.start()
        try:
            chromium.visit(server.address)
            chromium.run(LOADED)
            assert server.secret not in chromium.run("location.href")
            go(chromium, "#/churn/versions")
            link = chromium.run("document.querySelector('#main a').href")
            assert link == f"http://127.0.0.1:{server.server_port}/reports/churn/version/2"
            assert chromium.run(f"fetch('{link}').then(answer => answer.text())") == "<title>2</title>"
            refresh(chromium)
            assert world.taken == 2
            assert chromium.run("document.title") == "churn, Versions · Lambdaloop console"
            assert chromium.complaints() == []
            world.down = True
            refresh(chromium)
            assert "slow down" in chromium.run("document.querySelector('#problem').textContent")
            assert chromium.run("document.querySelectorAll('#main [data-row]').length") > 0
        finally:
            server.shutdown()
            serving.join()


def refresh(chromium: Chromium) -> None:
    chromium.run(
        "new Promise(done => { const button = document.querySelector('#refresh'); button.click();"
        " const ask = () => button.hasAttribute('aria-disabled') ? requestAnimationFrame(ask) : done(); ask() })"
    )
