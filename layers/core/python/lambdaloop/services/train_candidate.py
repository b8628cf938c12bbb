"""Scores one candidate by cross-validation; the winner is fitted on all training rows later."""

from dataclasses import dataclass

from lambdaloop.domain.artifact import Artifact
from lambdaloop.domain.candidate import Estimator
from lambdaloop.domain.definition import ModelDefinition
from lambdaloop.domain.definition_digest import check_definition
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
    definition_digest: str,
    manifest: Artifact,
    artifacts: ArtifactStore,
    datasets: DatasetStore,
    clock: Clock,
) -> CandidateResult:
    """Raises DefinitionInvalidError when there is no such candidate or scikit-learn refuses its hyperparameters."""
    check_definition(definition, definition_digest)
    candidate = definition.candidate(name)
    data = prepare(
        load_table(manifest, definition=definition, artifacts=artifacts, datasets=datasets), definition
    )
    started = clock.now()
    result = cross_validate(definition, candidate, data)
    return CandidateResult(
        name=name,
        estimator=candidate.estimator,
        score=result.score,
        score_std=result.score_std,
        seconds=round((clock.now() - started).total_seconds(), 3),
    )
