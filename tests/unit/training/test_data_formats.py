"""CSV, Parquet and JSON Lines of the same rows train the same model; what is wrong in one is told by file and row."""

import json
from datetime import UTC, datetime

import pytest
from arro3.core import Array, DataType

from functions.resolve_dataset.handler import handle
from lambdaloop.domain.artifact import Artifact
from lambdaloop.domain.dataset import Dataset
from lambdaloop.domain.documents import from_document
from lambdaloop.domain.errors import DatasetInvalidError
from lambdaloop.domain.typed_cells import spell
from lambdaloop.services.load_table import load_table
from lambdaloop.training.preparation import PreparedData, prepare
from tests.unit.services.training_run import Workshop
from tests.unit.training.sample_data import definition, sample_csv
from tests.unit.training.typed_samples import json_lines, parquet, sample_columns

RUN = {"run": {"id": "run-1", "model": "sample", "reason": "new data", "requested_by": "ml-team"}}


def workshop(**files: bytes) -> Workshop:
    made = Workshop(definition())
    for name, content in files.items():
        made.datasets.upload(f"sample/{name.replace('_', '.')}", content)
    return made


def prepared(made: Workshop) -> PreparedData:
    manifest = from_document(Artifact, handle(RUN, made.app)["manifest"])
    table = load_table(manifest, definition=made.definition, artifacts=made.artifacts, datasets=made.datasets)
    return prepare(table, made.definition)


def manifest(made: Workshop) -> Dataset:
    artifact = from_document(Artifact, handle(RUN, made.app)["manifest"])
    return from_document(Dataset, json.loads(made.artifacts.get(artifact)))


@pytest.mark.parametrize(
    "compression", ["uncompressed", "snappy", "gzip(6)", "zstd(3)", "brotli(3)", "lz4_raw"]
)
def test_parquet_trains_what_csv_of_the_same_rows_would(compression: str) -> None:
    wanted = prepared(workshop(a_csv=sample_csv()))
    content = parquet(sample_columns(), compression=compression, max_row_group_size=150)
    found = prepared(workshop(a_parquet=content))
    assert found.frame.equals(wanted.frame)
    assert (found.target == wanted.target).all()
    assert (found.holdout == wanted.holdout).all(), "rows stay on their side of the holdout"


def test_json_lines_train_what_csv_of_the_same_rows_would() -> None:
    wanted = prepared(workshop(a_csv=sample_csv()))
    found = prepared(workshop(a_jsonl=json_lines(sample_columns())))
    assert found.frame.equals(wanted.frame)
    assert (found.holdout == wanted.holdout).all()


def test_without_an_entity_rows_of_each_format_fall_on_the_same_side() -> None:
    columns = sample_columns()
    columns["age"] = [value or 30 for value in columns["age"]]
    sides = []
    for name, content in (("a_parquet", parquet(columns)), ("a_jsonl", json_lines(columns))):
        made = workshop(**{name: content})
        made.deploy(definition(entity=None))
        sides.append(prepared(made).holdout)
    assert (sides[0] == sides[1]).all()


def test_files_of_all_formats_are_one_dataset_whatever_the_order_of_their_columns() -> None:
    columns = sample_columns()
    turned = dict(reversed(columns.items()))
    dataset = manifest(
        made := workshop(c_csv=sample_csv(), a_parquet=parquet(turned), b_ndjson=json_lines(turned))
    )
    assert [(file.key, file.rows) for file in dataset.files] == [
        ("sample/a.parquet", 400),
        ("sample/b.ndjson", 400),
        ("sample/c.csv", 400),
    ]
    assert dataset.columns[:2] == ("customer", "comment"), "as the CSV has them"
    frame = prepared(made).frame
    for first in (400, 800):
        part = frame.iloc[first : first + 400].reset_index(drop=True)
        assert part.equals(frame.iloc[:400])


def test_a_column_that_only_some_lines_have_is_a_column() -> None:
    dataset = manifest(workshop(a_jsonl=b'{"a": 1}\n{"b": null, "a": 2}\n\n{"c": true}\n'))
    assert (dataset.columns, dataset.rows) == (("a", "b", "c"), 3)


def test_json_lines_may_leave_out_columns_but_not_add_any() -> None:
    assert manifest(workshop(a_csv=b"a,b\n1,2\n", b_jsonl=b'{"a": 1}\n')).rows == 2
    with pytest.raises(DatasetInvalidError, match=r"columns of sample/a\.csv: sample/b\.jsonl adds 'c'"):
        manifest(workshop(a_csv=b"a,b\n1,2\n", b_jsonl=b'{"c": 1}\n'))


def test_parquet_must_have_all_columns() -> None:
    with pytest.raises(DatasetInvalidError, match=r"sample/b\.parquet lacks 'b'"):
        manifest(workshop(a_csv=b"a,b\n1,2\n", b_parquet=parquet({"a": [1]})))


@pytest.mark.parametrize(
    ("column", "value", "problem"),
    [
        (
            "age",
            "41",
            r"column 'age': 1 × text where a number is wanted, first '41' in sample/a\.jsonl row 3",
        ),
        (
            "plan",
            1.5,
            r"column 'plan': 1 × a number with a fraction part where a whole number or text is wanted",
        ),
        ("active", "true", r"column 'active': 1 × text where a truth or a whole number is wanted"),
        ("customer", 1.0, r"column 'customer': 1 × a number with a fraction part where"),
        ("outcome", True, r"column 'outcome': 1 × a truth where a whole number or text is wanted"),
        ("amount", [1], r"column 'amount': 1 × a list where a number is wanted, first \[1\]"),
    ],
)
def test_a_value_of_another_type_is_told_by_file_and_row(column: str, value: object, problem: str) -> None:
    columns = sample_columns()
    columns[column][2] = value
    with pytest.raises(DatasetInvalidError, match=problem):
        prepared(workshop(a_jsonl=json_lines(columns)))


def test_text_where_the_definition_wants_numbers_is_told_in_parquet_too() -> None:
    columns = sample_columns()
    columns["age"] = ["41"] * 400
    with pytest.raises(
        DatasetInvalidError, match=r"'age': 400 × text .* first '41' in sample/a\.parquet row 1:"
    ):
        prepared(workshop(a_parquet=parquet(columns)))


def test_a_whole_number_names_a_category_and_an_entity_by_its_digits() -> None:
    columns = sample_columns()
    columns["customer"] = [int(text.removeprefix("c-")) for text in columns["customer"]]
    texts = {**columns, "customer": [str(number) for number in columns["customer"]]}
    numbers, words = (prepared(workshop(a_parquet=parquet(each))) for each in (columns, texts))
    assert (numbers.holdout == words.holdout).all()


def test_nan_is_a_missing_value_and_infinity_is_none() -> None:
    columns = sample_columns()
    columns["score"][0] = float("nan")
    columns["amount"][1] = float("inf")
    with pytest.raises(DatasetInvalidError) as caught:
        prepared(workshop(a_parquet=parquet(columns)))
    assert str(caught.value) == (
        "column 'amount': 1 × not a finite number, first 'inf' in sample/a.parquet row 2"
    )


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "is no whole Parquet file: upload it again"),
        (b"a,b\n1,2\n3,4\n", "is no whole Parquet file"),
        (b"PAR1" + b"\0" * 20 + b"\xff\0\0\0PAR1", "cannot be read as Parquet"),
        (b"PAR1" + b"\0" * 20 + b"PARE", "is encrypted Parquet: write it without a key"),
    ],
)
def test_what_is_no_parquet_is_refused_by_name(content: bytes, problem: str) -> None:
    with pytest.raises(DatasetInvalidError, match=rf"sample/a\.parquet {problem}"):
        manifest(workshop(a_parquet=content))


def test_a_damaged_page_is_found_when_the_dataset_is_resolved() -> None:
    content = bytearray(parquet({"a": [str(n) * 9 for n in range(4000)]}, compression="zstd(3)"))
    content[60:400] = bytes(340)
    with pytest.raises(DatasetInvalidError, match=r"sample/a\.parquet cannot be read as Parquet"):
        manifest(workshop(a_parquet=bytes(content)))


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (b"{", "line 2 is no JSON object"),
        (b"[1]", "line 2 is list, not a JSON object"),
        (b'{"a": 1, "a": 2}', "line 2 is no JSON object: 'a' is there twice"),
        (b'{"a": NaN}', "line 2 is no JSON object: NaN is no JSON: write null for a missing value"),
        (b'{"a": "\xff"}', "line 2 is not UTF-8"),
        (b"[" * 100_000, "line 2 is no JSON object"),
    ],
    ids=["open", "list", "twice", "nan", "bytes", "deep"],
)
def test_what_is_no_json_line_is_refused_by_its_line(line: bytes, problem: str) -> None:
    with pytest.raises(DatasetInvalidError, match=rf"sample/a\.jsonl: {problem}"):
        manifest(workshop(a_jsonl=b'{"a": 1}\n' + line + b"\n"))


def test_times_of_parquet_are_read_as_times() -> None:
    moment = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
    stored = Array([int(moment.timestamp()) * 10**6, None], type=DataType.int64())
    found = stored.cast(DataType.timestamp("us", tz="UTC")).to_pylist()
    assert spell(found) == ["2026-03-02T09:30:00+00:00", ""]
