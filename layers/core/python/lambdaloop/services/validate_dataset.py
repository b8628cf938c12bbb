"""Holds a dataset against the model definition before anything is fitted."""

from dataclasses import dataclass

from lambdaloop.domain.artifact import Artifact
from lambdaloop.domain.definition import ModelDefinition
from lambdaloop.domain.definition_digest import check_definition
from lambdaloop.domain.mlflow_model import ImportRequest
from lambdaloop.ports import ArtifactStore, DatasetStore
from lambdaloop.services.import_model import check_import
from lambdaloop.services.load_table import load_table
from lambdaloop.training.folds import check_folds
from lambdaloop.training.pipelines import build_pipeline
from lambdaloop.training.preparation import prepare


@dataclass(frozen=True, slots=True, kw_only=True)
class Validation:
    """What the run will work on."""

    rows: int
    training_rows: int
    holdout_rows: int
    candidates: tuple[str, ...]
    """Names, one training each; none where a model is imported."""
    unexpected: tuple[str, ...]
    """Values outside ranges and categories, which the definition accepts."""


def validate_dataset(
    definition: ModelDefinition,
    *,
    definition_digest: str,
    manifest: Artifact,
    artifacts: ArtifactStore,
    datasets: DatasetStore,
    imported: ImportRequest | None = None,
) -> Validation:
    """Raises DatasetInvalidError with every problem of the data, DefinitionInvalidError for a wrong hyperparameter."""
    check_definition(definition, definition_digest)
    tried = () if imported else definition.training.tried()
    if imported:
        check_import(imported, definition=definition, artifacts=artifacts)
    for candidate in tried:
        build_pipeline(definition, candidate)
    data = prepare(
        load_table(manifest, definition=definition, artifacts=artifacts, datasets=datasets), definition
    )
    check_folds(data, definition)
    held = int(data.holdout.sum())
    return Validation(
        rows=len(data.frame),
        training_rows=len(data.frame) - held,
        holdout_rows=held,
        candidates=tuple(candidate.name for candidate in tried),
        unexpected=data.unexpected,
    )
