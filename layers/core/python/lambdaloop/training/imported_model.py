"""Loads a model that was fitted elsewhere.

Unpickling runs whatever its maker put into it. It happens here, in functions of the training workflow, whose roles may read this model's data
and write its artifacts, and nothing else; and where the version is served by scikit-learn, in its inference function.
"""

import io
import pickle
import sys
import zipfile
from typing import Any

import numpy as np
import sklearn
from sklearn.base import BaseEstimator

from lambdaloop.domain.definition import FeatureType, ModelDefinition
from lambdaloop.domain.errors import ModelNotImportableError
from lambdaloop.domain.mlflow_model import MLMODEL, MlflowModel, check_names
from lambdaloop.training.imported_pipeline import ImportedPipeline

_MOST_BYTES = 200_000_000


def describe_archive(archive: bytes, definition: ModelDefinition) -> MlflowModel:
    """What the archive holds, checked in all that can be checked without loading it."""
    model = _parsed(archive)
    model.check_environment(
        sklearn=sklearn.__version__, python=f"{sys.version_info.major}.{sys.version_info.minor}"
    )
    model.check_columns(definition)
    return model


def load_imported(archive: bytes, definition: ModelDefinition) -> ImportedPipeline:
    """Unpickle the model and fit it to the definition; ModelNotImportableError says what does not go together."""
    described = describe_archive(archive, definition)
    with zipfile.ZipFile(io.BytesIO(archive)) as folder:
        content = folder.read(described.file)
    try:
        model = pickle.loads(content)  # noqa: S301  (what this file is for; cloudpickle's are plain pickles to read)
    except Exception as error:  # it is foreign code, which may raise anything
        raise ModelNotImportableError(
            f"the model cannot be unpickled here: {type(error).__name__}: {error}: it needs a package that the training layer lacks"
        ) from error
    if not isinstance(model, BaseEstimator):
        raise ModelNotImportableError(f"the model is a {type(model).__name__}, no estimator of scikit-learn")
    types: dict[str, FeatureType] = {name: feature.type for name, feature in definition.features.items()}
    names = list(map(str, getattr(model, "feature_names_in_", described.inputs or ())))
    if names:
        check_names(names, definition, "the fitted model")
    elif (count := getattr(model, "n_features_in_", len(types))) != len(types):
        raise ModelNotImportableError(
            f"the model takes {count} columns, the definition has {len(types)} features"
        )
    return ImportedPipeline(
        model,
        columns=names or list(types),
        types=described.inputs or {},
        order=_order(model, definition),
    )


def _parsed(archive: bytes) -> MlflowModel:
    import yaml  # only where something is imported

    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as folder:
            if sum(member.file_size for member in folder.infolist()) > _MOST_BYTES:
                raise ModelNotImportableError(
                    f"the model is larger than {_MOST_BYTES:,} bytes: make it smaller"
                )
            document = yaml.safe_load(folder.read(MLMODEL))
            model = MlflowModel.parse(document)
            if model.file not in folder.namelist():
                raise ModelNotImportableError(f"MLmodel names {model.file}, which is not in the folder")
    except (zipfile.BadZipFile, KeyError, yaml.YAMLError) as error:
        raise ModelNotImportableError(f"the archive holds no MLmodel that can be read: {error}") from error
    return model


def _order(model: Any, definition: ModelDefinition) -> list[int] | None:
    classes = getattr(model, "classes_", None)
    if definition.task == "regression":
        if classes is not None:
            raise ModelNotImportableError("the model is a classifier, the definition's task is regression")
        return None
    if classes is None or not hasattr(model, "predict_proba"):
        raise ModelNotImportableError(
            f"the model gives no probabilities, which task {definition.task} needs: log a classifier that has predict_proba"
        )
    known = [value.item() if isinstance(value, np.generic) else value for value in classes]
    wanted = list(definition.classes)
    if sorted(map(repr, known)) != sorted(map(repr, wanted)):
        raise ModelNotImportableError(
            f"the model's classes are {known}, the definition's {wanted}: they must be the same, of the same type"
        )
    return [known.index(label) for label in wanted]
