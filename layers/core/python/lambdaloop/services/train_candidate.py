"""Scores one candidate by cross-validation; the winner is fitted on all training rows later."""

from dataclasses import dataclass

from lambdaloop.domain.artifact import Artifact
from lambdaloop.domain.definition import Candidate, Estimator, ModelDefinition
from lambdaloop.domain.errors import DefinitionInvalidError
from lambdaloop.ports import ArtifactStore, Clock, DatasetStore
from lambdaloop.services.load_table import load_table
from lambdaloop.training.cross_validation import cross_validate
from lambdaloop.training.preparation import prepare


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidateResult:
    """How a candidate did."""

    name: str
    estimator: Estimator
    score: float | None = None
    """Mean of the training metric over the folds; None when it has no value in one of them."""
    score_std: float | None = None
    seconds: float


def train_candidate(
    definition: ModelDefinition,
    *,
    name: str,
    manifest: Artifact,
    artifacts: ArtifactStore,
    datasets: DatasetStore,
    clock: Clock,
) -> CandidateResult:
    """Raises DefinitionInvalidError when there is no such candidate or scikit-learn refuses its hyperparameters."""
    candidate = find_candidate(definition, name)
    data = prepare(load_table(manifest, artifacts=artifacts, datasets=datasets), definition)
    started = clock.now()
    result = cross_validate(definition, candidate, data)
    return CandidateResult(
        name=name,
        estimator=candidate.estimator,
        score=result.score,
        score_std=result.score_std,
        seconds=round((clock.now() - started).total_seconds(), 3),
    )


def find_candidate(definition: ModelDefinition, name: str) -> Candidate:
    """The candidate of that name; DefinitionInvalidError names those that there are."""
    for candidate in definition.training.candidates:
        if candidate.name == name:
            return candidate
    known = ", ".join(candidate.name for candidate in definition.training.candidates)
    raise DefinitionInvalidError(f"no candidate is called {name!r}: use one of {known}")
