"""Asks axe-core, which knows the rules of accessible pages, about a page in the browser."""

import os
import sys
from pathlib import Path

from tests.browser.chromium import Chromium

_FILE = Path("axe-core") / "axe.min.js"


def find_axe() -> Path | None:
    """Where scripts/setup puts it, or a folder of NODE_PATH."""
    folders = [
        *os.environ.get("NODE_PATH", "").split(os.pathsep),
        str(Path(sys.prefix) / "node" / "node_modules"),
    ]
    return next((file for folder in folders if folder and (file := Path(folder) / _FILE).is_file()), None)


def violations(browser: Chromium, axe: Path) -> list[str]:
    """What is wrong with the open page, worst first: impact, rule and the first elements."""
    browser.run(axe.read_text(encoding="utf-8") + ";0")
    found = browser.run("axe.run(document, {resultTypes: ['violations']}).then(found => found.violations)")
    ranks = ("critical", "serious", "moderate", "minor")
    return [
        f"{each['impact']}: {each['id']} ({each['help']}): {[node['html'][:200] for node in each['nodes'][:3]]}"
        for each in sorted(found, key=lambda each: ranks.index(each["impact"] or "minor"))
    ]
