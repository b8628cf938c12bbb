"""A model that MLflow logged takes the road of a trained one: holdout, gate, package, parity, registry."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder

from lambdaloop.domain.artifact import Artifact
from lambdaloop.domain.bundle import unpack_bundle
from lambdaloop.domain.documents import from_document, to_document
from lambdaloop.domain.errors import ModelNotImportableError
from lambdaloop.domain.mlflow_model import ARCHIVE, ImportRequest
from lambdaloop.domain.serving_rules import Serving
from lambdaloop.domain.version import BUNDLE
from lambdaloop.serving.served_model import LoadedBundle
from scripts.cli.importing import pack
from tests.unit.services.training_run import Workshop
from tests.unit.training.mlflow_folder import write_folder
from tests.unit.training.sample_data import FEATURES, candidate, definition, sample_csv

INPUTS = {
    "age": "double",
    "amount": "double",
    "since": "long",
    "score": "double",
    "active": "double",
    "plan": "string",
    "region (code)": "string",
}
SERVED = Serving(runtime="auto", capture=("age", "plan"))


def frame() -> tuple[pd.DataFrame, Any]:
    rows = pd.read_csv(io.BytesIO(sample_csv()))
    read = rows.assign(active=rows["active"].astype("float64"), plan=rows["plan"].astype(object))
    read["region (code)"] = read["region (code)"].astype(object)
    return read[list(INPUTS)], rows["outcome"].to_numpy(dtype=object).astype(str)


def model() -> Pipeline:
    """What somebody fitted elsewhere: other steps than ours, columns in an order of its own."""
    texts = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    columns = ColumnTransformer([("texts", texts, ["plan", "region (code)"])], remainder="passthrough")
    found = make_pipeline(columns, HistGradientBoostingClassifier(max_iter=15, random_state=0))
    return found.fit(*frame())


def workshop(**changes: Any) -> Workshop:
    """Classes in the other order than the model has them."""
    fields: dict[str, Any] = {
        "classes": ("yes", "no"),
        "serving": SERVED,
        "training": {"candidates": (candidate("naive_bayes"),)},
    }
    return Workshop(definition(**fields | changes), sample_csv())


def run(made: Workshop, folder: Path, *, name: str = "run-1") -> dict[str, Any]:
    archive = made.artifacts.put("sample", ARCHIVE, pack(str(folder)))
    request = to_document(ImportRequest(archive=archive, source="churn-model"))
    return made.run(name, imported=request)


def test_an_imported_model_becomes_a_version_that_answers_as_it_did(tmp_path: Path) -> None:
    made, fitted = workshop(), model()
    state = run(made, write_folder(tmp_path, fitted, INPUTS))
    version = made.version(state)
    assert (version.estimator, version.parameters) == ("HistGradientBoostingClassifier", {})
    assert version.imported is not None
    assert version.imported.run_id == "6c7d0b3f9e4a4f0d8a1f6f5b7e2c1d00"
    assert version.imported.mlflow_version == "3.17.2"
    assert version.imported.archive.sha256 == Artifact(**to_document(version.imported.archive)).sha256
    assert version.runtime is not None
    assert version.runtime.name == "sklearn"
    assert state["validation"]["candidates"] == []
    roc_auc = version.metrics["roc_auc"]
    assert roc_auc is not None
    assert roc_auc > 0.8

    bundle = LoadedBundle(unpack_bundle(made.artifacts.get(version.files[BUNDLE])))
    row = next(csv.DictReader(io.StringIO(sample_csv().decode(), newline="")))
    asked: dict[str, Any] = {"amount": 20.5, "since": 1_650_000_000, "age": 40, "score": None, "active": True}
    asked |= {"plan": row["plan"], "region (code)": "north"}
    [answer] = bundle.predict([asked])
    told = pd.DataFrame([{**asked, "score": np.nan, "active": 1.0}])[list(INPUTS)].astype({"score": float})
    expected: dict[str, Any] = dict(zip(fitted.classes_, fitted.predict_proba(told)[0], strict=True))
    assert answer.probabilities == pytest.approx(expected)


def test_it_is_held_against_the_champion_as_a_trained_one_is(tmp_path: Path) -> None:
    made = workshop()
    made.make_champion(made.run()["version"]["number"])
    guessing = DummyClassifier(strategy="prior").fit(*frame())
    archive = made.artifacts.put("sample", ARCHIVE, pack(str(write_folder(tmp_path, guessing, INPUTS))))
    request = to_document(ImportRequest(archive=archive, source="guess"))
    state = made.until_gate("run-2", imported=request)
    assert not state["evaluation"]["passed"]
    report = json.loads(made.artifacts.get(from_document(Artifact, state["evaluation"]["report"])))
    assert (report["winner"], report["imported"]["estimator"]) == ("#imported", "DummyClassifier")
    assert report["champion"]["version"] == 1


def refused(made: Workshop, folder: Path) -> str:
    with pytest.raises(ModelNotImportableError) as caught:
        run(made, folder)
    return str(caught.value)


def test_another_release_of_scikit_learn_is_refused_before_anything_is_loaded(tmp_path: Path) -> None:
    folder = write_folder(tmp_path, "no model at all", INPUTS, sklearn_version="0.24.1")
    assert "logged with scikit-learn 0.24.1, training runs with" in refused(workshop(), folder)


def test_a_definition_that_serves_compiled_models_only_is_told_so(tmp_path: Path) -> None:
    folder = write_folder(tmp_path, "no model at all", INPUTS)
    made = workshop(serving=Serving(runtime="compiled"))
    assert "set it to auto, deploy and import again" in refused(made, folder)


def test_columns_that_are_not_the_definition_s_are_named(tmp_path: Path) -> None:
    other = {**INPUTS, "income": "double"}
    del other["age"]
    folder = write_folder(tmp_path, "no model at all", other)
    assert "signature lacks 'age' and adds 'income'" in refused(workshop(), folder)
    turned = write_folder(tmp_path / "turned", "no model at all", {**INPUTS, "plan": "double"})
    assert "has 'plan' as double, the definition as category" in refused(workshop(), turned)


def test_without_a_signature_the_columns_of_the_fitted_model_count(tmp_path: Path) -> None:
    columns, target = frame()
    numbers = columns[["age", "amount"]].fillna(0)
    folder = write_folder(tmp_path, LogisticRegression().fit(numbers, target), None)
    assert "the fitted model lacks 'plan', 'since'" in refused(workshop(), folder)


def test_other_classes_are_refused(tmp_path: Path) -> None:
    columns, target = frame()
    folder = write_folder(tmp_path, DummyClassifier().fit(columns, target == "yes"), INPUTS)
    assert "the model's classes are [False, True], the definition's ['yes', 'no']" in refused(
        workshop(), folder
    )


def test_a_model_that_cannot_answer_what_the_definition_accepts_is_refused(tmp_path: Path) -> None:
    columns, target = frame()
    numbers = [name for name in INPUTS if FEATURES[name].type not in ("category", "text")]
    strict = ColumnTransformer([("numbers", FunctionTransformer(), numbers)])
    fragile = make_pipeline(strict, LogisticRegression()).fit(
        columns.fillna(dict.fromkeys(numbers, 0)), target
    )
    told = refused(workshop(), write_folder(tmp_path, fragile, INPUTS))
    assert "cannot answer rows that the definition accepts: ValueError" in told


def test_what_is_no_estimator_or_cannot_be_unpickled_is_refused(tmp_path: Path) -> None:
    assert "is a str, no estimator" in refused(workshop(), write_folder(tmp_path, "text", INPUTS))
    (tmp_path / "model.pkl").write_bytes(b"cnowhere.to.be.found\nModel\n.")
    assert "cannot be unpickled here: ModuleNotFoundError" in refused(workshop(), tmp_path)


def test_a_function_of_a_notebook_cannot_be_kept(tmp_path: Path) -> None:
    columns, target = frame()
    homemade = make_pipeline(
        FunctionTransformer(lambda given: given[["since"]]), DummyClassifier(strategy="prior")
    ).fit(columns, target)
    assert "the model cannot be kept" in refused(workshop(), write_folder(tmp_path, homemade, INPUTS))
