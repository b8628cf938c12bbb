"""What docs/prometheus/ proposes is what promtool takes, rings when it should, and asks for figures that we tell."""

import re
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from lambdaloop.domain.fleet import FleetState, last_stretch
from lambdaloop.domain.fleet_metrics import fleet_metrics

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "prometheus"
PROMTOOL = shutil.which("promtool")


@pytest.mark.skipif(PROMTOOL is None, reason="needs promtool, of Debian's package prometheus")
@pytest.mark.parametrize(
    "command",
    [
        ("check", "config", "prometheus.yml"),
        ("check", "rules", "rules.yml"),
        ("test", "rules", "rules_test.yml"),
    ],
    ids=["config", "rules", "unit-tests"],
)
def test_promtool_takes_it(command: tuple[str, ...]) -> None:
    done = subprocess.run(
        [str(PROMTOOL), *command], cwd=FOLDER, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_rules_ask_for_families_that_there_are() -> None:
    noon = datetime(2026, 3, 2, 12, tzinfo=UTC)
    told = {each.name for each in fleet_metrics(FleetState(stretch=last_stretch(noon), models=[], alarms=[]))}
    rules = (FOLDER / "rules.yml").read_text(encoding="utf-8")
    asked = set(re.findall(r"\blambdaloop_[a-z0-9_]+", rules))
    assert asked
    assert asked <= told
