import pytest

from lambdaloop.domain.csv_rows import read_csv
from lambdaloop.domain.errors import DatasetInvalidError


def rows(content: str) -> list[list[str]]:
    return list(read_csv(content.encode(), source="data/a.csv")[1])


def test_a_quoted_field_may_hold_commas_quotes_and_line_breaks() -> None:
    assert rows('a,b\n"x,\r\n""y""",2\r\n3,4') == [['x,\r\n"y"', "2"], ["3", "4"]]


def test_blank_lines_are_no_rows_and_a_byte_order_mark_is_no_column() -> None:
    columns, found = read_csv("\ufeffa,b\n\n1,2\n\n".encode(), source="data/a.csv")
    assert columns == ("a", "b")
    assert list(found) == [["1", "2"]]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "has no header"),
        (b"a,b,a\n", "column names must differ, repeated: 'a'"),
        (b"a,b\n1,2\n1,2,3\n", "row 2 has 3 fields, the header has 2"),
        (b'a,b\n1,"2\n', "line 2 is not CSV: unexpected end of data"),
        (b"a\n\xff\n", "byte 2 is not UTF-8"),
    ],
)
def test_what_is_no_csv_is_refused_with_file_place_and_fix(content: bytes, problem: str) -> None:
    with pytest.raises(DatasetInvalidError, match=problem) as caught:
        list(read_csv(content, source="data/a.csv")[1])
    assert str(caught.value).startswith("data/a.csv: ")
