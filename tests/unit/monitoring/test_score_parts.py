"""Scores that wait for their labels."""

import numpy as np

from lambdaloop.monitoring.score_parts import (
    ScoredRows,
    SegmentCodes,
    find_ids,
    join_rows,
    read_scores,
    segments_of,
    write_scores,
)

IDS = np.array([f"{number:032x}" for number in (7, 3, 5)], dtype="S32")


def scored(
    release: int = 1, *, names: tuple[str, ...] = ("plan=a", "plan=b"), loss: bool = False
) -> ScoredRows:
    return ScoredRows(
        release=release,
        version=2,
        variant="größer",
        ids=IDS,
        scores=np.array([[0.25, 0.75], [1.0, 0.0], [0.1, 0.9]]),
        loss=np.array([[1.0, 2.0]] * 3) if loss else None,
        segments={"plan": SegmentCodes(names=names, codes=np.array([0, 1, 0], dtype=np.int16))}
        if names
        else {},
    )


def same(one: ScoredRows, other: ScoredRows) -> bool:
    return write_scores([one]) == write_scores([other])


def test_what_is_written_is_read_back_and_the_same_rows_give_the_same_bytes() -> None:
    parts = [scored(1, loss=True), scored(2)]
    content = write_scores(parts)
    found = read_scores(content)
    assert write_scores(found) == content == write_scores(parts)
    assert [each.whose for each in found] == [(1, 2, "größer"), (2, 2, "größer")]
    assert np.array_equal(found[0].scores, parts[0].scores)
    assert found[1].loss is None
    assert b"numpy" not in content.lower().replace(b"\x93numpy", b"")  # no pickled objects


def test_nothing_is_a_part_too() -> None:
    assert read_scores(write_scores([])) == []


def test_parts_of_one_variant_are_joined_and_others_stay_apart() -> None:
    joined = join_rows([scored(2), scored(1), scored(1).take(np.array([True, False, False]))])
    assert [(each.release, len(each.ids)) for each in joined] == [(1, 4), (2, 3)]
    assert joined[0].ids.tolist() == [*IDS.tolist(), IDS[0]]


def test_segments_are_joined_by_name_and_rows_from_before_have_none() -> None:
    joined = join_rows([scored(), scored(names=("plan=b", "plan=c")), scored(names=())])[0]
    members = dict(segments_of(joined.segments, len(joined.ids)))
    assert sorted(members) == ["", "plan=a", "plan=b", "plan=c"]
    assert np.flatnonzero(members["plan=a"]).tolist() == [0, 2]
    assert np.flatnonzero(members["plan=b"]).tolist() == [1, 3, 5]
    assert np.flatnonzero(members["plan=c"]).tolist() == [4]
    assert members[""].all()


def test_ids_are_found_in_any_order() -> None:
    wanted = np.array([f"{number:032x}" for number in (5, 6, 7, 99)], dtype="S32")
    assert find_ids(IDS, wanted).tolist() == [2, -1, 0, -1]
    assert find_ids(IDS[:0], wanted).tolist() == [-1] * 4
    assert find_ids(IDS, wanted[:0]).tolist() == []


def test_the_same_rows_may_be_taken_by_place_or_by_mask() -> None:
    assert same(scored().take(np.array([0, 2])), scored().take(np.array([True, False, True])))
