import json

from lambdaloop.domain.documents import to_document
from lambdaloop.domain.judgement_history import MAX_BYTES, with_judgement
from lambdaloop.domain.release import Judgement, Verdict
from tests.fakes.samples import MORNING


def judgement(number: int, verdict: Verdict = "hold", *, numbers: int = 30, reasons: int = 1) -> Judgement:
    return Judgement(
        at=MORNING,
        step=number,
        weight=0.1,
        verdict=verdict,
        reasons=tuple("x" * 500 for _ in range(reasons)),
        numbers={f"a_number_of_its_own_{place}": 0.123456789012 for place in range(numbers)},
    )


def size(judgements: tuple[Judgement, ...]) -> int:
    return len(json.dumps([to_document(one) for one in judgements]))


def test_few_judgements_are_kept_whole() -> None:
    kept: tuple[Judgement, ...] = ()
    for number in range(20):
        kept = with_judgement(kept, judgement(number))
    assert kept == tuple(judgement(number) for number in range(20))


def test_a_release_that_is_held_again_and_again_stays_small_and_keeps_the_newest_numbers() -> None:
    kept: tuple[Judgement, ...] = (judgement(0, "advance"),)
    for number in range(1, 300):
        kept = with_judgement(kept, judgement(number, reasons=4))
        assert size(kept) < 1.05 * MAX_BYTES
    assert kept[-1] == judgement(299, reasons=4)
    assert len(kept) > 50
    assert kept[0].verdict == "advance"
    assert kept[0].numbers == {}


def test_even_judgements_that_are_no_holds_make_room() -> None:
    kept: tuple[Judgement, ...] = ()
    for number in range(100):
        kept = with_judgement(kept, judgement(number, "advance", reasons=20))
    assert size(kept) < 1.05 * MAX_BYTES
    assert kept[-1].step == 99
