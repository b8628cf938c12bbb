import math
import re
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lambdaloop.domain.profile import NumericProfile, profile_numbers, quantile_edges
from lambdaloop.reporting.histograms import number_pair
from lambdaloop.reporting.line_chart import Point, Series, line_chart
from lambdaloop.reporting.plot import Axis
from lambdaloop.reporting.rows_chart import Row, bar_rows, interval_rows
from lambdaloop.reporting.scales import Scale, extent, percent, short, tick_label, ticks

FINITE = st.floats(allow_nan=False, allow_infinity=False, width=32)
ANY_FINITE = st.floats(allow_nan=False, allow_infinity=False)
COORDINATE = re.compile(r'(?:[xy][12]?|c[xy]|width|height)="([^"]*)"|d="M([^"Z]*)')


def coordinates(drawing: str) -> list[float]:
    found = []
    for attribute, path in COORDINATE.findall(drawing):
        found += [float(each) for each in re.split("[L ]", attribute or path)]
    return found


@given(FINITE, FINITE)
def test_ticks_are_few_round_ascending_and_inside(one: float, other: float) -> None:
    low, high = sorted((one, other))
    found = ticks(low, high)
    assert len(found) <= 7
    assert all(a < b for a, b in pairwise(found))
    room = (high - low) * 1e-6
    assert all(low - room <= each <= high + room for each in found)


@given(st.lists(FINITE, max_size=20))
def test_an_extent_has_room_around_all_values(values: list[float]) -> None:
    low, high = extent(values)
    assert low < high
    assert all(low <= each <= high for each in values)


@given(FINITE, FINITE, st.floats())
def test_a_scale_never_leaves_the_drawing(one: float, other: float, value: float) -> None:
    low, high = sorted((one, other))
    scale = Scale(low, high, 50.0, 400.0)
    assert math.isnan(value) or 50.0 <= scale(value) <= 400.0


@settings(max_examples=50)
@given(st.lists(ANY_FINITE, min_size=1, max_size=30), st.lists(ANY_FINITE, max_size=30))
def test_any_two_distributions_can_be_drawn(before: list[float], now: list[float]) -> None:
    edges = quantile_edges(before)
    drawing = number_pair(
        profile_numbers(before, edges),
        profile_numbers(now, edges),
        label="x",
        names=("before", "now"),
        about="both",
        width=340,
        height=190,
    ).text
    assert [each for each in coordinates(drawing) if not -100 <= each <= 500] == []


def test_values_beyond_the_baseline_are_drawn_beside_it() -> None:
    edges = quantile_edges([float(each) for each in range(100)])
    profiles = [profile_numbers(values, edges) for values in (map(float, range(100)), [500.0] * 50, [-999.0])]

    def drawn(now: NumericProfile) -> str:
        return number_pair(
            profiles[0], now, label="x", names=("baseline", "window"), about="both", width=340, height=190
        ).text

    assert "above 99: baseline 0.0 %, window 100.0 %" in drawn(profiles[1])
    assert "below 0: baseline 0.0 %, window 100.0 %" in drawn(profiles[2])
    assert "above 99" not in drawn(profiles[2])


def test_a_constant_and_nothing_at_all_can_be_drawn() -> None:
    for values in ([3.0] * 10, []):
        profile = profile_numbers(values, quantile_edges(values))
        drawing = number_pair(profile, None, label="x", names=("all", ""), about="it", width=340, height=190)
        assert drawing.text.startswith("<svg")
    rows = [Row(name="a", value=None), Row(name="b", value=0.0)]
    assert "–" in bar_rows(rows, label="x", about="both", width=340).text
    assert "rule" in interval_rows(rows, label="x", about="both", width=340, rule=0.5).text


def test_a_line_has_its_band_its_dots_and_what_they_are_held_against() -> None:
    points = [Point(x=x, y=0.5, low=0.4, high=0.6, about=f"point {x:g}") for x in (0.0, 1.0)]
    axis = Axis(label="share", low=0.0, high=1.0)
    drawing = line_chart(
        [Series(name="one", points=points)],
        x=axis,
        y=axis,
        about="a line",
        width=340,
        height=200,
        rules=[(0.8, "allowed"), (0.79, "wanted")],
        marks=[(0.5, "half")],
    ).text
    for part in ('class="band s1"', 'class="line s1"', "<title>point 1</title>", "allowed", "wanted", "half"):
        assert part in drawing
    lines = [
        float(y) for y, _ in re.findall(r'text-anchor="end"[^>]*y="([\d.]+)"[^>]*>(allowed|wanted)', drawing)
    ]
    lines = lines or [float(y) for y, _ in re.findall(r'y="([\d.]+)"[^>]*>(allowed|wanted)', drawing)]
    assert abs(lines[0] - lines[1]) > 12, "names of rules lie over each other"


@pytest.mark.parametrize(
    ("value", "text"), [(0.0, "0"), (-0.5, "-0.500"), (1e12, "1e+12"), (math.nan, "\u2013"), (42.0, "42")]
)
def test_numbers_are_written_as_people_read_them(value: float, text: str) -> None:
    assert short(value) == text
    assert percent(None) == "\u2013"
    assert tick_label(1e6) == "1M"
