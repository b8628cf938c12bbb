"""One look at the running experiment: reads what came in, counts, judges, keeps the look and tells people of news."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from lambdaloop.domain.capture_layout import hour_of
from lambdaloop.domain.definition import ModelDefinition
from lambdaloop.domain.errors import ExperimentChangedError
from lambdaloop.domain.experiment import ArmFigures, Experiment, Look, Verdict
from lambdaloop.domain.experiment_layout import look_key
from lambdaloop.domain.experiment_life import looked
from lambdaloop.domain.experiment_request import whole_percents
from lambdaloop.domain.experiment_stretches import Stretch, stretches_of
from lambdaloop.experimentation.evaluation import evaluate, is_beyond_chance, overdue
from lambdaloop.experimentation.figures import gather_units, periods_of
from lambdaloop.experimentation.periods import Period
from lambdaloop.experimentation.thompson import allocate
from lambdaloop.ports import (
    CaptureArchive,
    Clock,
    DatasetStore,
    ExperimentLog,
    ExperimentMetrics,
    FailedRequests,
    Leases,
    Notices,
    ReleaseLog,
)
from lambdaloop.services.advance_experiment import Order
from lambdaloop.services.archived_documents import save_record
from lambdaloop.services.place_exposures import place_exposures
from lambdaloop.services.read_exposures import ExposureReader, ReadingBounds

LEASE = "experiment"
LEASE_SECONDS = 960
"""Longer than a Lambda function may run: who holds the lease is alive, and a dead run can write nothing after it ends."""
_EVALUATION = "evaluation"
_TRIES = 5
_SHARES_SECONDS = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationPorts:
    """What a look needs from the world."""

    releases: ReleaseLog
    experiments: ExperimentLog
    archive: CaptureArchive
    datasets: DatasetStore
    failures: FailedRequests
    leases: Leases
    metrics: ExperimentMetrics
    notices: Notices
    clock: Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """What came of a look."""

    experiment: Experiment
    look: Look
    left: int
    """Sources that are left to read."""
    order: Order | None
    """What shall follow."""


def evaluate_experiment(
    definition: ModelDefinition,
    *,
    at: datetime,
    owner: str,
    ports: EvaluationPorts,
    bounds: ReadingBounds | None = None,
) -> Evaluation | None:
    """A look at what was predicted before the last whole hour; None where no experiment runs.

    Looking again at the same time gives the same look, but for labels that came meanwhile. `owner` is the execution that
    asks. LeaseHeldError while another one is at work: then nothing is done.
    """
    model = definition.name
    ports.leases.acquire(model=model, name=LEASE, owner=owner, at=ports.clock.now(), seconds=LEASE_SECONDS)
    try:
        experiment = ports.experiments.current_experiment(model)
        if experiment is None or experiment.status != "running":
            return None
        return _looked_at(definition, experiment, hour_of(at), ports, bounds or ReadingBounds())
    finally:
        ports.leases.free(model=model, name=LEASE, owner=owner)


def _looked_at(
    definition: ModelDefinition,
    experiment: Experiment,
    at: datetime,
    ports: EvaluationPorts,
    bounds: ReadingBounds,
) -> Evaluation | None:
    stretches = stretches_of(experiment, ports.releases.releases(experiment.model))
    if not stretches:
        return None
    reader = ExposureReader(
        definition=definition,
        experiment=experiment,
        control=stretches[0].answering[0].release if experiment.is_stateless else None,
        archive=ports.archive,
        datasets=ports.datasets,
        clock=ports.clock,
        bounds=bounds,
    )
    left = reader.read()
    exposures, findings = reader.load(before=at)
    if experiment.is_stateless:
        exposures = place_exposures(exposures, stretches)
    arms = {each.number: each.arms for each in stretches}
    units = gather_units(
        exposures, findings, outcome=experiment.rules.outcome, served=arms, begun=experiment.created_at
    )
    periods = [
        _with_failures(period, stretch, definition, at, ports)
        for stretch, period in zip(stretches, periods_of(units, arms), strict=True)
    ]
    *earlier, now = periods
    present = replace(experiment, arms=stretches[-1].arms)
    look = evaluate(present, now.figures, at=at, earlier=earlier)
    save_record(ports.archive, look_key(experiment.model, experiment.id, at), look)
    _tell(experiment, look, ports.notices)
    recorded = _record(experiment, look, ports)
    ports.metrics.record(recorded, look)
    return Evaluation(
        experiment=recorded,
        look=look,
        left=left,
        order=_order(recorded, present, periods, look, ports.clock),
    )


def _with_failures(
    period: Period, stretch: Stretch, definition: ModelDefinition, at: datetime, ports: EvaluationPorts
) -> Period:
    """Requests that failed are in no log; the inference function counted them by arm, all of them, also where the log has a share."""
    start = hour_of(stretch.start)
    end = at if stretch.end is None else min(at, hour_of(stretch.end))
    figures = {
        arm.name: _failing(
            replace(shown, requests=round(shown.requests / definition.serving.capture_rate)),
            ports.failures.failed(
                definition.name, release=by.release, variant=by.variant, start=start, end=end
            ),
        )
        for arm, by in zip(stretch.arms, stretch.answering, strict=True)
        for shown in [period.figures[arm.name]]
    }
    return replace(period, figures=figures)


def _failing(figures: ArmFigures, failures: float) -> ArmFigures:
    return replace(figures, failures=round(failures), requests=figures.requests + round(failures))


def _tell(experiment: Experiment, look: Look, notices: Notices) -> None:
    """What the look before did not say: another verdict, a fixed design's judgement, outcomes that are lacking.

    Told again when a run is done again.
    """
    before = [each for each in experiment.looks if each.at < look.at]
    if _news(look) != (_news(before[-1]) if before else ("undecided", None, False)):
        notices.tell(
            f"Experiment {experiment.id} of {experiment.model}: {look.verdict}",
            f"{look.reason}\nlambdaloop experiment status {experiment.model} --id {experiment.id}",
        )


def _news(look: Look) -> tuple[Verdict, datetime | None, bool]:
    return look.verdict, look.judged_at, is_beyond_chance(look.outcome_ratio_p)


def _record(experiment: Experiment, look: Look, ports: EvaluationPorts) -> Experiment:
    for _ in range(_TRIES - 1):
        try:
            return ports.experiments.record_experiment(experiment, looked(experiment, look), by=_EVALUATION)
        except ExperimentChangedError:
            # Somebody concludes it, or asks for other shares: the look belongs to it all the same.
            experiment = ports.experiments.experiment(experiment.model, experiment.id)
    return ports.experiments.record_experiment(experiment, looked(experiment, look), by=_EVALUATION)


def _order(
    experiment: Experiment, present: Experiment, periods: Sequence[Period], look: Look, clock: Clock
) -> Order | None:
    rules = experiment.rules
    if experiment.status != "running":
        return None
    if look.verdict != "undecided" or look.judged_at is not None or overdue(experiment, look.at):
        return Order(kind="conclude", experiment=experiment.id) if rules.automatic else None
    asked = experiment.order.at if experiment.order else experiment.created_at
    if rules.policy != "thompson" or (clock.now() - asked).total_seconds() < _SHARES_SECONDS:
        return None
    seed = int.from_bytes(
        hashlib.sha256(f"{experiment.id} {look.at.isoformat()}".encode()).digest()[:4], "big"
    )
    shares = allocate(present, periods, seed=seed)
    wanted = tuple(shares[arm.name] for arm in present.arms)
    if experiment.is_stateless:
        wanted = whole_percents(wanted)
    if wanted == tuple(arm.share for arm in present.arms):
        return None
    return Order(kind="reshare", experiment=experiment.id, shares=wanted)
