"""Case D7: a version whose baseline is missing, damaged or of another schema."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from lambdaloop.domain.artifact import Artifact
from lambdaloop.domain.baseline import Baseline
from lambdaloop.domain.errors import BaselineUnusableError
from lambdaloop.domain.metrics import Task
from lambdaloop.domain.profile import Profile, profile_numbers
from lambdaloop.domain.version import BASELINE, LOSS, Version
from lambdaloop.monitoring.expected_loss import expected_loss, fit_expected_loss, write_expected_loss
from lambdaloop.monitoring.observing import observe
from lambdaloop.services.load_baseline import load_baseline, load_expected_loss
from tests.fakes.artifacts import InMemoryArtifactStore

STORED = Baseline(
    profile=Profile(rows=1, features={}, prediction=profile_numbers([1.0], ())),
    outcomes=observe("regression", (), np.array([1.0]), np.array([[2.0]])),
)


@pytest.fixture
def artifacts() -> InMemoryArtifactStore:
    return InMemoryArtifactStore()


def version(
    artifacts: InMemoryArtifactStore, contents: dict[str, bytes], task: Task = "regression"
) -> Version:
    nothing = artifacts.put("price", "manifest.json", b"{}")
    return Version(
        model="price",
        run="run-1",
        task=task,
        manifest=nothing,
        files={name: artifacts.put("price", name, content) for name, content in contents.items()},
        estimator="ridge",
        parameters={},
        metrics={},
        metric="mae",
        dataset=nothing,
        dataset_digest="0" * 64,
        rows=1,
        gate={},
        number=3,
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
        created_by="ml-team",
    )


def loss_bytes() -> bytes:
    return write_expected_loss(fit_expected_loss({}, np.zeros(50), np.ones(50), features={}, seed=0))


def test_a_version_brings_its_baseline_and_the_model_of_its_errors(artifacts: InMemoryArtifactStore) -> None:
    known = version(artifacts, {BASELINE: STORED.to_json(), LOSS: loss_bytes()})
    assert load_baseline(known, artifacts=artifacts) == STORED
    loss = load_expected_loss(known, artifacts=artifacts)
    assert loss is not None
    assert expected_loss(loss, {}, np.zeros(2)) == pytest.approx(np.ones((2, 2)))


@pytest.mark.parametrize("task", ["binary", "multiclass"])
def test_classification_needs_no_model_of_its_errors(artifacts: InMemoryArtifactStore, task: Task) -> None:
    assert load_expected_loss(version(artifacts, {}, task), artifacts=artifacts) is None


def test_a_version_without_the_files_is_unusable(artifacts: InMemoryArtifactStore) -> None:
    old = version(artifacts, {})
    with pytest.raises(BaselineUnusableError, match=r"version 3 of 'price' has no baseline\.json: train"):
        load_baseline(old, artifacts=artifacts)
    with pytest.raises(BaselineUnusableError, match=r"version 3 of 'price' has no loss\.joblib: train"):
        load_expected_loss(old, artifacts=artifacts)


def test_files_that_are_gone_are_unusable(artifacts: InMemoryArtifactStore) -> None:
    known = version(artifacts, {BASELINE: STORED.to_json(), LOSS: loss_bytes()})
    artifacts.objects.clear()
    with pytest.raises(BaselineUnusableError, match=r"baseline\.json of version 3 .* is not there"):
        load_baseline(known, artifacts=artifacts)
    with pytest.raises(BaselineUnusableError, match=r"loss\.joblib of version 3 .* is not there"):
        load_expected_loss(known, artifacts=artifacts)


def test_damaged_files_are_not_even_parsed(artifacts: InMemoryArtifactStore) -> None:
    known = version(artifacts, {BASELINE: STORED.to_json(), LOSS: loss_bytes()})
    for place in artifacts.objects:
        artifacts.objects[place] = b"anything"
    with pytest.raises(BaselineUnusableError, match="is not what the registry says"):
        load_baseline(known, artifacts=artifacts)
    with pytest.raises(BaselineUnusableError, match="is not what the registry says"):
        load_expected_loss(known, artifacts=artifacts)


def test_files_of_another_schema_are_unusable(artifacts: InMemoryArtifactStore) -> None:
    old = version(artifacts, {BASELINE: STORED.profile.to_json(), LOSS: b"another format"})
    with pytest.raises(
        BaselineUnusableError, match=r"baseline\.json of version 3 of 'price' cannot be used.*has schema 1"
    ):
        load_baseline(old, artifacts=artifacts)
    with pytest.raises(BaselineUnusableError, match=r"loss\.joblib of version 3 .*present packages"):
        load_expected_loss(old, artifacts=artifacts)


def test_a_reference_to_another_object_is_unusable(artifacts: InMemoryArtifactStore) -> None:
    known = version(artifacts, {BASELINE: STORED.to_json()})
    elsewhere = Artifact(key="nowhere", version_id="v9", sha256="0" * 64, size=1)
    with pytest.raises(BaselineUnusableError, match="nowhere is not there"):
        load_baseline(replace(known, files={BASELINE: elsewhere}), artifacts=artifacts)
