import pytest

from scripts.benchmarks.memory_growth import Sample, growth


def test_what_happened_before_everything_was_warm_does_not_count() -> None:
    samples = [Sample(0.0, 1), *(Sample(float(second), 1000 + 2 * second) for second in range(60, 121, 10))]
    found = growth(samples, warm_after=60)
    assert (found.first.resident_bytes, found.last.resident_bytes) == (1120, 1240)
    assert found.bytes_per_minute == pytest.approx(120)


def test_one_high_value_at_the_end_is_not_taken_for_growth() -> None:
    samples = [Sample(float(second), 1000) for second in range(600)] + [Sample(600.0, 1600)]
    assert growth(samples, warm_after=0).bytes_per_minute < 1


def test_too_short_a_measurement_says_nothing() -> None:
    with pytest.raises(ValueError, match="1 samples after 60 s, at least 2 are needed"):
        growth([Sample(10.0, 1), Sample(70.0, 1)], warm_after=60)
