import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdaloop.domain.compiled import Part, pack_part, unpack_part, walk_parts
from lambdaloop.domain.errors import ArtifactCorruptError

PART = Part(
    kind="outer",
    values={"text": "ünïcödé", "number": 0.1, "list": ["a", "b"]},
    arrays={
        "doubles": np.array([[0.1, np.nan, -np.inf], [1e308, 5e-324, -0.0]]),
        "empty": np.zeros((0, 3)),
        "bytes": np.arange(5, dtype=np.uint8),
    },
    parts=(
        Part(kind="inner", arrays={"integers": np.arange(7, dtype=np.int32)}),
        Part(kind="inner", arrays={"turned": np.arange(6.0).reshape(2, 3).T}),
    ),
)


def test_a_part_reads_back_bit_for_bit() -> None:
    read = unpack_part(pack_part(PART))
    for one, other in zip(walk_parts(PART), walk_parts(read), strict=True):
        assert (one.kind, dict(one.values)) == (other.kind, dict(other.values))
        assert one.arrays.keys() == other.arrays.keys()
        for name, array in one.arrays.items():
            assert other.arrays[name].dtype == array.dtype
            assert other.arrays[name].shape == array.shape
            assert other.arrays[name].tobytes() == array.tobytes()


def test_equal_parts_have_equal_bytes_and_arrays_are_read_in_place() -> None:
    content = pack_part(PART)
    assert pack_part(unpack_part(content)) == content
    assert not any(
        array.flags.owndata for part in walk_parts(unpack_part(content)) for array in part.arrays.values()
    )


def test_objects_are_no_arrays() -> None:
    with pytest.raises(ValueError, match="array 'odd' of part 'outer' has the type"):
        pack_part(Part(kind="outer", arrays={"odd": np.array(["a", None], dtype=object)}))


@given(st.binary(max_size=200), st.integers(0, 400))
def test_bytes_that_are_no_compiled_model_are_corrupt(noise: bytes, cut: int) -> None:
    for content in (noise, pack_part(PART)[: min(cut, len(pack_part(PART)) - 1)]):
        with pytest.raises(ArtifactCorruptError, match="package the version again"):
            unpack_part(content)


def test_a_header_cannot_ask_for_objects() -> None:
    content = pack_part(PART).replace(b'"<i4"', b'"|O8"')
    with pytest.raises(ArtifactCorruptError, match="an array has the type"):
        unpack_part(content)
