"""A model that MLflow logged is sent by the command line, judged by the training workflow, released, and answers as it did."""

import csv
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from scripts.cli.predict import SignedClient, input_types, read_csv
from tests.e2e.conftest import Site
from tests.typed import lambdaloop, read
from tests.unit.training.mlflow_folder import write_folder

pytestmark = pytest.mark.localcloud

NUMBERS = ("months", "usage", "price", "autopay", "signed_up")
INPUTS = {"plan": "string"} | dict.fromkeys(NUMBERS, "double")


def frame(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """The columns as the signature has them."""
    columns = pd.DataFrame(rows)[list(INPUTS)].astype(dict.fromkeys(NUMBERS, "float64"))
    return columns.astype({"plan": object})


def fitted_elsewhere(rows: list[dict[str, Any]], target: list[str]) -> Pipeline:
    """Other steps than the product's own."""
    numbers = make_pipeline(SimpleImputer(), StandardScaler())
    plan = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    columns = ColumnTransformer([("plan", plan, ["plan"]), ("numbers", numbers, list(NUMBERS))])
    return make_pipeline(columns, LogisticRegression()).fit(frame(rows), target)


def test_an_imported_model_is_released_and_answers_over_http_as_it_did(
    released_site: Site, tmp_path: Path
) -> None:
    site, model = released_site, released_site.definition.name
    client = SignedClient()
    rows = read_csv(site.data, input_types(client, site.deployment))
    with site.data.open(newline="", encoding="utf-8") as file:
        target = [each["renewed"] for each in csv.DictReader(file)]
    fitted = fitted_elsewhere(rows, target)
    folder = write_folder(tmp_path / "model", fitted, INPUTS)
    imported = read("versions", "import", model, str(folder), "--yes", "--reason", "fitted elsewhere")
    ended = site.finish_release(imported["release"]["execution"])
    assert ended.succeeded, ended.cause

    status, answer = client.post(site.deployment.predict_url, {"rows": rows[:50]})
    assert status == 200, answer
    expected = fitted.predict_proba(frame(rows[:50]))
    version = imported["version"]["number"]
    for each, (no, yes) in zip(answer["predictions"], expected, strict=True):
        assert each["model_version"] == version
        assert each["probabilities"] == pytest.approx({"no": no, "yes": yes})
    assert read("versions", "show", model, str(version))["runtime"]["name"] == "sklearn"
    told = site.mlflow.named(imported["run"]["id"])
    assert told["tags"]["lambdaloop.imported_from"] == "6c7d0b3f9e4a4f0d8a1f6f5b7e2c1d00"


def test_a_model_of_another_release_of_scikit_learn_ends_its_run_with_the_reason(
    released_site: Site, tmp_path: Path
) -> None:
    model = released_site.definition.name
    folder = write_folder(tmp_path / "old", "never loaded", INPUTS, sklearn_version="0.24.1")
    told = lambdaloop("versions", "import", model, str(folder), "--yes", "--reason", "an old one", status=1)
    assert "ModelNotImportableError" in told
    assert "logged with scikit-learn 0.24.1" in " ".join(told.split())
    [run] = [each for each in read("runs", "list", model) if each["reason"] == "an old one"]
    assert run["status"] == "failed"
    assert released_site.mlflow.named(run["id"])["info"]["status"] == "FAILED"


def test_a_folder_that_mlflow_did_not_write_is_refused_before_anything_is_sent(
    released_site: Site, tmp_path: Path
) -> None:
    told = lambdaloop("versions", "import", released_site.definition.name, str(tmp_path), "--yes", status=1)
    assert "has no file MLmodel" in " ".join(told.split())


def test_the_first_training_was_told_to_the_tracking_server_with_its_candidates_and_its_report(
    released_site: Site,
) -> None:
    server, model = released_site.mlflow, released_site.definition.name
    first = read("runs", "list", model)[-1]
    told = server.named(first["id"])
    assert told["info"]["status"] == "FINISHED"
    assert told["tags"]["lambdaloop.version"] == "1"
    assert told["metrics"]["roc_auc"] == pytest.approx(
        read("versions", "show", model, "1")["metrics"]["roc_auc"]
    )
    assert {each["name"] for each in server.runs.values()} >= {"logistic-regression", "random-forest"}
    assert any(path.endswith("report.json") for path in server.artifacts)
    assert server.authorizations == {"Basic dGVzdHM6c2VjcmV0"}
