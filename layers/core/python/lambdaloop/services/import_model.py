"""Brings a model that was logged elsewhere onto the road of a trained one: checked, held against the holdout and the champion."""

from dataclasses import dataclass
from typing import Any, cast

from lambdaloop.domain.artifact import Artifact
from lambdaloop.domain.definition import ModelDefinition
from lambdaloop.domain.documents import Document, from_document
from lambdaloop.domain.errors import ModelNotImportableError
from lambdaloop.domain.mlflow_model import ImportRequest, Origin
from lambdaloop.domain.signature import Signature
from lambdaloop.ports import ArtifactStore
from lambdaloop.training.estimator_files import dump_estimator
from lambdaloop.training.golden_rows import golden_rows
from lambdaloop.training.imported_model import describe_archive, load_imported
from lambdaloop.training.imported_pipeline import ImportedPipeline
from lambdaloop.training.preparation import PreparedData


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """A model that can answer every row that the definition accepts."""

    model: ImportedPipeline
    origin: Origin


def asked_import(run: Document) -> ImportRequest | None:
    """What a run was asked to import; None for one that trains."""
    asked: Any = run.get("imported")
    return from_document(ImportRequest, asked) if asked else None


def check_import(request: ImportRequest, *, definition: ModelDefinition, artifacts: ArtifactStore) -> None:
    """Hold the archive against the definition without loading it; ModelNotImportableError.

    Only scikit-learn itself serves what it was not fitted by this product's own steps.
    """
    if definition.serving.runtime == "compiled":
        raise ModelNotImportableError(
            "an imported model is served by scikit-learn itself, the definition's serving.runtime is compiled: set it to auto, "
            "deploy and import again"
        )
    _private(request.archive, definition.name)
    describe_archive(artifacts.get(request.archive), definition)


def import_model(
    request: ImportRequest, *, definition: ModelDefinition, data: PreparedData, artifacts: ArtifactStore
) -> Imported:
    """Unpickle it, and make sure that it answers; ModelNotImportableError."""
    _private(request.archive, definition.name)
    archive = artifacts.get(request.archive)
    described = describe_archive(archive, definition)
    model = load_imported(archive, definition)
    try:
        golden_rows(model, Signature.of(definition), data.holdout_frame)
    except Exception as error:  # it is foreign code, which may raise anything
        raise ModelNotImportableError(
            f"the model cannot answer rows that the definition accepts: {type(error).__name__}: {error}: let it cope with missing "
            "values and unseen categories, or say nullable: false and unexpected: reject"
        ) from error
    try:
        dump_estimator(cast("Any", model))
    except Exception as error:  # it is foreign code, which may raise anything
        raise ModelNotImportableError(
            f"the model cannot be kept: {type(error).__name__}: {error}: functions of its own must be in a package, not in a notebook"
        ) from error
    last = model.model.steps[-1][1] if hasattr(model.model, "steps") else model.model
    origin = Origin(
        source=request.source,
        archive=request.archive,
        estimator=type(last).__name__,
        run_id=described.run_id,
        model_uuid=described.model_uuid,
        mlflow_version=described.mlflow_version,
        sklearn_version=described.sklearn_version,
        serialization=described.serialization,
    )
    return Imported(model=model, origin=origin)


def _private(archive: Artifact, model: str) -> None:
    """Another model's folder is none of this one's business, whoever names it."""
    if not archive.key.startswith(f"models/{model}/artifacts/"):
        raise ModelNotImportableError(
            f"{archive.key} is no artifact of {model}: import with `lambdaloop versions import`"
        )
