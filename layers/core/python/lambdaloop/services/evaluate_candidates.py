"""Chooses the winner, fits it on all training rows and decides on the holdout whether it may become a version."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lambdaloop.domain.artifact import Artifact
from lambdaloop.domain.definition import ModelDefinition
from lambdaloop.domain.definition_digest import check_definition
from lambdaloop.domain.documents import to_document
from lambdaloop.domain.errors import GateRejectedError
from lambdaloop.domain.gate import ChampionScore, GateCheck, check_gate
from lambdaloop.domain.metrics import improvement
from lambdaloop.domain.splitting import Split
from lambdaloop.domain.version import ESTIMATOR, REPORT
from lambdaloop.ports import ArtifactStore, DatasetStore, VersionRegistry
from lambdaloop.services.evaluate_champion import evaluate_champion
from lambdaloop.services.load_table import load_table
from lambdaloop.services.train_candidate import CandidateResult
from lambdaloop.training.estimator_files import dump_estimator
from lambdaloop.training.pipelines import fit
from lambdaloop.training.preparation import prepare
from lambdaloop.training.scoring import compute_metrics, predict_scores


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """The winner and the gate's answer."""

    winner: str
    """Name of the candidate."""
    passed: bool
    metrics: Mapping[str, float | None]
    """On the holdout."""
    champion: int | None
    """Version that the winner was compared with."""
    checks: tuple[GateCheck, ...]
    report: Artifact
    estimator: Artifact
    """The winner, fitted on all training rows."""


def evaluate_candidates(
    definition: ModelDefinition,
    *,
    results: Sequence[CandidateResult],
    definition_digest: str,
    manifest: Artifact,
    artifacts: ArtifactStore,
    datasets: DatasetStore,
    versions: VersionRegistry,
) -> Evaluation:
    """Raises GateRejectedError when no candidate has a score at all."""
    check_definition(definition, definition_digest)
    winner = definition.candidate(choose_winner(definition, results).name)
    table = load_table(manifest, artifacts=artifacts, datasets=datasets)
    data = prepare(table, definition)
    pipeline = fit(definition, winner, data.training_frame, data.training_target)
    scores = predict_scores(pipeline, data.holdout_frame, task=definition.task)
    metrics = compute_metrics(data.holdout_target, scores, task=definition.task)
    champion = evaluate_champion(definition, table=table, data=data, artifacts=artifacts, versions=versions)
    checks = check_gate(
        definition.gate, metric=definition.training.metric, metrics=metrics, champion=champion
    )
    report = _report(definition, results, winner.name, metrics, champion, checks)
    return Evaluation(
        winner=winner.name,
        passed=all(check.passed for check in checks),
        metrics=metrics,
        champion=champion.version if champion else None,
        checks=checks,
        report=artifacts.put(definition.name, REPORT, report),
        estimator=artifacts.put(definition.name, ESTIMATOR, dump_estimator(pipeline)),
    )


def choose_winner(definition: ModelDefinition, results: Sequence[CandidateResult]) -> CandidateResult:
    """The best cross-validated score; of equal ones the first."""
    best: CandidateResult | None = None
    for result in results:
        if result.score is None:
            continue
        if (
            best is None
            or best.score is None
            or improvement(definition.training.metric, result.score, over=best.score) > 0
        ):
            best = result
    if best is None:
        raise GateRejectedError(
            f"none of {', '.join(result.name for result in results)} has a cross-validated {definition.training.metric}: "
            "it has no value in a fold that lacks a class or where scores are not finite: add data or lower folds"
        )
    return best


def _report(
    definition: ModelDefinition,
    results: Sequence[CandidateResult],
    winner: str,
    metrics: Mapping[str, float | None],
    champion: ChampionScore | None,
    checks: Sequence[GateCheck],
) -> bytes:
    report: dict[str, Any] = {
        "schema": 1,
        "model": definition.name,
        "metric": definition.training.metric,
        "candidates": [to_document(result) for result in results],
        "split": to_document(Split.of(definition)),
        "winner": winner,
        "holdout": dict(metrics),
        "champion": to_document(champion) if champion else None,
        "gate": [to_document(check) for check in checks],
    }
    return json.dumps(report, indent=1, allow_nan=False).encode()
