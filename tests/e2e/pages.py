"""The pages that a demo leaves, looked at as people would."""

from pathlib import Path
from typing import Any

from tests.browser.axe import find_axe
from tests.browser.chromium import browser, find_chromium
from tests.browser.console_views import look_at_console, views_of
from tests.browser.looking import SCREENS, keeps_nobody_out, look_at


def look_at_pages(summary: dict[str, Any], *, called: str) -> None:
    """Reports on every screen and each view of the console; without a browser their text has to do, and tests/browser says so."""
    reports, console = [Path(file) for file in summary["reports"]], Path(summary["console"])
    for file in (*reports, console):
        assert file.read_text(encoding="utf-8").startswith("<!doctype html>")
    if find_chromium() is None:
        return
    axe = find_axe()
    with browser() as chromium:
        for file in reports:
            for screen in SCREENS:
                look_at(file, chromium, screen, called=called)
            if axe is not None:
                keeps_nobody_out(file, chromium, "phone-dark", axe)
        for screen in ("phone-dark", "desktop-light"):
            look_at_console(console, chromium, screen, views_of(summary["model"]), called=called)
