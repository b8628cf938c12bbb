"""A model that MLflow logged is sent by the command line and judged by the training workflow, which loads nothing that cannot be served."""

from pathlib import Path

import pytest

from tests.e2e.conftest import Site
from tests.e2e.test_cli import lambdaloop, read
from tests.unit.training.mlflow_folder import write_folder

pytestmark = pytest.mark.localcloud


def test_a_model_that_the_definition_cannot_serve_ends_its_run_with_the_fix(
    released_site: Site, tmp_path: Path
) -> None:
    model = released_site.definition.name
    folder = write_folder(tmp_path / "guess", "never loaded", None)
    told = lambdaloop("versions", "import", model, str(folder), "--yes", "--reason", "a guess", status=1)
    assert "ModelNotImportableError" in told
    assert "serving.runtime is compiled" in " ".join(told.split())
    [run] = [each for each in read("runs", "list", model) if each["reason"] == "a guess"]
    assert run["status"] == "failed"


def test_a_folder_that_mlflow_did_not_write_is_refused_before_anything_is_sent(
    released_site: Site, tmp_path: Path
) -> None:
    told = lambdaloop("versions", "import", released_site.definition.name, str(tmp_path), "--yes", status=1)
    assert "has no file MLmodel" in " ".join(told.split())
