"""Chooses the winner, fits it on all training rows and decides on the holdout whether it may become a version.

In a run with captured rows the holdout is the newest of them, and what is newest matters most: a winner that passed is fitted
anew on all rows, these among them (docs/decisions/0008). Its metrics stay those of the fit that never saw the holdout.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from lambdaloop.domain.artifact import Artifact
from lambdaloop.domain.definition import ModelDefinition
from lambdaloop.domain.definition_digest import check_definition
from lambdaloop.domain.documents import Document, to_document
from lambdaloop.domain.errors import GateRejectedError
from lambdaloop.domain.gate import GateCheck, check_gate
from lambdaloop.domain.metrics import improvement, skill_metric
from lambdaloop.domain.mlflow_model import IMPORTED, ImportRequest, Origin
from lambdaloop.domain.splitting import Split
from lambdaloop.domain.version import ESTIMATOR, REPORT, Comparison, TrainedOn
from lambdaloop.monitoring.answer_drift import answer_disagreement, answer_drift
from lambdaloop.ports import ArtifactStore, DatasetStore, VersionRegistry
from lambdaloop.services.evaluate_champion import ChampionEvaluation, evaluate_champion
from lambdaloop.services.import_model import import_model
from lambdaloop.services.load_table import load_table
from lambdaloop.services.train_candidate import CandidateResult
from lambdaloop.training.estimator_files import dump_estimator
from lambdaloop.training.findings import holdout_findings
from lambdaloop.training.pipelines import fit
from lambdaloop.training.preparation import PreparedData, prepare
from lambdaloop.training.scoring import Scores, compute_metrics, predict_scores
from lambdaloop.training.tables import RawTable


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """The winner and the gate's answer."""

    winner: str
    """Name of the candidate; `#imported` for a model that was fitted elsewhere."""
    passed: bool
    metrics: Mapping[str, float | None]
    """On the holdout."""
    champion: int | None
    """Version that the winner was compared with."""
    comparison: Comparison | None
    """How differently both answered the holdout; None without a champion that could be asked."""
    checks: tuple[GateCheck, ...]
    report: Artifact
    estimator: Artifact
    """The winner as it is packaged."""
    evaluated: Artifact
    """The winner as it was measured: fitted on the training rows alone. The same one unless it was fitted anew."""
    split: Split
    trained_on: TrainedOn
    """What the packaged winner was fitted on."""
    imported: Origin | None = None
    """Where it comes from, if it was fitted elsewhere."""


def evaluate_candidates(
    definition: ModelDefinition,
    *,
    results: Sequence[CandidateResult],
    definition_digest: str,
    manifest: Artifact,
    artifacts: ArtifactStore,
    datasets: DatasetStore,
    versions: VersionRegistry,
    imported: ImportRequest | None = None,
) -> Evaluation:
    """Raises GateRejectedError when no candidate has a score at all."""
    check_definition(definition, definition_digest)
    table = load_table(manifest, definition=definition, artifacts=artifacts, datasets=datasets)
    data = prepare(table, definition)
    brought = (
        import_model(imported, definition=definition, data=data, artifacts=artifacts) if imported else None
    )
    winner = None if brought else definition.candidate(choose_winner(definition, results).name)
    evaluated = (
        fit(definition, winner, data.training_frame, data.training_target, data.training_weights)
        if winner
        else cast("Any", brought).model
    )
    scores = predict_scores(evaluated, data.holdout_frame, task=definition.task)
    metrics = compute_metrics(data.holdout_target, scores, task=definition.task)
    before = evaluate_champion(definition, table=table, data=data, artifacts=artifacts, versions=versions)
    champion = before.score if before else None
    comparison = _comparison(definition, scores, metrics, before)
    checks = check_gate(
        definition.gate,
        metric=definition.training.metric,
        metrics=metrics,
        champion=champion,
        must_improve=data.captured > 0,
    )
    passed = all(check.passed for check in checks)
    refits = winner is not None and passed and data.captured > 0
    packaged = (
        fit(definition, winner, data.frame, data.target, data.weights) if winner and refits else evaluated
    )
    name = winner.name if winner else IMPORTED
    trained_on = _trained_on(table, data, refitted=refits)
    files = {
        "evaluated": artifacts.put(definition.name, ESTIMATOR, dump_estimator(evaluated)),
        "packaged": artifacts.put(definition.name, ESTIMATOR, dump_estimator(packaged)),
    }
    findings = holdout_findings(
        definition, evaluated, frame=data.holdout_frame, target=data.holdout_target, scores=scores
    )
    report = {
        "schema": 1,
        "model": definition.name,
        "metric": definition.training.metric,
        "candidates": [_reported(definition, result) for result in results],
        "split": to_document(data.split),
        "trained_on": to_document(trained_on),
        "estimators": {name: file.sha256 for name, file in files.items()},
        "winner": name,
        "imported": to_document(brought.origin) if brought else None,
        "holdout": dict(metrics),
        "champion": to_document(champion) if champion else None,
        "comparison": to_document(comparison) if comparison else None,
        "gate": [to_document(check) for check in checks],
        "findings": to_document(findings) if findings else None,
    }
    content = json.dumps(report, indent=1, allow_nan=False).encode()
    return Evaluation(
        winner=name,
        imported=brought.origin if brought else None,
        passed=passed,
        metrics=metrics,
        champion=champion.version if champion else None,
        comparison=comparison,
        checks=checks,
        report=artifacts.put(definition.name, REPORT, content),
        estimator=files["packaged"],
        evaluated=files["evaluated"],
        split=data.split,
        trained_on=trained_on,
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


def _reported(definition: ModelDefinition, result: CandidateResult) -> Document:
    """With the parameters that it was trained with, which of a trial the definition does not show."""
    candidate = definition.candidate(result.name)
    told = {**to_document(result), "parameters": dict(candidate.parameters)}
    if candidate.members:
        told["members"] = [to_document(member) for member in candidate.members]
    return told


def _comparison(
    definition: ModelDefinition,
    scores: Scores,
    metrics: Mapping[str, float | None],
    champion: ChampionEvaluation | None,
) -> Comparison | None:
    """None also when one of both has no finite answer to a row."""
    if champion is None or champion.scores is None:
        return None
    drift = answer_drift(scores, champion.scores, task=definition.task)
    apart = answer_disagreement(scores, champion.scores, task=definition.task)
    if drift is None or apart is None:
        return None
    skill = skill_metric(definition.task, metrics, champion.metrics)
    return Comparison(
        champion=champion.score.version,
        disagreement=apart.value,
        prediction_drift=drift.index,
        disagreement_error=apart.error,
        prediction_drift_error=drift.error,
        skill_metric=skill,
        skill=metrics.get(skill),
        champion_skill=champion.metrics.get(skill),
        champion_metric=champion.metrics.get(definition.training.metric),
    )


def _trained_on(table: RawTable, data: PreparedData, *, refitted: bool) -> TrainedOn:
    held = 0 if refitted else int(data.holdout.sum())
    if not table.captured:
        return TrainedOn(uploaded=len(data.frame) - held)
    return TrainedOn(
        uploaded=len(data.frame) - data.captured,
        captured=data.captured - held,
        captured_until=table.captured.until,
        refitted=refitted,
    )
