import io
import zipfile

import pytest

from lambdaloop.domain.bundle import Bundle, pack_bundle, unpack_bundle
from lambdaloop.domain.definition import Feature
from lambdaloop.domain.errors import ArtifactCorruptError
from lambdaloop.domain.golden import GoldenOutput, GoldenRows
from lambdaloop.domain.signature import Signature

GOLDEN = GoldenRows(
    rows=({"zip": "x", "age": None}, {"zip": None, "age": 0.1}),
    outputs=(
        GoldenOutput(value=1, probabilities={"0": 0.25, "1": 0.75}, margin=0.5),
        GoldenOutput(value=0, probabilities={"0": 1 / 3, "1": 2 / 3}, margin=1 / 3),
    ),
)
BUNDLE = Bundle(
    signature=Signature(
        model="churn",
        task="binary",
        features={
            "zip": Feature(type="category", categories=("x",), nullable=True),
            "age": Feature(type="number", nullable=True),
        },
        classes=(0, 1),
    ),
    model=b"graph",
    golden_json=GOLDEN.to_json(),
)


def test_a_bundle_reads_back_with_its_columns_in_order() -> None:
    read = unpack_bundle(pack_bundle(BUNDLE))
    assert read == BUNDLE
    assert list(read.signature.features) == ["zip", "age"]
    assert read.golden() == GOLDEN


def test_the_same_bundle_has_the_same_bytes() -> None:
    assert pack_bundle(BUNDLE) == pack_bundle(unpack_bundle(pack_bundle(BUNDLE)))


def test_no_date_and_no_machine_is_part_of_the_bytes() -> None:
    with zipfile.ZipFile(io.BytesIO(pack_bundle(BUNDLE))) as archive:
        entries = archive.infolist()
    assert [entry.filename for entry in entries] == ["signature.json", "model.compiled", "golden.json"]
    assert {entry.date_time for entry in entries} == {(1980, 1, 1, 0, 0, 0)}
    assert {entry.create_system for entry in entries} == {3}


def test_nothing_is_compressed_so_that_loading_is_copying() -> None:
    assert b"graph" in pack_bundle(BUNDLE)


@pytest.mark.parametrize("content", [b"", b"not a zip", pack_bundle(BUNDLE)[:-30]])
def test_what_is_no_bundle_is_refused(content: bytes) -> None:
    with pytest.raises(ArtifactCorruptError, match="package the version again"):
        unpack_bundle(content)


def test_a_flipped_byte_of_the_graph_is_noticed_by_the_archive_itself() -> None:
    with pytest.raises(ArtifactCorruptError, match="CRC"):
        unpack_bundle(pack_bundle(BUNDLE).replace(b"graph", b"grapf"))


def test_golden_rows_that_cannot_be_read_are_refused() -> None:
    broken = Bundle(signature=BUNDLE.signature, model=b"", golden_json=b'{"rows": [{}], "outputs": []}')
    with pytest.raises(ArtifactCorruptError, match=r"golden\.json"):
        broken.golden()
