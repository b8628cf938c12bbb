"""The site's training data as two teams would bring them: half in a CSV file, half as Parquet that DVC keeps."""

import csv
import hashlib
from pathlib import Path
from typing import Any

import boto3

from lambdaloop.domain.definition import ModelDefinition
from tests.unit.training.typed_samples import parquet

REMOTE = "dvc/"
_READ: dict[str, Any] = {"number": float, "integer": int, "boolean": lambda text: text.lower() == "true"}


def name_remote(definition: Path) -> None:
    """Say in a drafted definition where DVC's remote is."""
    text = definition.read_text(encoding="utf-8")
    named = text.replace("\ndata:\n", f"\ndata:\n  dvc_remote: {REMOTE}\n")
    assert named != text
    definition.write_text(named, encoding="utf-8")


def upload(uploaded: Path, *, definition: ModelDefinition, name: str, bucket: str) -> None:
    """Put the halves where training looks for them, and where the pointer leads."""
    with uploaded.open(newline="", encoding="utf-8") as file:
        header, *rows = csv.reader(file)
    half = len(rows) // 2
    first = uploaded.with_name("first.csv")
    with first.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *rows[:half]])
    columns = dict(zip(header, map(list, zip(*rows[half:], strict=True)), strict=True))
    second = parquet({column: _typed(column, texts, definition) for column, texts in columns.items()})
    digest = hashlib.md5(second, usedforsecurity=False).hexdigest()
    pointer = f"outs:\n- md5: {digest}\n  size: {len(second)}\n  hash: md5\n  path: second.parquet\n"
    location = definition.data.location
    s3 = boto3.client("s3")
    s3.upload_file(str(first), bucket, f"{location}{name}")
    s3.put_object(Bucket=bucket, Key=f"{REMOTE}files/md5/{digest[:2]}/{digest[2:]}", Body=second)
    s3.put_object(Bucket=bucket, Key=f"{location}second.parquet.dvc", Body=pointer.encode())


def _typed(column: str, texts: list[str], definition: ModelDefinition) -> list[Any]:
    feature = definition.features.get(column)
    read = _READ.get(feature.type, str) if feature else str
    return [None if text == "" else read(text) for text in texts]
