"""Pointer files of DVC: the data they stand for are found, checked and pinned, in both layouts of a remote."""

import hashlib
import json
from dataclasses import replace

import pytest

from functions.resolve_dataset.handler import handle
from lambdaloop.domain.artifact import Artifact
from lambdaloop.domain.dataset import Dataset
from lambdaloop.domain.definition import Data
from lambdaloop.domain.documents import from_document
from lambdaloop.domain.errors import DatasetEmptyError, DatasetInvalidError
from lambdaloop.services.load_table import load_table
from tests.unit.services.training_run import Workshop
from tests.unit.training.sample_data import definition, sample_csv
from tests.unit.training.typed_samples import parquet, sample_columns

RUN = {"run": {"id": "run-1", "model": "sample", "reason": "new data", "requested_by": "ml-team"}}
BUCKET = "team-data"


def md5(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def workshop(remote: str | None = f"s3://{BUCKET}/dvc") -> Workshop:
    return Workshop(replace(definition(), data=Data(location="sample/", dvc_remote=remote)))


def push(
    made: Workshop, content: bytes, *, layout: int = 3, digest: str | None = None, bucket: str | None = BUCKET
) -> str:
    """What `dvc push` does."""
    name = digest or md5(content)
    folder = "dvc/files/md5" if layout == 3 else "dvc"
    made.datasets.upload(f"{folder}/{name[:2]}/{name[2:]}", content, bucket=bucket)
    return name


def point(made: Workshop, path: str, digest: str, *, layout: int = 3, size: int | None = None) -> None:
    """What `dvc add` writes, uploaded."""
    lines = ["outs:", f"- md5: {digest}", *(["  hash: md5"] if layout == 3 else [])]
    lines += [f"  size: {size}"] if size is not None else []
    text = "\n".join([*lines, f"  path: {path}", ""])
    made.datasets.upload(f"sample/{path}.dvc", text.encode())


def resolved(made: Workshop) -> tuple[Artifact, Dataset]:
    artifact = from_document(Artifact, handle(RUN, made.app)["manifest"])
    return artifact, from_document(Dataset, json.loads(made.artifacts.get(artifact)))


@pytest.mark.parametrize("layout", [2, 3])
def test_a_pointer_leads_to_the_same_dataset_as_the_file_itself(layout: int) -> None:
    content = sample_csv()
    made, plain = workshop(), Workshop(definition(), content)
    point(made, "train.csv", push(made, content, layout=layout), layout=layout, size=len(content))
    artifact, dataset = resolved(made)
    [file] = dataset.files
    assert (file.bucket, file.version_id, file.rows) == (BUCKET, "v1", 400)
    assert file.key == f"dvc/{'files/md5/' if layout == 3 else ''}{md5(content)[:2]}/{md5(content)[2:]}"
    assert file.source == "sample/train.csv"
    assert dataset.digest == resolved(plain)[1].digest, "the same data, wherever they lie"
    assert [(each.key, each.md5) for each in dataset.pointers] == [("sample/train.csv.dvc", (md5(content),))]
    table = load_table(artifact, definition=made.definition, artifacts=made.artifacts, datasets=made.datasets)
    assert table.where(399) == "sample/train.csv row 400"


def test_what_is_pushed_later_does_not_change_a_pinned_dataset() -> None:
    content = sample_csv()
    made = workshop()
    name = push(made, content)
    point(made, "train.csv", name)
    artifact, _ = resolved(made)
    push(made, b"overwritten", digest=name)
    table = load_table(artifact, definition=made.definition, artifacts=made.artifacts, datasets=made.datasets)
    assert len(table.rows) == 400


def test_a_directory_is_all_of_its_files_that_are_data_in_the_order_of_their_names() -> None:
    made = workshop()
    parts = {"b.csv": sample_csv(), "2026/a.parquet": parquet(sample_columns()), "readme.md": b"no data"}
    entries = [{"md5": push(made, content), "relpath": name} for name, content in parts.items()]
    listing = json.dumps(entries).encode()
    point(made, "parts", push(made, listing, digest=f"{md5(listing)}.dir"), size=99)
    _, dataset = resolved(made)
    assert [(file.source, file.rows) for file in dataset.files] == [
        ("sample/parts/2026/a.parquet", 400),
        ("sample/parts/b.csv", 400),
    ]


def test_a_remote_may_be_a_folder_of_the_data_bucket() -> None:
    made = workshop("dvc/")
    point(made, "train.csv", push(made, sample_csv(), bucket=None))
    assert resolved(made)[1].files[0].bucket is None


def test_an_old_pointer_means_text_whose_lines_end_as_on_unix() -> None:
    made = workshop()
    windows = sample_csv().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    unix = md5(windows.replace(b"\r\n", b"\n"))
    point(made, "train.csv", push(made, windows, layout=2, digest=unix), layout=2)
    assert resolved(made)[1].rows == 400


def test_bytes_that_are_not_those_of_the_pointer_are_refused() -> None:
    made = workshop()
    name = push(made, b"a,b\n1,2\n")
    push(made, b"a,b\n1,3\n", digest=name)
    point(made, "train.csv", name)
    with pytest.raises(
        DatasetInvalidError, match=rf"sample/train\.csv\.dvc: train\.csv has md5 .* the pointer says {name}"
    ):
        resolved(made)


def test_another_size_is_told() -> None:
    made = workshop()
    point(made, "train.csv", push(made, b"a,b\n1,2\n"), size=9)
    with pytest.raises(
        DatasetInvalidError, match=r"train\.csv has 8 bytes in the remote, the pointer says 9"
    ):
        resolved(made)


def test_a_pointer_without_a_remote_says_where_to_name_it() -> None:
    made = workshop(None)
    point(made, "train.csv", md5(b""))
    with pytest.raises(DatasetInvalidError, match=r"say in data\.dvc_remote where its remote is"):
        resolved(made)


def test_data_that_were_not_pushed_are_told_so() -> None:
    made = workshop()
    point(made, "train.csv", md5(b"elsewhere"))
    with pytest.raises(DatasetInvalidError, match=r"train\.csv is not in the remote: `dvc push` it"):
        resolved(made)


def test_rows_are_not_counted_twice_where_the_data_lie_beside_their_pointer() -> None:
    made = workshop()
    point(made, "train.csv", push(made, sample_csv()))
    made.datasets.upload("sample/train.csv", sample_csv())
    with pytest.raises(DatasetInvalidError, match=r"sample/train\.csv lies beside sample/train\.csv\.dvc"):
        resolved(made)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a: [", "is no pointer file of DVC"),
        ("outs: []", "it has no list of outs"),
        ("- md5: x", "it has no list of outs"),
        ("outs:\n- etag: abc\n  path: a.csv", "a.csv is not named by its md5"),
        ("outs:\n- md5: ../../secrets\n  path: a.csv", "'../../secrets' is no md5"),
        (
            f"outs:\n- md5: {'a' * 32}\n  hash: md5\n  path: model.bin",
            "names model.bin, which is no data by its name",
        ),
        ("outs:\n- !!python/object/apply:os.system ['true']", "is no pointer file of DVC"),
    ],
)
def test_what_is_no_pointer_to_data_is_refused_by_name(text: str, problem: str) -> None:
    made = workshop()
    made.datasets.upload("sample/x.dvc", text.encode())
    with pytest.raises(DatasetInvalidError, match=rf"sample/x\.dvc.*{problem}"):
        resolved(made)


def test_a_directory_without_data_is_nothing_to_train_on() -> None:
    made = workshop()
    point(made, "parts", push(made, b"[]", digest=f"{md5(b'[]')}.dir"))
    with pytest.raises(DatasetEmptyError, match="lead to no data"):
        resolved(made)


@pytest.mark.parametrize("remote", ["https://x/y", "s3://", "s3://B/x", "s3://bucket/*", "", "/"])
def test_a_remote_that_is_none_is_refused_by_the_definition(remote: str) -> None:
    with pytest.raises(ValueError, match="dvc_remote must be s3://BUCKET/PREFIX"):
        Data(location="sample/", dvc_remote=remote)
