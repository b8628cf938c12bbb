from dataclasses import replace

import pytest

from scripts.benchmarks.closed_loop import Seen
from scripts.benchmarks.peer_table import Figures, NotMeasured, peers_section


def _figures(label: str, *, ms: float, rate: float) -> Figures:
    return Figures(
        label=label,
        alone=Seen(seconds=[ms / 1000], elapsed=ms / 1000),
        together=Seen(seconds=[1.0] * 100, elapsed=100 / rate),
        start_seconds=2.0,
        memory_bytes=50_000_000,
        install_bytes=80_000_000,
        probability=0.25,
    )


OURS = [_figures("in process", ms=0.25, rate=4000), _figures("in Lambda", ms=1.0, rate=900)]
SLOW, QUICK = _figures("slow", ms=20, rate=50), _figures("quick", ms=10, rate=40)


def test_the_goals_are_held_against_the_best_peer_of_each_figure() -> None:
    section = peers_section([*OURS, SLOW, QUICK], clients=8, requests=2500)
    assert "p50 in process: **40.0** (goal: 40)" in section.text
    assert "p50 through the runtime client: **10.0** (goal: 15)" in section.text
    assert "requests per second: **18.0** (goal: 15)" in section.text


def test_every_server_has_a_row_of_its_figures() -> None:
    [head, first, *_] = (
        peers_section([*OURS, SLOW], clients=8, requests=2500).table.markdown().splitlines()[::2]
    )
    assert "requests per second, 8 clients" in head
    assert first == "| in process | 0.25 | 0.25 | 4000 | 2.00 | 50 | 80 |"


def test_a_peer_that_cannot_be_installed_is_there_with_the_reason() -> None:
    absent = NotMeasured(label="MLServer", reason="cannot be installed here: no wheel |\n for this Python")
    rows = peers_section([*OURS, absent, QUICK], clients=8, requests=2500).table.rows
    assert rows[2] == ["MLServer: cannot be installed here: no wheel / for this Python", *["–"] * 6]


def test_without_any_peer_there_is_nothing_to_compare() -> None:
    absent = NotMeasured(label="MLServer", reason="no network")
    with pytest.raises(RuntimeError, match="no network"):
        peers_section([*OURS, absent], clients=8, requests=2500)


def test_figures_of_other_peers_do_not_hide_a_slower_one() -> None:
    tied = replace(QUICK, label="tied")
    assert len(peers_section([*OURS, QUICK, tied, SLOW], clients=8, requests=2500).table.rows) == 5
