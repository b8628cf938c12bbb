"""What we write is read back by the parsers of Prometheus's own Python client."""

import shutil
import subprocess
from collections.abc import Iterable
from typing import Any

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_openmetrics
from prometheus_client.parser import text_string_to_metric_families as read_text

from lambdaloop.domain.exposition import OPENMETRICS, TEXT, Gauge, Sample, content_type_for, exposition

AWKWARD = 'back\\slash, "quoted"\nand a second line'
FAMILIES = [
    Gauge("requests_last_5m", f"How many: {AWKWARD}", [Sample(3.0, {"model": "churn"}), Sample(0.0, {"model": AWKWARD})]),
    Gauge("model_info", "Which.", [Sample(1.0, {"version": "7"})]),
    Gauge("latency_seconds", "How long.", [Sample(0.0123456789), Sample(1.5e-9, {"p": "1"}), Sample(1e21, {"p": "2"})]),
    Gauge("nothing", "Has no samples.", []),
]  # fmt: skip
PROMETHEUS_2 = "application/openmetrics-text;version=1.0.0;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"


def _read(families: Iterable[Any]) -> dict[str, tuple[str, str, list[tuple[dict[str, str], float]]]]:
    return {
        each.name: (each.type, each.documentation, [(sample.labels, sample.value) for sample in each.samples])
        for each in families
    }


@pytest.mark.parametrize(("content_type", "read"), [(TEXT, read_text), (OPENMETRICS, read_openmetrics)])
def test_every_sample_comes_back_as_it_was(content_type: str, read: Any) -> None:
    assert _read(read(exposition(FAMILIES, content_type))) == {
        family.name: ("gauge", family.help, [(dict(each.labels), each.value) for each in family.samples])
        for family in FAMILIES
        if family.samples
    }


def test_only_openmetrics_says_where_it_ends() -> None:
    assert exposition([], OPENMETRICS) == "# EOF\n"
    assert exposition([], TEXT) == ""


def test_whole_numbers_have_no_point() -> None:
    assert exposition([Gauge("a", "b", [Sample(12.0), Sample(0.5)])], TEXT).endswith("a 12\na 0.5\n")


def test_a_name_that_prometheus_would_refuse_is_refused() -> None:
    with pytest.raises(ValueError, match="'p-95'"):
        Gauge("latency", "", [Sample(1.0, {"p-95": "x"})])


@pytest.mark.parametrize(
    ("accept", "answered"),
    [
        ("", TEXT),
        ("*/*", TEXT),
        ("text/plain", TEXT),
        ("text/html,application/xml;q=0.9", TEXT),
        (PROMETHEUS_2, OPENMETRICS),
        ("application/openmetrics-text", OPENMETRICS),
        ("Application/OpenMetrics-Text; version=1.0.0; charset=utf-8", OPENMETRICS),
        ("application/openmetrics-text;version=2.0.0", TEXT),
        ("application/openmetrics-text;version=2.0.0, application/openmetrics-text;version=1.0.0;q=0.5", OPENMETRICS),
        ("text/plain;version=0.0.4;q=0.9,application/openmetrics-text;version=1.0.0;q=0.5", TEXT),
        ("application/openmetrics-text;q=0", TEXT),
        ("application/openmetrics-text;q=much", TEXT),
    ],
)  # fmt: skip
def test_openmetrics_is_for_who_asks_for_it(accept: str, answered: str) -> None:
    assert content_type_for(accept) == answered


def test_promtool_has_nothing_to_say() -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not installed")
    text = exposition(FAMILIES[2:], TEXT)
    done = subprocess.run(
        [promtool, "check", "metrics"], input=text, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
