"""What a tracking server is told about a run that has ended: out of the workflow's document alone, so telling it again tells the same."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from lambdaloop.domain.definition import ModelDefinition
from lambdaloop.domain.documents import Document, to_document
from lambdaloop.domain.errors import DefinitionInvalidError

RUN_TAG = "lambdaloop.run_id"
CANDIDATE_TAG = "lambdaloop.candidate"
Outcome = Literal["registered", "rejected", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackedCandidate:
    """One candidate or trial: a run within the run."""

    name: str
    params: Mapping[str, str]
    metrics: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackedRun:
    """One run of the training workflow."""

    id: str
    outcome: Outcome
    params: Mapping[str, str]
    metrics: Mapping[str, float]
    tags: Mapping[str, str]
    candidates: tuple[TrackedCandidate, ...]


def tracked_run(document: Document, outcome: Outcome, definition: ModelDefinition) -> TrackedRun:
    """As far as the run came; a run that failed has no evaluation."""
    run, evaluation = document["run"], document.get("evaluation") or {}
    dataset, version = document.get("dataset") or {}, document.get("version") or {}
    winner = evaluation.get("winner")
    told = {
        RUN_TAG: run["id"],
        "lambdaloop.model": definition.name,
        "lambdaloop.outcome": outcome,
        "lambdaloop.reason": run.get("reason"),
        "lambdaloop.requested_by": run.get("requested_by"),
        "lambdaloop.dataset_digest": dataset.get("digest"),
        "lambdaloop.definition_digest": dataset.get("definition"),
        "lambdaloop.winner": winner,
        "lambdaloop.version": version.get("number"),
        "lambdaloop.version_digest": _at(document, "package", "manifest", "sha256") if version else None,
        "lambdaloop.imported_from": _at(document, "evaluation", "imported", "run_id"),
        "lambdaloop.error": _at(document, "error", "Error"),
    }
    params = {
        "task": definition.task,
        "metric": definition.training.metric,
        "folds": str(definition.training.folds),
        "seed": str(definition.training.seed),
        **({"rows": str(dataset["rows"])} if "rows" in dataset else {}),
        **_parameters(definition, winner),
    }
    return TrackedRun(
        id=run["id"],
        outcome=outcome,
        params=params,
        metrics=_numbers(evaluation.get("metrics") or {}),
        tags={name: str(value) for name, value in told.items() if value is not None},
        candidates=tuple(_candidate(each, definition) for each in document.get("candidates") or ()),
    )


def _candidate(result: Document, definition: ModelDefinition) -> TrackedCandidate:
    metric = definition.training.metric
    found = {
        f"cv_{metric}": result.get("score"),
        f"cv_{metric}_std": result.get("score_std"),
        "seconds": result.get("seconds"),
    }
    return TrackedCandidate(
        name=result["name"], params=_parameters(definition, result["name"]), metrics=_numbers(found)
    )


def _parameters(definition: ModelDefinition, name: str | None) -> dict[str, str]:
    """The estimator and its parameters, those of members after their place; nothing for what the definition does not name."""
    try:
        candidate = definition.candidate(name or "")
    except DefinitionInvalidError:  # an imported model, no winner, or a definition that was deployed since
        return {}
    found = {"estimator": candidate.estimator, **candidate.parameters}
    for place, member in enumerate(candidate.members):
        found[f"members.{place}.estimator"] = member.estimator
        found |= {f"members.{place}.{parameter}": value for parameter, value in member.parameters.items()}
    plain = to_document(candidate.preparation)
    found |= {f"preparation.{parameter}": value for parameter, value in plain.items()}
    return {key: value if isinstance(value, str) else json.dumps(value) for key, value in found.items()}


def _numbers(values: Mapping[str, object]) -> dict[str, float]:
    return {
        name: float(value)
        for name, value in values.items()
        if isinstance(value, int | float) and not isinstance(value, bool)
    }


def _at(document: Document, *path: str) -> object:
    found: object = document
    for step in path:
        found = found.get(step) if isinstance(found, dict) else None
    return found
