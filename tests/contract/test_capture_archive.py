"""What every capture archive promises: the in-memory one and S3."""

import gzip
import os
import tracemalloc
import zlib
from collections.abc import Callable
from typing import Any

import pytest

from lambdaloop.adapters.s3_capture import S3CaptureArchive, unpacked
from lambdaloop.domain.dataset import DataObject
from lambdaloop.domain.errors import ArtifactMissingError, SourceCorruptError, SourceTooLargeError
from tests.contract.aws import Aws
from tests.fakes.capture import InMemoryCaptureArchive

Archive = Any  # InMemoryCaptureArchive or S3CaptureArchive
BUCKET = "capture"
LIMIT = 100_000


@pytest.fixture(params=["fake", "s3"])
def archive(request: pytest.FixtureRequest) -> Archive:
    if request.param == "fake":
        return InMemoryCaptureArchive()
    aws: Aws = request.getfixturevalue("aws")
    aws.s3.create_bucket(Bucket=BUCKET)
    return S3CaptureArchive(bucket=BUCKET, client=aws.s3)


def stored(archive: Archive, content: bytes) -> DataObject:
    archive.save("raw/object", content)
    (found,) = archive.sources("raw/")
    source: DataObject = found
    return source


def test_what_is_saved_is_loaded_and_the_last_one_counts(archive: Archive) -> None:
    assert archive.load("days/a") is None
    archive.save("days/a", b"1")
    archive.save("days/a", b"\x1f\x8b is no reason to unpack")
    assert archive.load("days/a") == b"\x1f\x8b is no reason to unpack"


def test_keys_and_sources_below_a_prefix_are_sorted(archive: Archive) -> None:
    for key in ("raw/b", "raw/a/2", "raw/a/10", "rawer/x"):
        archive.save(key, key.encode())
    assert list(archive.keys("raw/")) == ["raw/a/10", "raw/a/2", "raw/b"]
    assert [(each.key, each.size) for each in archive.sources("raw/a/")] == [("raw/a/10", 8), ("raw/a/2", 7)]
    assert list(archive.keys("nothing/")) == []


def test_more_than_a_page_is_listed(archive: Archive) -> None:
    for number in range(1005):
        archive.save(f"raw/{number:04d}", b"")
    assert len(archive.keys("raw/")) == 1005


@pytest.mark.parametrize("content", [b"", b"plain", os.urandom(50_000), b"\x1e\x8b"])
def test_a_source_is_read_unpacked_or_as_it_is(archive: Archive, content: bytes) -> None:
    assert archive.read(stored(archive, content), limit=LIMIT) == content
    assert archive.read(stored(archive, gzip.compress(content)), limit=LIMIT) == content


def test_a_source_of_several_members_is_read_whole(archive: Archive) -> None:
    packed = gzip.compress(b"one\n") + gzip.compress(b"") + gzip.compress(b"two\n" * 20_000)
    assert archive.read(stored(archive, packed), limit=LIMIT) == b"one\n" + b"two\n" * 20_000


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_a_source_may_be_as_large_as_the_limit_and_no_larger(
    archive: Archive, pack: Callable[[bytes], bytes]
) -> None:
    assert len(archive.read(stored(archive, pack(b"x" * LIMIT)), limit=LIMIT)) == LIMIT
    with pytest.raises(SourceTooLargeError, match="bytes"):
        archive.read(stored(archive, pack(b"x" * (LIMIT + 1))), limit=LIMIT)


@pytest.mark.parametrize(
    "content",
    [
        gzip.compress(b"a line\n" * 100)[:-1],
        gzip.compress(b"a line\n" * 100)[:-30],
        b"\x1f\x8b",
        b"\x1f\x8bgarbage",
        gzip.compress(b"one") + b"garbage",
    ],
    ids=range(5),
)
def test_a_damaged_source_is_corrupt(archive: Archive, content: bytes) -> None:
    with pytest.raises(SourceCorruptError):
        archive.read(stored(archive, content), limit=LIMIT)


def test_a_source_that_is_gone_is_missing(archive: Archive) -> None:
    with pytest.raises(ArtifactMissingError, match="raw/gone"):
        archive.read(DataObject(key="raw/gone", version_id="", size=3), limit=LIMIT)


def test_a_bomb_is_never_unpacked_beyond_the_limit() -> None:
    packer = zlib.compressobj(wbits=31)
    bomb = b"".join(packer.compress(b"\0" * (1 << 20)) for _ in range(200)) + packer.flush()
    assert len(bomb) < 1 << 20
    tracemalloc.start()
    with pytest.raises(SourceTooLargeError):
        unpacked(bomb, limit=10 << 20, where="a bomb")
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 20 << 20
