from dataclasses import replace

import pytest

from lambdaloop.domain.gate import ChampionScore
from lambdaloop.domain.holdout_findings import Group, GroupComparison, HoldoutFindings, HoldoutSlice
from lambdaloop.domain.outcomes import Estimate
from lambdaloop.domain.splitting import Split
from lambdaloop.domain.training_report import TrainingReport
from lambdaloop.domain.version import TrainedOn, Version
from lambdaloop.reporting.limitations import limitations
from tests.fakes.registry import InMemoryRegistry
from tests.fakes.samples import MODEL, MORNING, draft, run

WHOLE = Estimate(value=0.8, low=0.75, high=0.85)
SOUND = HoldoutFindings(
    rows=1000,
    metrics={"roc_auc": WHOLE, "calibration_error": Estimate(value=0.02, low=0.0, high=0.05)},
    base_rates={"no": 0.7, "yes": 0.3},
)


@pytest.fixture
def version() -> Version:
    registry = InMemoryRegistry()
    registry.start_run(run())
    return registry.register_version(draft(), by="train", at=MORNING)


def told(version: Version, findings: HoldoutFindings = SOUND, **changes: object) -> str:
    report = TrainingReport(
        model=MODEL,
        metric="roc_auc",
        candidates=(),
        winner="linear",
        holdout={"roc_auc": 0.8},
        split=Split(kind="time", fraction=0.2, key_columns=()),
        champion=ChampionScore(version=1, value=0.7),
        findings=findings,
    )
    return "\n".join(limitations(version, replace(report, **changes)))  # type: ignore[arg-type]


def groups(*shares: tuple[float, float, float], rows: int = 100) -> GroupComparison:
    return GroupComparison(
        feature="plan",
        groups=tuple(
            Group(value=str(i), rows=rows, figures={"selection_rate": Estimate(value=v, low=low, high=high)})
            for i, (v, low, high) in enumerate(shares)
        ),
        gaps={"selection_rate": max(v for v, *_ in shares) - min(v for v, *_ in shares)},
    )


def test_a_sound_version_has_only_what_no_number_can_tell(version: Version) -> None:
    assert len(told(version).splitlines()) == 2


def test_a_difference_between_groups_counts_beyond_their_intervals_only(version: Version) -> None:
    apart = groups((0.2, 0.15, 0.25), (0.5, 0.45, 0.55))
    near = groups((0.2, 0.05, 0.45), (0.5, 0.35, 0.65))
    few = groups((0.2, 0.15, 0.25), (0.5, 0.45, 0.55), rows=20)
    assert "differ, beyond their 95 % intervals, in selection rate by 30.0 %" in told(
        version, replace(SOUND, groups=(apart,))
    )
    for comparison in (near, few):
        assert "differ" not in told(version, replace(SOUND, groups=(comparison,)))


def test_a_slice_is_worse_when_its_whole_interval_is(version: Version) -> None:
    def part(value: str, high: float, rows: int = 50) -> HoldoutSlice:
        return HoldoutSlice(
            feature="age", value=value, rows=rows, metric=Estimate(value=0.6, low=0.5, high=high)
        )

    text = told(
        version, replace(SOUND, slices=(part("young", 0.7), part("grown up", 0.9), part("rare", 0.7, 9)))
    )
    assert "worse than on the whole, beyond the 95 % interval, for: age young (0.600)" in text
    assert "grown up" not in text
    assert "1 slice of the holdout has fewer than 30 rows" in text


def test_small_holdouts_rare_classes_and_wrong_probabilities_are_said(version: Version) -> None:
    poor = replace(
        SOUND,
        rows=90,
        base_rates={"no": 0.98, "yes": 0.02},
        metrics={"roc_auc": WHOLE, "calibration_error": Estimate(value=0.2, low=0.1, high=0.3)},
    )
    text = told(version, poor)
    assert "only 90 rows: with 95 % certainty ROC AUC is 0.750 to 0.850" in text
    assert "Rare classes, of which it could learn little: yes (2.0 %)" in text
    assert "off by 0.200 on average, more than chance explains" in text


def test_what_is_not_known_is_said(version: Version) -> None:
    assert "There was no champion" in told(version, champion=None)
    assert "may be unfair: it saw them" in told(
        version, champion=ChampionScore(version=1, value=0.7, doubt="it saw them")
    )
    assert "cannot be read" in "\n".join(limitations(version, None))
    refitted = replace(
        version, trained_on=TrainedOn(uploaded=1, captured=2, captured_until=MORNING, refitted=True)
    )
    assert "knows nothing that was labelled after 2026-03-02 09:00 UTC" in told(refitted)
    assert "fitted anew on all rows" in told(refitted)
