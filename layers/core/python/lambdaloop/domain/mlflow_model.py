"""A scikit-learn model as MLflow logs it: what its MLmodel file says, and whether it fits a definition.

https://mlflow.org/docs/latest/ml/model/: a folder with MLmodel (YAML), the serialized model and the packages it needs. Nothing here
loads the model: a pickle is code.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lambdaloop.domain.artifact import Artifact
from lambdaloop.domain.definition import FeatureType, ModelDefinition
from lambdaloop.domain.errors import ModelNotImportableError

MLMODEL = "MLmodel"
ARCHIVE = "mlflow.zip"
KEPT = ("requirements.txt", "conda.yaml", "python_env.yaml")
"""What is stored beside MLmodel and the model, where it is there."""
IMPORTED = "#imported"
"""What stands for the name of a candidate in a run that imports; no candidate can be called so."""
_FITTING: Mapping[str, frozenset[FeatureType]] = {
    "double": frozenset({"number", "integer", "boolean"}),
    "float": frozenset({"number", "integer", "boolean"}),
    "long": frozenset({"integer", "number", "boolean"}),
    "integer": frozenset({"integer", "number", "boolean"}),
    "boolean": frozenset({"boolean"}),
    "string": frozenset({"category", "text"}),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportRequest:
    """What a person asks a training workflow to import."""

    archive: Artifact
    """MLmodel, the model and its requirements, as one zip file in the model bucket."""
    source: str
    """Where the person had it from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where an imported version comes from."""

    source: str
    archive: Artifact
    """Its sha256 is the digest of what was imported."""
    estimator: str
    """The class of the model."""
    run_id: str | None = None
    """MLflow's run that logged it."""
    model_uuid: str | None = None
    mlflow_version: str | None = None
    sklearn_version: str
    serialization: str
    """pickle or cloudpickle."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MlflowModel:
    """What an MLmodel file says."""

    file: str
    """Name of the serialized model in the folder."""
    serialization: str
    sklearn_version: str
    python_version: str | None
    run_id: str | None
    model_uuid: str | None
    mlflow_version: str | None
    inputs: Mapping[str, str] | None
    """Type by column, in order; None where it was logged without a signature."""

    @classmethod
    def parse(cls, document: Any) -> "MlflowModel":
        """From parsed YAML; ModelNotImportableError says why it cannot be imported."""
        flavors = document.get("flavors") if isinstance(document, dict) else None
        if not isinstance(flavors, dict):
            raise ModelNotImportableError(
                "MLmodel names no flavors: give the folder that mlflow.sklearn logged"
            )
        flavor = flavors.get("sklearn")
        if not isinstance(flavor, dict):
            raise ModelNotImportableError(
                f"the model has the flavors {', '.join(sorted(flavors))}: only those of mlflow.sklearn can be imported"
            )
        serialization = str(flavor.get("serialization_format", "cloudpickle"))
        if serialization not in ("pickle", "cloudpickle"):
            raise ModelNotImportableError(
                f"the model is serialized by {serialization}, which the training layer does not carry: log it with "
                "serialization_format='cloudpickle' or 'pickle'"
            )
        if flavor.get("code"):
            raise ModelNotImportableError(
                "the model brings code of its own (code_paths), which no layer would carry: log it without"
            )
        file = str(flavor.get("pickled_model", "model.pkl"))
        if file.startswith(("/", ".")) or "/" in file or "\\" in file:
            raise ModelNotImportableError(f"MLmodel names {file!r}, which is no file of its folder")
        python = flavors.get("python_function")
        return cls(
            file=file,
            serialization=serialization,
            sklearn_version=str(flavor.get("sklearn_version")),
            python_version=_text(python.get("python_version")) if isinstance(python, dict) else None,
            run_id=_text(document.get("run_id")),
            model_uuid=_text(document.get("model_uuid")),
            mlflow_version=_text(document.get("mlflow_version")),
            inputs=_inputs(document.get("signature")),
        )

    def check_environment(self, *, sklearn: str, python: str) -> None:
        """ModelNotImportableError unless it was made with these versions; `python` is major.minor."""
        if self.sklearn_version != sklearn:
            raise ModelNotImportableError(
                f"the model was logged with scikit-learn {self.sklearn_version}, training runs with {sklearn}, and a pickle of one "
                f"is not sure to answer alike in the other: fit and log it with scikit-learn {sklearn}"
            )
        if (
            self.serialization == "cloudpickle"
            and self.python_version
            and not f"{self.python_version}.".startswith(f"{python}.")
        ):
            raise ModelNotImportableError(
                f"the model was logged by cloudpickle on Python {self.python_version}, training runs on {python}, and bytecode of "
                f"one means nothing to the other: log it on Python {python}, or with serialization_format='pickle'"
            )

    def check_columns(self, definition: ModelDefinition) -> None:
        """ModelNotImportableError unless the signature's inputs are the definition's features."""
        if self.inputs is not None:
            check_names(list(self.inputs), definition, "the model's signature")
            for name, kind in self.inputs.items():
                feature = definition.features[name].type
                if feature not in _FITTING.get(kind, frozenset()):
                    raise ModelNotImportableError(
                        f"the model's signature has {name!r} as {kind}, the definition as {feature}: correct the definition"
                    )


def check_names(names: Sequence[str], definition: ModelDefinition, whose: str) -> None:
    """ModelNotImportableError unless these are the definition's features, in whatever order."""
    lacking = [name for name in definition.features if name not in names]
    extra = [name for name in names if name not in definition.features]
    if lacking or extra:
        parts = [f"lacks {', '.join(map(repr, lacking))}"] if lacking else []
        parts += [f"adds {', '.join(map(repr, extra))}"] if extra else []
        raise ModelNotImportableError(
            f"{whose} {' and '.join(parts)}: the definition's features must be the columns that the model takes"
        )


def _inputs(signature: Any) -> dict[str, str] | None:
    if not isinstance(signature, dict) or not signature.get("inputs"):
        return None
    try:
        columns = json.loads(signature["inputs"])
        return {str(column["name"]): str(column["type"]) for column in columns}
    except (ValueError, TypeError, KeyError) as error:
        raise ModelNotImportableError(
            "the model's signature names no columns (tensors have none): log it with infer_signature on a data frame"
        ) from error


def _text(value: Any) -> str | None:
    return None if value is None else str(value)
