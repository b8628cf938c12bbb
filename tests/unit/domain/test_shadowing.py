"""A new version passes its shadow stage on evidence: enough copies, answered, and not beyond doubt another opinion."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from lambdaloop.domain.prediction_id import new_prediction_id
from lambdaloop.domain.release import Judgement
from lambdaloop.domain.release_rules import longest_release, slice_seconds, slices_of
from lambdaloop.domain.releasing_rules import ReleaseRules, Shadow
from lambdaloop.domain.replay import wilson_low
from lambdaloop.domain.shadowing import SegmentFigures, ShadowFigures, is_copied, judge_shadow
from tests.fakes.samples import MORNING, definition, rules


def shadowed(**shadow: Any) -> ReleaseRules:
    return rules(shadow={"seconds": 1800, "min_rows": 100, **shadow}, max_holds=2)


def figures(
    copies: int = 60,
    failures: int = 0,
    differing: int = 0,
    segments: Mapping[str, SegmentFigures] | None = None,
) -> ShadowFigures:
    pairs = copies - failures
    return ShadowFigures(
        copies=copies,
        failures=failures,
        pairs=pairs,
        disagreement=differing / pairs if pairs else None,
        disagreement_low=wilson_low(differing, pairs) if pairs else None,
        p50_latency_ms=5.0,
        p95_latency_ms=9.0,
        segments=segments or {},
    )


def judged(*slices: ShadowFigures, comparison: float | None = None, **shadow: Any) -> Judgement:
    """The judgement after all of these slices."""
    before: list[Judgement] = []
    for number, each in enumerate(slices):
        judgement = judge_shadow(
            rules=shadowed(**shadow),
            comparison=comparison,
            before=before,
            number=number,
            figures=each,
            at=MORNING + timedelta(seconds=900 * number),
        )
        before.append(judgement)
    return before[-1]


class TestVerdicts:
    def test_it_goes_on_until_the_last_slice_and_then_advances(self) -> None:
        assert judged(figures()).verdict == "hold"
        last = judged(figures(), figures())
        assert (last.kind, last.verdict, last.step, last.weight) == ("shadow", "advance", 1, 0.0)
        assert last.reasons == (
            "120 copies of live requests answered within the limits, 0 of them not at all",
        )

    def test_too_few_copies_are_waited_for_a_bounded_number_of_times(self) -> None:
        few = [figures(copies=10)] * 5
        assert [judged(*few[: n + 1]).verdict for n in range(4)] == ["hold", "hold", "hold", "roll_back"]
        assert "40 copies of live requests, wanted at least 100" in judged(*few[:4]).reasons

    def test_copies_that_come_late_are_enough(self) -> None:
        assert judged(figures(copies=10), figures(copies=10), figures(copies=90)).verdict == "advance"

    def test_no_traffic_at_all_is_no_success(self) -> None:
        assert judged(*[figures(copies=0)] * 4).verdict == "roll_back"

    def test_unanswered_copies_end_it_at_once(self) -> None:
        judgement = judged(figures(copies=60, failures=6))
        assert judgement.verdict == "roll_back"
        assert judgement.reasons == ("6 of 60 copies were not answered, allowed is a rate of 0.01",)

    def test_a_single_failure_among_many_is_within_doubt(self) -> None:
        assert judged(figures(copies=150, failures=1), figures(copies=150)).verdict == "advance"

    def test_another_opinion_beyond_doubt_ends_it_at_once(self) -> None:
        judgement = judged(figures(copies=100, differing=50))
        assert judgement.verdict == "roll_back"
        assert "disagreement with the version before is 0.5" in judgement.reasons[0]

    def test_another_opinion_within_doubt_does_not(self) -> None:
        assert judged(figures(copies=100, differing=22)).verdict == "hold"

    def test_slices_are_judged_together(self) -> None:
        """25 of 100 are within doubt of the limit of 0.2; 100 of 400 are not."""
        assert [judged(*[figures(copies=100, differing=25)] * n, seconds=7200).verdict for n in (1, 4)] == [
            "hold",
            "roll_back",
        ]

    def test_versions_that_disagreed_in_training_may_disagree_here(self) -> None:
        assert judged(figures(copies=100, differing=50), comparison=0.4).verdict == "hold"


class TestSlices:
    @pytest.mark.parametrize(
        ("seconds", "slices", "each"), [(60, 1, 60), (901, 2, 451), (3600, 4, 900), (14 * 86_400, 24, 50_400)]
    )
    def test_the_stage_is_cut_into_few_enough(self, seconds: int, slices: int, each: int) -> None:
        shadow = Shadow(seconds=seconds)
        assert (slices_of(shadow), slice_seconds(shadow)) == (slices, each)
        assert slices * each >= seconds

    def test_the_workflow_may_last_that_much_longer(self) -> None:
        plain, longer = rules(max_holds=2), shadowed()
        assert longest_release(longer) - longest_release(plain) == timedelta(seconds=900 * (2 + 2))

    def test_and_through_the_longest_silence(self) -> None:
        asked = rules(approval={"expires_hours": 48, "remind_hours": 4})
        assert longest_release(asked) - longest_release(rules()) == timedelta(hours=48)


def test_the_share_of_copies_is_the_one_asked_for_and_always_the_same() -> None:
    ids = [new_prediction_id(MORNING) for _ in range(4000)]
    copied = {each for each in ids if is_copied(each, release=3, share=0.25)}
    assert 850 < len(copied) < 1150
    assert copied == {each for each in ids if is_copied(each, release=3, share=0.25)}
    assert all(is_copied(each, release=3, share=1.0) for each in ids)


def test_the_record_keeps_the_segments_with_the_most_copies() -> None:
    part = {
        f"plan={n}": SegmentFigures(
            copies=n, failures=0, disagreement=0.1, p50_latency_ms=4.0, p95_latency_ms=6.0
        )
        for n in range(30)
    }
    numbers = judged(figures(copies=60, segments=part)).numbers
    assert numbers["plan=29 copies"] == 29
    assert "plan=19 copies" not in numbers
    assert len(numbers) == 7 + 10 * 4


def test_a_definition_whose_log_does_not_keep_whole_requests_cannot_copy_them() -> None:
    whole = definition(shadow={"seconds": 1800})
    with pytest.raises(ValueError, match=r"does not keep plan: add them to serving.capture"):
        replace(whole, serving=replace(whole.serving, capture=("age",)))
