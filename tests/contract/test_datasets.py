"""What every dataset store promises: the in-memory one and S3."""

from collections.abc import Callable
from typing import Any

import pytest

from lambdaloop.domain.errors import ArtifactMissingError
from tests.contract.aws import DATA_BUCKET, Aws
from tests.fakes.datasets import InMemoryDatasetStore

Datasets = Any  # InMemoryDatasetStore or S3DatasetStore


class Uploads:
    """What users do with the data bucket."""

    def __init__(
        self, datasets: Datasets, upload: Callable[[str, bytes], str], delete: Callable[[str], Any]
    ) -> None:
        self.datasets = datasets
        self.upload = upload
        self.delete = delete


@pytest.fixture(params=["fake", "s3"])
def uploads(request: pytest.FixtureRequest) -> Uploads:
    if request.param == "fake":
        fake = InMemoryDatasetStore()
        return Uploads(fake, fake.upload, fake.delete)
    aws: Aws = request.getfixturevalue("aws")

    def upload(key: str, content: bytes) -> str:
        version: str = aws.s3.put_object(Bucket=DATA_BUCKET, Key=key, Body=content)["VersionId"]
        return version

    return Uploads(aws.datasets, upload, lambda key: aws.s3.delete_object(Bucket=DATA_BUCKET, Key=key))


def test_only_current_objects_of_the_wanted_kind_below_the_prefix_are_listed_sorted_by_key(
    uploads: Uploads,
) -> None:
    uploads.upload("churn/b.csv", b"1")
    newest = uploads.upload("churn/b.csv", b"22")
    first = uploads.upload("churn/2026/a.csv", b"333")
    parquet = uploads.upload("churn/c.parquet", b"4444")
    uploads.upload("churn/readme.txt", b"no data")
    uploads.upload("churn-old/c.csv", b"another folder")
    uploads.upload("churn/gone.csv", b"deleted")
    uploads.delete("churn/gone.csv")
    for prefix in ("churn", "churn/"):
        found = uploads.datasets.objects(prefix)
        assert [(one.key, one.version_id, one.size) for one in found] == [
            ("churn/2026/a.csv", first, 3),
            ("churn/b.csv", newest, 2),
        ]
    found = uploads.datasets.objects("churn", suffixes=(".parquet",))
    assert [(one.key, one.version_id) for one in found] == [("churn/c.parquet", parquet)]


def test_an_older_version_can_still_be_read(uploads: Uploads) -> None:
    old = uploads.upload("churn/b.csv", b"1")
    uploads.upload("churn/b.csv", b"22")
    uploads.delete("churn/b.csv")
    assert uploads.datasets.read("churn/b.csv", old) == b"1"


def test_what_is_not_there_is_missing(uploads: Uploads) -> None:
    uploads.upload("churn/b.csv", b"1")
    for key, version in (("churn/b.csv", "v99"), ("churn/nothing.csv", "v1")):
        with pytest.raises(ArtifactMissingError, match="version"):
            uploads.datasets.read(key, version)


def test_what_counts_now_is_read_with_its_version(uploads: Uploads) -> None:
    uploads.upload("dvc/ab/c", b"1")
    newest = uploads.upload("dvc/ab/c", b"22")
    assert uploads.datasets.read_newest("dvc/ab/c") == (newest, b"22")
    with pytest.raises(ArtifactMissingError):
        uploads.datasets.read_newest("dvc/ab/d")


def test_a_bucket_without_versions_is_read_like_any_other(aws: Aws) -> None:
    aws.s3.create_bucket(Bucket="team-data")
    aws.s3.put_object(Bucket="team-data", Key="dvc/ab/c", Body=b"1")
    version, content = aws.datasets.read_newest("dvc/ab/c", bucket="team-data")
    assert (version, content) == ("null", b"1")
    assert aws.datasets.read("dvc/ab/c", version, bucket="team-data") == b"1"
