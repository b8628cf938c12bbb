"""What `lambdaloop features put` refuses before it touches anything."""

from pathlib import Path

import pytest

from lambdaloop.domain.errors import FeaturesInvalidError
from scripts.cli.features import put

DEFINITION = """
name: churn
task: binary
target: left
classes: ["no", "yes"]
entity: customer
features:
  spend: {type: number}
data: {location: churn/}
training: {metric: roc_auc, candidates: [{name: linear, estimator: logistic_regression}]}
"""


@pytest.fixture
def models(tmp_path: Path) -> Path:
    folder = tmp_path / "models"
    folder.mkdir()
    (folder / "churn.yaml").write_text(DEFINITION + "online: {groups: {spending: {features: {spend: 0}}}}\n")
    return folder


def test_a_group_that_no_model_reads_is_refused_with_those_that_are(models: Path, tmp_path: Path) -> None:
    with pytest.raises(FeaturesInvalidError, match=r"names a group 'spendings' .*: they name spending"):
        put(tmp_path / "data.csv", "spendings", models)
    (models / "churn.yaml").write_text(DEFINITION)
    with pytest.raises(FeaturesInvalidError, match="they name none"):
        put(tmp_path / "data.csv", "spending", models)


def test_a_wrong_file_is_refused_before_anything_is_asked_of_aws(models: Path, tmp_path: Path) -> None:
    data = tmp_path / "data.csv"
    data.write_text("customer,event_time,spend\nc-1,2026-01-01,much\n")
    with pytest.raises(FeaturesInvalidError, match="row 1: spend must be a number, got 'much'"):
        put(data, "spending", models)
