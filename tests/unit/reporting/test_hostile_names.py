"""Whatever users call their features, reasons and arms, a page stays the page it is."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from lambdaloop.domain.approval import ReleaseApproval
from lambdaloop.domain.baseline import Baseline
from lambdaloop.domain.experiment import Arm, ArmFigures, Contrast, Experiment, ExperimentRules, Look
from lambdaloop.domain.gate import ChampionScore, GateCheck
from lambdaloop.domain.holdout_findings import (
    Group,
    GroupComparison,
    HoldoutFindings,
    HoldoutSlice,
    Importance,
    Polyline,
)
from lambdaloop.domain.outcomes import Estimate, NumberOutcomes, Spread, Sums
from lambdaloop.domain.profile import CategoryProfile, Profile
from lambdaloop.domain.release import Judgement, Release
from lambdaloop.domain.splitting import Split
from lambdaloop.domain.training_report import TrainingReport, TriedCandidate
from lambdaloop.domain.version import Version
from lambdaloop.domain.window import ColumnDrift, DriftReport, Performance, WindowReport
from lambdaloop.reporting.drift_report import WindowPage, drift_report
from lambdaloop.reporting.experiment_report import ExperimentPage, experiment_report
from lambdaloop.reporting.model_card import ModelCard, model_card
from lambdaloop.reporting.release_report import ReleasePage, release_report
from tests.fakes.samples import MODEL, MORNING, draft, rules, run
from tests.unit.reporting.test_markup import Reader

HOSTILE = (
    "<script>alert(1)</script>",
    "\"'><img src=//evil.example/x onerror=alert(1)>",
    "</title></style></svg><iframe src=//evil.example>",
    "{{7*7}}${7*7}<a href=javascript:alert(1)>",
)
OURS = frozenset(
    [
        "html",
        "head",
        "meta",
        "title",
        "style",
        "body",
        "div",
        "header",
        "p",
        "h1",
        "h2",
        "h3",
        "dl",
        "dt",
        "dd",
        "nav",
        "ul",
        "li",
        "a",
        "main",
        "section",
        "footer",
        "span",
        "strong",
        "br",
        "code",
        "i",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "details",
        "summary",
        "figure",
        "figcaption",
        "svg",
        "g",
        "path",
        "rect",
        "circle",
        "line",
        "text",
    ]
)
SURE = Estimate(value=0.5, low=0.4, high=0.6)
HOUR = timedelta(hours=1)


def card(name: str) -> str:
    made: Version = Version(
        number=1,
        created_at=MORNING,
        created_by=name,
        **{
            each: getattr(draft(), each)
            for each in draft().__dataclass_fields__
            if each not in ("parameters", "estimator")
        },
        estimator=name,
        parameters={name: name},
    )
    found = HoldoutFindings(
        rows=100,
        metrics={"roc_auc": SURE, name: SURE},
        roc={name: Polyline(x=(0.0, 1.0), y=(0.0, 1.0)), "b": Polyline(x=(0.0, 1.0), y=(0.0, 1.0))},
        base_rates={name: 0.01, "b": 0.99},
        confusion=((1, 2), (3, 4)),
        importance=(Importance(feature=name, drop=0.1, deviation=0.01),),
        slices=(
            HoldoutSlice(feature=name, value=name, rows=50, metric=Estimate(value=0.1, low=0.0, high=0.2)),
        ),
        groups=(
            GroupComparison(
                feature=name,
                groups=(Group(value=name, rows=5, figures={"accuracy": SURE}),),
                gaps={"accuracy": 0.3},
            ),
        ),
    )
    report = TrainingReport(
        model=MODEL,
        metric="roc_auc",
        candidates=(TriedCandidate(name=name, estimator=name, score=0.9, score_std=0.1, seconds=1.0),),
        winner=name,
        holdout={"roc_auc": 0.9},
        split=Split(kind="hash", fraction=0.2, key_columns=(name,)),
        champion=ChampionScore(version=1, value=None, problem=name),
        gate=(GateCheck(name=name, metric=name, value=1.0, limit=None, passed=False, reason=name),),
        findings=found,
    )
    baseline = Baseline(profile=profile(name), outcomes=NOTHING)
    of_run = replace(run(), reason=name, requested_by=name)
    return model_card(
        ModelCard(version=made, report=report, baseline=baseline, run=of_run), written_at=MORNING
    )


NOTHING = NumberOutcomes(rows=0.0, absolute=Sums(), squared=Sums(), actual=Spread())


def profile(name: str) -> Profile:
    column = CategoryProfile(categories=(name, "b"), counts=(5, 5), missing=1)
    return Profile(rows=11, features={name: column}, prediction=column)


def drift(name: str) -> str:
    column = ColumnDrift(status="drift", method="psi", distance=0.4, threshold=0.1, problem=name)
    found = DriftReport(
        status="drift", rows=100, share=1.0, features={name: column}, predictions={"prediction": column}
    )
    shown = Performance(rows=50, metrics={"roc_auc": SURE}, drop=0.1)
    report = WindowReport(
        model=MODEL,
        start=MORNING - HOUR,
        end=MORNING,
        status="drift",
        reason=name,
        release=1,
        version=1,
        drift=found,
        performance=shown,
        segments={name: found},
        segment_performance={name: shown},
        notes=(name,),
    )
    page = WindowPage(
        report=report,
        history=[replace(report, end=MORNING - HOUR), report],
        metric="roc_auc",
        holdout={"roc_auc": SURE},
        baseline=profile(name),
        current=profile(name),
    )
    return drift_report(page, written_at=MORNING)


def release(name: str) -> str:
    judged = tuple(
        Judgement(
            at=MORNING + step * HOUR,
            step=step,
            weight=0.5,
            verdict="hold",
            reasons=(name,),
            numbers={"requests": 10.0, "error_rate": 0.1, f"disagreement of arm {name}": 0.5},
        )
        for step in (0, 1)
    )
    record = Release(
        number=2,
        model=MODEL,
        version=1,
        status="rolled_back",
        execution=name,
        requested_by=name,
        reason=name,
        created_at=MORNING - HOUR,
        previous_lambda_version=name,
        first=False,
        rules=rules(alarms=[name]),
        judgements=judged,
        closed_at=MORNING + 2 * HOUR,
        outcome=name,
    )
    consent = ReleaseApproval(
        model=MODEL,
        release=2,
        requested_by=name,
        asked_at=MORNING,
        expires_at=MORNING + HOUR,
        token="a token that must stay secret",
        decided_by=name,
        reason=name,
    )
    return release_report(ReleasePage(release=record, approval=consent), written_at=MORNING)


def experiment(name: str) -> str:
    arms = (Arm(name="old", version=1, share=5000), Arm(name=name, version=2, share=5000))
    figures = {arm.name: ArmFigures(units=10, measured=9, total=5.0, squares=4.0) for arm in arms}
    looks = [
        Look(
            at=MORNING + hour * HOUR,
            verdict="undecided",
            reason=name,
            figures=figures,
            sample_ratio_p=0.5,
            contrasts=(Contrast(arm=name, difference=0.1, low=0.0, high=0.2),),
        )
        for hour in range(3)
    ]
    record = Experiment(
        id=name,
        model=MODEL,
        status="stopped",
        arms=arms,
        salt=name,
        namespace=name,
        first_bucket=0,
        buckets=10_000,
        rules=ExperimentRules(outcome="correct", smallest_effect=0.1),
        requested_by=name,
        reason=name,
        created_at=MORNING,
        conclusion=name,
        winner=name,
    )
    return experiment_report(ExperimentPage(experiment=record, looks=looks), written_at=MORNING)


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("page", [card, drift, release, experiment])
def test_a_hostile_name_is_shown_and_does_nothing(page: Any, name: str) -> None:
    html = page(name)
    read = Reader(html)
    assert {tag for tag, _ in read.tags} <= OURS
    for _, attributes in read.tags:
        assert not [each for each in attributes if each.startswith("on") or each in ("src", "style")]
        assert (attributes.get("href") or "#").startswith("#")
    assert name in read.text
    assert "a token that must stay secret" not in html


@pytest.mark.parametrize("page", [card, drift, release, experiment])
def test_a_page_lets_a_browser_load_nothing(page: Any) -> None:
    policies = [
        attributes["content"]
        for tag, attributes in Reader(page("plain")).tags
        if tag == "meta" and attributes.get("http-equiv") == "Content-Security-Policy"
    ]
    assert len(policies) == 1
    assert str(policies[0]).startswith("default-src 'none'; style-src 'sha256-")
