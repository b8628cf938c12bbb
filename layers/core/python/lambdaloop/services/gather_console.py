"""Gathers what the console shows: the newest of everything that the registry, the live aliases and CloudWatch know."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Protocol

from lambdaloop.domain import console_snapshot as shown
from lambdaloop.domain.alias import CHAMPION
from lambdaloop.domain.decision import Decision
from lambdaloop.domain.experiment import ENDED, Arm, Experiment
from lambdaloop.domain.fleet import ModelState
from lambdaloop.domain.judgement_words import figures_of, newest_of_each_step, title_of
from lambdaloop.domain.release import OPEN_STATUSES, Release
from lambdaloop.domain.run import Run
from lambdaloop.domain.traffic import Routing
from lambdaloop.domain.version import Version
from lambdaloop.ports import (
    ApprovalLog,
    Clock,
    DecisionLog,
    ExperimentLog,
    FleetFigures,
    ReleaseLog,
    RunLog,
    Traffic,
    VersionRegistry,
    WindowLog,
)
from lambdaloop.services.drift_map import drift_map
from lambdaloop.services.observe_fleet import observe_fleet


class ConsoleRecords(
    RunLog, VersionRegistry, ReleaseLog, ExperimentLog, ApprovalLog, WindowLog, DecisionLog, Protocol
):
    """The registry, as far as the console reads it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsolePorts:
    """What the console needs from the world; it only reads."""

    records: ConsoleRecords
    traffic: Mapping[str, Traffic]
    """By model: all that are shown."""
    figures: FleetFigures
    clock: Clock


def gather_console(*, ports: ConsolePorts, place: str, reports: str | None = None) -> shown.ConsoleSnapshot:
    """Everything as it is now. BackendUnavailableError when a part of it cannot be read: no page is better than half of one."""
    names = sorted(ports.traffic)
    routings = {model: ports.traffic[model].routing() for model in names}
    # Only now: a clock that goes by the cloud's answers has heard one.
    records, now = ports.records, ports.clock.now()
    fleet = observe_fleet(
        names, versions=records, releases=records, windows=records, figures=ports.figures, at=now
    )
    alarms = _by_model(fleet.alarms, names)
    until = fleet.stretch.end
    return shown.ConsoleSnapshot(
        taken_at=now,
        place=place,
        reports=reports,
        models=tuple(
            _model(
                state,
                records,
                routing=routings[state.model],
                alarms=alarms[state.model],
                recent=shown.RecentTraffic(
                    until=until,
                    requests=state.traffic.requests,
                    client_errors=state.traffic.client_errors,
                    server_errors=state.traffic.server_errors,
                    latency_seconds=state.traffic.latency_seconds,
                ),
            )
            for state in fleet.models
        ),
        alarms=alarms[None],
    )


def _model(
    state: ModelState,
    records: ConsoleRecords,
    *,
    routing: Routing,
    alarms: tuple[str, ...],
    recent: shown.RecentTraffic,
) -> shown.ShownModel:
    model = state.model
    versions = records.versions(model)
    releases = records.releases(model, limit=shown.RELEASES)
    # The live one may be older than all of the newest.
    known = {each.lambda_version: each for each in (*releases, *state.releases) if each.lambda_version}
    asked = records.decisions(model, limit=shown.ASKED)
    metrics = {each.number: each.metric for each in versions}
    return shown.ShownModel(
        name=model,
        champion=records.alias(model, CHAMPION),
        traffic=_traffic(routing, known),
        recent=recent,
        alarms=alarms,
        versions=tuple(_version(each) for each in versions[: shown.VERSIONS]),
        releases=tuple(_release(each, records) for each in releases),
        runs=tuple(_run(each) for each in islice(records.runs(model), shown.RUNS)),
        experiments=tuple(_experiment(each) for each in records.experiments(model)[: shown.EXPERIMENTS]),
        drift=drift_map(records.windows(model, limit=shown.WINDOWS), metrics=metrics),
        decisions=tuple(_decision(each) for each in asked if not each.quiet)[: shown.DECISIONS],
        quiet_decisions=sum(each.quiet for each in asked),
        events=tuple(
            shown.ShownEvent(at=each.at, kind=each.kind, actor=each.actor, detail=each.detail)
            for each in records.events(model, limit=shown.EVENTS)
        ),
    )


def _traffic(routing: Routing, known: Mapping[str, Release]) -> tuple[shown.TrafficPart, ...]:
    shares = {routing.stable: 1.0 - routing.weight}
    if routing.candidate is not None:
        shares[routing.candidate] = routing.weight
    return tuple(_part(name, share, known.get(name)) for name, share in shares.items())


def _part(lambda_version: str, share: float, release: Release | None) -> shown.TrafficPart:
    pin = release.experiment if release else None
    return shown.TrafficPart(
        lambda_version=lambda_version,
        share=round(share, 4),
        release=release.number if release else None,
        version=release.version if release else None,
        arms=tuple(Arm(name=arm.name, version=arm.version, share=arm.share) for arm in pin.arms)
        if pin
        else (),
    )


def _version(version: Version) -> shown.ShownVersion:
    return shown.ShownVersion(
        number=version.number,
        task=version.task,
        estimator=version.estimator,
        parameters=version.parameters,
        metric=version.metric,
        metrics=version.metrics,
        gate=version.gate,
        rows=version.rows,
        captured_rows=version.trained_on.captured if version.trained_on else None,
        runtime=version.runtime.name if version.runtime else None,
        digest=version.digest,
        run=version.run,
        created_at=version.created_at,
        created_by=version.created_by,
    )


def _release(release: Release, records: ApprovalLog) -> shown.ShownRelease:
    approval = records.approval(release.model, release.number) if release.status in OPEN_STATUSES else None
    return shown.ShownRelease(
        number=release.number,
        version=release.version,
        status=release.status,
        lambda_version=release.lambda_version,
        requested_by=release.requested_by,
        reason=release.reason,
        steps=tuple(step.percent for step in release.rules.plan),
        experiment=_experiment_of(release),
        approval=approval.status if approval else None,
        judgements=tuple(
            shown.ShownJudgement(
                title=title_of(each),
                at=each.at,
                weight=each.weight,
                verdict=each.verdict,
                reasons=each.reasons,
                figures=tuple(figures_of(each)),
            )
            for each in newest_of_each_step(release.judgements)
        ),
        created_at=release.created_at,
        live_at=release.live_at,
        closed_at=release.closed_at,
        outcome=release.outcome,
    )


def _experiment_of(release: Release) -> str | None:
    if release.experiment:
        return release.experiment.id
    return release.share.experiment if release.share else None


def _run(run: Run) -> shown.ShownRun:
    return shown.ShownRun(
        id=run.id,
        status=run.status,
        reason=run.reason,
        requested_by=run.requested_by,
        started_at=run.started_at,
        finished_at=run.finished_at,
        version=run.version,
        captured=run.captured,
    )


def _experiment(experiment: Experiment) -> shown.ShownExperiment:
    rules = experiment.rules
    return shown.ShownExperiment(
        id=experiment.id,
        status=experiment.status,
        under_way=experiment.status not in ENDED,
        assignment=experiment.assignment,
        arms=experiment.arms,
        outcome=rules.outcome,
        design=rules.design,
        policy=rules.policy,
        smallest_effect=rules.smallest_effect,
        requested_by=experiment.requested_by,
        reason=experiment.reason,
        created_at=experiment.created_at,
        started_at=experiment.started_at,
        ended_at=experiment.ended_at,
        verdict=experiment.verdict,
        conclusion=experiment.conclusion,
        winner=experiment.winner,
        look=experiment.looks[-1] if experiment.looks else None,
    )


def _decision(decision: Decision) -> shown.ShownDecision:
    return shown.ShownDecision(
        id=decision.id,
        at=decision.at,
        cause=decision.cause,
        requested_by=decision.requested_by,
        retrain=decision.retrain,
        storm=decision.storm,
        reason=decision.reason,
        checks=decision.checks,
        run=decision.run,
    )


def _by_model(alarms: Sequence[str], models: Sequence[str]) -> dict[str | None, tuple[str, ...]]:
    """An alarm is named after its model; of two names that fit, the longer one: churn-eu is not a part of churn."""
    found: dict[str | None, list[str]] = {None: [], **{model: [] for model in models}}
    for alarm in alarms:
        named = alarm.partition("-")[2]  # before it are the product and, perhaps, the stage
        fitting = [model for model in models if named.startswith(f"{model}-")]
        found[max(fitting, key=len, default=None)].append(alarm)
    return {model: tuple(names) for model, names in found.items()}
