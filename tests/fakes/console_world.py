"""Models in memory for the console to show: one in trouble with everything in progress, one calm, one new. Names are as bad as names can be."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, cast

from lambdaloop.domain.console_snapshot import ConsoleSnapshot
from lambdaloop.domain.documents import Document
from lambdaloop.domain.experiment import ArmFigures, Contrast, Look
from lambdaloop.domain.experiment_life import Change
from lambdaloop.domain.fleet import ModelTraffic
from lambdaloop.domain.outcomes import Estimate
from lambdaloop.domain.release import Judgement, Release
from lambdaloop.domain.window import ColumnDrift, DriftReport, Performance
from lambdaloop.services.gather_console import ConsolePorts, ConsoleRecords, gather_console
from tests.fakes.fleet import FakeFleet
from tests.fakes.governed_model import GovernedModel, in_production
from tests.fakes.samples import MODEL
from tests.fakes.traffic import InMemoryTraffic

HOSTILE = '</script><script>document.title="taken"</script><img src=x onerror="document.title=\'taken\'">'
BACKWARDS = "age\u202egnitteg"
"""Shown in another order than it is written."""
FEATURES = ("age", "monthly_charge", "plan", HOSTILE, BACKWARDS, "tenure_months", "support_calls", "region")
WINDOWS = 24


def busy() -> GovernedModel:
    """It drifted for hours, was trained again, and its new version has a part of the traffic."""
    model = GovernedModel()
    model.train("registered", name="first")
    model.release(1, lives=None)
    model.registry.close_release(_published(model, "2"), outcome="fine", at=model.clock.now())
    model.pass_hours(31 * 24)
    for hour in range(WINDOWS):
        _watch(model, hour)
    model.train("registered")
    model.release(2, lives=None)
    model.registry.record_judgement(_published(model, "3"), _judgement(model.clock.now()))
    return model


def trying() -> GovernedModel:
    """Two versions answer side by side."""
    model = in_production()
    model.train("registered", name="second")
    model.experiment(challenger=2)
    before = model.registry.current_experiment(MODEL)
    change = Change(
        experiment=replace(before, looks=(_look(model.clock.now()),), revision=before.revision + 1),
        kind="experiment_looked",
        why="an hour passed",
        at=model.clock.now(),
    )
    model.registry.record_experiment(before, change, by="lambdaloop")
    return model


def snapshot_of(
    model: GovernedModel,
    *,
    name: str = MODEL,
    figures: FakeFleet | None = None,
    traffic: InMemoryTraffic | None = None,
    reports: str | None = None,
    beside: Sequence[str] = (),
) -> ConsoleSnapshot:
    """What the console would be told, under another name if there is one; `beside` it other models that are new."""
    found = gather_console(
        ports=ConsolePorts(
            records=cast("ConsoleRecords", model.registry),
            traffic={MODEL: traffic or routed({"1": 1.0})} | {each: routed({"1": 1.0}) for each in beside},
            figures=figures or FakeFleet(churn=ModelTraffic(requests=4210.0)),
            clock=model.clock,
        ),
        place="eu-central-1",
        reports=reports,
    )
    return replace(
        found,
        models=tuple(replace(each, name=name) if each.name == MODEL else each for each in found.models),
    )


def routed(shares: Mapping[str, float]) -> InMemoryTraffic:
    """An inference function whose live alias shares its requests like this, the stable version first."""
    traffic = InMemoryTraffic()
    traffic.versions |= dict.fromkeys(shares)
    stable, *candidates = shares
    candidate = candidates[0] if candidates else None
    weight = shares[candidate] if candidate else 0.0
    traffic.route(traffic.routing(), stable=stable, candidate=candidate, weight=weight)
    return traffic


def whole_console(*, reports: str | None = None) -> ConsoleSnapshot:
    """All three."""
    figures = FakeFleet(
        alarms=[f"lambdaloop-{MODEL}-live-errors", f"lambdaloop-{MODEL}-drift"],
        churn=ModelTraffic(
            requests=18_231.0, server_errors=42.0, latency_seconds={"p50": 0.011, "p95": 0.0384}
        ),
    )
    found = snapshot_of(busy(), figures=figures, traffic=routed({"2": 0.9, "3": 0.1}), reports=reports)
    others = (
        snapshot_of(trying(), name="retention"),
        snapshot_of(GovernedModel(), name="a-model-that-has-a-rather-long-name-and-nothing-else"),
    )
    return replace(found, models=(*found.models, *(model for each in others for model in each.models)))


def _published(model: GovernedModel, lambda_version: str) -> Release:
    newest = model.registry.releases(MODEL)[0]
    found: Release = model.registry.record_publication(
        newest, lambda_version=lambda_version, at=model.clock.now()
    )
    return found


def _watch(model: GovernedModel, hour: int) -> Document:
    gone = max(0.0, hour - WINDOWS / 2)
    features = {
        name: _column(0.05 + 0.02 * ((place * 7 + hour * 3) % 5) + gone * 0.09 * max(0, 4 - place))
        for place, name in enumerate(FEATURES)
        if (hour, name) != (3, "plan")
    }
    drifted = sum(each.status == "drift" for each in features.values())
    report = DriftReport(
        status="drift" if drifted > 2 else "ok",
        rows=5120,
        share=drifted / len(features),
        features=features,
        predictions={},
    )
    quality = 0.84 - 0.006 * gone
    return model.watch(
        report.status,
        drift=report,
        reason=f"{drifted} of {len(features)} features drifted",
        performance=Performance(
            rows=900,
            metrics={"roc_auc": Estimate(value=quality, low=quality - 0.02, high=quality + 0.02)},
            drop=0.006 * gone,
        )
        if hour != 7
        else None,
        estimated=Performance(rows=5120, metrics={"roc_auc": Estimate(value=quality + 0.004)}),
        labels=80,
    )


def _column(distance: float) -> ColumnDrift:
    status: Any = "drift" if distance > 0.2 else "ok"
    return ColumnDrift(status=status, method="psi", distance=distance, threshold=0.2)


def _judgement(at: datetime) -> Judgement:
    return Judgement(
        at=at,
        step=0,
        weight=0.1,
        verdict="advance",
        reasons=("204 requests, none failed", HOSTILE),
        numbers={"requests": 204.0, "error_rate": 0.0, "champion_error_rate": 0.0012, "p95_latency_ms": 38.4},
    )


def _look(at: datetime) -> Look:
    return Look(
        at=at,
        verdict="undecided",
        reason="b is between 0.4 percentage points worse and 2.1 better",
        figures={
            "control": ArmFigures(units=4021, measured=3650, total=2263.0, squares=2263.0, requests=9000),
            "b": ArmFigures(
                units=3988, measured=3601, total=2282.0, squares=2282.0, requests=8800, failures=3
            ),
        },
        sample_ratio_p=0.71,
        contrasts=(Contrast(arm="b", difference=0.0137, low=-0.0041, high=0.0212),),
    )
