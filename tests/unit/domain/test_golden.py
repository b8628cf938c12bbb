import math

import pytest

from lambdaloop.domain.definition import Label
from lambdaloop.domain.errors import ParityError
from lambdaloop.domain.golden import Answer, GoldenOutput, GoldenRows, worst_difference


def classified(p: float, *, value: Label = "yes") -> GoldenRows:
    output = GoldenOutput(value=value, probabilities={"no": 1 - p, "yes": p}, margin=abs(2 * p - 1))
    return GoldenRows(rows=({"age": 1},), outputs=(output,))


def answer(p: float, value: Label = "yes") -> list[Answer]:
    return [Answer(value=value, probabilities={"no": 1 - p, "yes": p})]


def test_the_greatest_difference_of_a_probability_is_reported() -> None:
    assert worst_difference(classified(0.75), answer(0.75)) == 0.0
    assert worst_difference(classified(0.75), answer(0.75 + 1e-8)) == pytest.approx(1e-8)


def test_a_probability_beyond_the_tolerance_is_no_parity() -> None:
    with pytest.raises(ParityError, match=r"golden row 0: .*off by 2e-06, allowed 1e-06"):
        worst_difference(classified(0.75), answer(0.750002))


def test_another_label_is_no_parity_even_with_equal_probabilities() -> None:
    with pytest.raises(ParityError, match="expected label 'yes'"):
        worst_difference(classified(0.75), answer(0.75, "no"))


def test_another_label_is_allowed_at_a_tie() -> None:
    assert worst_difference(classified(0.5 + 1e-8), answer(0.5 - 1e-8, "no")) < 1e-6


def test_a_label_of_another_type_is_another_label() -> None:
    with pytest.raises(ParityError, match="expected label 1"):
        worst_difference(classified(0.9, value=1), answer(0.9, True))


def test_not_a_number_is_no_parity() -> None:
    with pytest.raises(ParityError, match="off by nan"):
        worst_difference(classified(0.75), answer(math.nan))
    with pytest.raises(ParityError, match="off by nan"):
        worst_difference(regressed(1.0), [Answer(value=math.nan)])


def test_missing_probabilities_or_answers_are_no_parity() -> None:
    with pytest.raises(ParityError, match="expected probabilities of no, yes, got None"):
        worst_difference(classified(0.75), [Answer(value="yes")])
    with pytest.raises(ParityError, match="1 golden rows got 0 answers"):
        worst_difference(classified(0.75), [])


def regressed(value: float) -> GoldenRows:
    return GoldenRows(rows=({"age": 1},), outputs=(GoldenOutput(value=value),))


def test_numbers_are_compared_relative_to_their_size() -> None:
    assert worst_difference(regressed(1e9), [Answer(value=1e9 + 100)]) == pytest.approx(1e-7)
    with pytest.raises(ParityError, match="off by"):
        worst_difference(regressed(1e9), [Answer(value=1e9 + 10_000)])
    with pytest.raises(ParityError, match="off by"):
        worst_difference(regressed(0.001), [Answer(value=0.001003)])
    with pytest.raises(ParityError, match="expected a number"):
        worst_difference(regressed(1.0), [Answer(value="1.0")])


def test_golden_rows_survive_json_bit_for_bit() -> None:
    golden = classified(0.1 + 0.2)
    assert GoldenRows.from_json(golden.to_json()) == golden
