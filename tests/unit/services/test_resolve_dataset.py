import hashlib
import json

import pytest

from functions.resolve_dataset.handler import handle
from lambdaloop.domain.artifact import Artifact
from lambdaloop.domain.dataset import Dataset
from lambdaloop.domain.documents import Document, from_document
from lambdaloop.domain.errors import DatasetEmptyError, DatasetInvalidError
from lambdaloop.services.load_table import load_table
from tests.unit.services.training_run import Workshop
from tests.unit.training.sample_data import definition, sample_csv

RUN = {"run": {"id": "run-1", "model": "sample", "reason": "new data", "requested_by": "ml-team"}}


def workshop(**files: str) -> Workshop:
    made = Workshop(definition())
    for name, content in files.items():
        made.datasets.upload(f"sample/{name}.csv", content.encode())
    return made


def resolve(made: Workshop) -> Document:
    return handle(RUN, made.app)


def manifest(made: Workshop) -> Dataset:
    artifact = from_document(Artifact, resolve(made)["manifest"])
    return from_document(Dataset, json.loads(made.artifacts.get(artifact)))


def test_files_are_pinned_by_version_digest_and_rows() -> None:
    text = 'a,b\n1,"x\ny"\n2,"z, w"\n'
    made = workshop(two="a,b\n3,c\n", one=text)
    dataset = manifest(made)
    assert [file.key for file in dataset.files] == ["sample/one.csv", "sample/two.csv"]
    assert [file.rows for file in dataset.files] == [2, 1]
    assert dataset.files[0].sha256 == hashlib.sha256(text.encode()).hexdigest()
    assert dataset.files[0].version_id == "v1"
    assert dataset.columns == ("a", "b")


def test_the_same_content_has_the_same_digest_wherever_it_lies() -> None:
    one, other = workshop(one="a\n1\n"), workshop(other="a\n1\n")
    assert resolve(one)["digest"] == resolve(other)["digest"]
    assert resolve(one)["digest"] != resolve(workshop(one="a\n2\n"))["digest"]


def test_the_run_is_recorded_even_if_there_are_no_data() -> None:
    made = workshop()
    with pytest.raises(
        DatasetEmptyError,
        match=r"no \.csv, \.parquet, \.jsonl, \.ndjson object under 'sample/' in the data bucket",
    ):
        resolve(made)
    assert made.registry.run("sample", "run-1").status == "running"
    assert made.registry.run("sample", "run-1").started_at == made.clock.now()


def test_headers_without_rows_are_nothing_to_train_on() -> None:
    with pytest.raises(DatasetEmptyError, match="the 2 files under 'sample/' have headers but no rows"):
        resolve(workshop(one="a,b\n", two="a,b\n"))


@pytest.mark.parametrize(
    ("other", "problem"),
    [
        ("a,c\n1,2\n", "two.csv lacks 'b'; sample/two.csv adds 'c'"),
        ("b,a\n1,2\n", "two.csv has them in another order: 'b', 'a'"),
    ],
)
def test_files_with_other_columns_are_refused_by_name(other: str, problem: str) -> None:
    with pytest.raises(DatasetInvalidError, match=problem) as caught:
        resolve(workshop(one="a,b\n1,2\n", two=other))
    assert "columns of sample/one.csv" in str(caught.value)


def test_a_file_that_is_no_csv_is_refused_by_name() -> None:
    with pytest.raises(DatasetInvalidError, match=r"sample/two\.csv: row 1 has 1 fields, the header has 2"):
        resolve(workshop(one="a,b\n1,2\n", two="a,b\n1\n"))


def test_what_is_uploaded_later_does_not_change_a_pinned_dataset() -> None:
    made = Workshop(definition(), sample_csv())
    artifact = from_document(Artifact, resolve(made)["manifest"])
    before = load_table(
        artifact, definition=made.definition, artifacts=made.artifacts, datasets=made.datasets
    )
    made.datasets.upload("sample/part-0.csv", sample_csv(seed=5))
    after = load_table(artifact, definition=made.definition, artifacts=made.artifacts, datasets=made.datasets)
    assert after.rows == before.rows
    assert len(before.rows) == 400


def test_bytes_that_are_not_those_that_were_pinned_are_refused() -> None:
    made = Workshop(definition(), sample_csv())
    artifact = from_document(Artifact, resolve(made)["manifest"])
    other = Workshop(definition(), sample_csv(seed=1))
    with pytest.raises(DatasetInvalidError, match="has other bytes than when it was pinned"):
        load_table(artifact, definition=made.definition, artifacts=made.artifacts, datasets=other.datasets)
