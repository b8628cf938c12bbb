"""A model that MLflow logged is imported on the command line, and has to pass the same gate as a trained one."""

import json
from pathlib import Path

import pandas as pd
import pytest
from sklearn.dummy import DummyClassifier

from tests.e2e.conftest import Site
from tests.e2e.test_cli import lambdaloop
from tests.unit.training.mlflow_folder import write_folder

pytestmark = pytest.mark.localcloud


def test_an_imported_model_that_only_guesses_is_held_against_the_champion_and_rejected(
    released_site: Site, tmp_path: Path
) -> None:
    definition = released_site.definition
    rows = pd.read_csv(released_site.data, dtype=str)
    by_text = {str(label).lower(): label for label in definition.classes}
    labels = [by_text[text.lower()] for text in rows[definition.target]]
    guessing = DummyClassifier(strategy="prior").fit(rows[list(definition.features)], labels)
    folder = write_folder(tmp_path / "guess", guessing, None)
    told = lambdaloop("versions", "import", definition.name, str(folder), "--yes", "--json")
    document = json.loads(told[told.index("{") :])
    assert document["validation"]["candidates"] == []
    assert document["candidates"] == []
    evaluation = document["evaluation"]
    assert (evaluation["winner"], evaluation["passed"]) == ("#imported", False)
    assert evaluation["imported"]["estimator"] == "DummyClassifier"
    assert evaluation["champion"] is not None
    assert document["closed"] == {"status": "rejected"}


def test_a_folder_that_mlflow_did_not_write_is_refused_before_anything_is_sent(
    released_site: Site, tmp_path: Path
) -> None:
    told = lambdaloop("versions", "import", released_site.definition.name, str(tmp_path), "--yes", status=1)
    assert "has no file MLmodel" in " ".join(told.split())
