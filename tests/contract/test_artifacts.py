"""What every artifact store promises: the in-memory one and S3."""

from dataclasses import replace
from typing import Any

import pytest

from lambdaloop.domain.errors import ArtifactCorruptError, ArtifactMissingError
from tests.contract.aws import MODEL_BUCKET, Aws
from tests.fakes.artifacts import InMemoryArtifactStore

Artifacts = Any  # InMemoryArtifactStore or S3ArtifactStore


@pytest.fixture(params=["fake", "s3"])
def artifacts(request: pytest.FixtureRequest) -> Artifacts:
    return InMemoryArtifactStore() if request.param == "fake" else request.getfixturevalue("aws").artifacts


def test_bytes_come_back_as_they_were_put_from_the_address_of_their_content(artifacts: Artifacts) -> None:
    artifact = artifacts.put("churn", "bundle.zip", b"weights")
    assert artifacts.get(artifact) == b"weights"
    assert artifact.size == 7
    assert artifact.key == f"models/churn/artifacts/{artifact.sha256}/bundle.zip"


def test_putting_the_same_content_again_changes_nothing(artifacts: Artifacts) -> None:
    first = artifacts.put("churn", "bundle.zip", b"weights")
    assert artifacts.put("churn", "bundle.zip", b"weights") == first
    assert artifacts.put("churn", "bundle.zip", b"others").key != first.key


def test_an_artifact_that_is_not_there_is_missing(artifacts: Artifacts) -> None:
    artifact = artifacts.put("churn", "bundle.zip", b"weights")
    for wrong in (replace(artifact, key="models/churn/nothing"), replace(artifact, version_id="v99")):
        with pytest.raises(ArtifactMissingError, match="is not there"):
            artifacts.get(wrong)


def test_content_of_another_size_or_digest_is_corrupt(artifacts: Artifacts) -> None:
    artifact = artifacts.put("churn", "bundle.zip", b"weights")
    for wrong in (replace(artifact, size=8), replace(artifact, sha256="00" * 32)):
        with pytest.raises(ArtifactCorruptError):
            artifacts.get(wrong)


def test_content_that_was_overwritten_in_s3_is_laid_over_again(aws: Aws) -> None:
    artifact = aws.artifacts.put("churn", "bundle.zip", b"weights")
    aws.s3.put_object(Bucket=MODEL_BUCKET, Key=artifact.key, Body=b"w3ights")
    assert aws.artifacts.get(artifact) == b"weights"  # versions are pinned
    again = aws.artifacts.put("churn", "bundle.zip", b"weights")
    assert again.version_id != artifact.version_id
    assert aws.artifacts.get(again) == b"weights"


def test_a_deleted_object_version_is_missing(aws: Aws) -> None:
    artifact = aws.artifacts.put("churn", "bundle.zip", b"weights")
    aws.s3.delete_object(Bucket=MODEL_BUCKET, Key=artifact.key, VersionId=artifact.version_id)
    with pytest.raises(ArtifactMissingError):
        aws.artifacts.get(artifact)


def test_a_wrong_size_is_noticed_before_the_content_is_read(aws: Aws) -> None:
    artifact = aws.artifacts.put("churn", "bundle.zip", b"weights")
    with pytest.raises(ArtifactCorruptError, match="has 7 bytes, the registry says 6"):
        aws.artifacts.get(replace(artifact, size=6))
