"""A run pins the history that its rows are joined with, as it pins the rows."""

import csv
import io
import json
from datetime import UTC, datetime, timedelta

import pytest

from functions.resolve_dataset.handler import handle as resolve_dataset
from functions.validate_dataset.handler import handle as validate_dataset
from lambdaloop.domain.artifact import Artifact
from lambdaloop.domain.dataset import Dataset
from lambdaloop.domain.documents import Document, from_document
from lambdaloop.domain.errors import DatasetInvalidError
from lambdaloop.domain.feature_history import history_key, write_history
from lambdaloop.domain.online_rules import FeatureGroup, Online
from lambdaloop.domain.stored_features import StoredRow
from lambdaloop.services.load_table import load_table
from tests.unit.services.training_run import Workshop
from tests.unit.training.sample_data import definition, sample_csv

RUN = {"run": {"id": "run-1", "model": "sample", "reason": "new data", "requested_by": "ml-team"}}
ASKED = datetime(2026, 3, 1, tzinfo=UTC)
MODEL = definition(
    online=Online(groups={"scores": FeatureGroup(features={"score": 0.0}, ttl="7d")}, event_time="asked_at")
)


def without_score() -> bytes:
    """The sample data, where the score is to come from the store."""
    header, *rows = csv.reader(io.StringIO(sample_csv().decode(), newline=""))
    place = header.index("score")
    stream = io.StringIO(newline="")
    writer = csv.writer(stream)
    writer.writerow([*header[:place], *header[place + 1 :], "asked_at"])
    writer.writerows([*row[:place], *row[place + 1 :], ASKED.isoformat()] for row in rows)
    return stream.getvalue().encode()


def put(made: Workshop, *, days: float, score: float, group: str = "scores") -> str:
    rows = [
        StoredRow(
            entity=f"c-{number}",
            event_time=ASKED - timedelta(days=days),
            put_at=ASKED,
            values={"score": score + number},
        )
        for number in range(300)
    ]
    key = history_key(group, rows)
    made.datasets.upload(key, write_history(rows))
    return key


def resolve(made: Workshop) -> tuple[Dataset, Document, Artifact]:
    answer = resolve_dataset(RUN, made.app)
    manifest = from_document(Artifact, answer["manifest"])
    return from_document(Dataset, json.loads(made.artifacts.get(manifest))), answer, manifest


def scores(made: Workshop, manifest: Artifact) -> list[str]:
    table = load_table(manifest, definition=made.definition, artifacts=made.artifacts, datasets=made.datasets)
    return table.column("score")


def test_the_manifest_names_the_history_and_the_rows_are_joined_with_it() -> None:
    made = Workshop(MODEL, without_score())
    key = put(made, days=1, score=0.5)
    put(made, days=1, score=9.0, group="another")
    dataset, answer, manifest = resolve(made)
    assert [(file.group, file.key, file.version_id) for file in dataset.history] == [("scores", key, "v1")]
    assert scores(made, manifest)[:3] == ["0.5", "1.5", "2.5"]
    assert validate_dataset({**RUN, "dataset": answer}, made.app)["rows"] == 400


def test_what_is_put_later_changes_the_next_dataset_and_not_the_pinned_one() -> None:
    made = Workshop(MODEL, without_score())
    put(made, days=1, score=0.5)
    _, before, manifest = resolve(made)
    put(made, days=0.5, score=7.0)
    assert scores(made, manifest)[0] == "0.5"
    _, after, manifest = resolve(made)
    assert after["digest"] != before["digest"]
    assert scores(made, manifest)[0] == "7.0"


def test_data_that_bring_all_columns_pin_no_history() -> None:
    made, plain = Workshop(MODEL, sample_csv()), Workshop(definition(), sample_csv())
    put(made, days=1, score=0.5)
    dataset, answer, _ = resolve(made)
    assert dataset.history == ()
    assert answer["digest"] == resolve(plain)[1]["digest"]


def test_nothing_put_is_the_default_for_every_row() -> None:
    made = Workshop(MODEL, without_score())
    assert set(scores(made, resolve(made)[2])) == {"0.0"}


def test_a_file_that_is_no_history_is_told_by_name() -> None:
    made = Workshop(MODEL, without_score())
    made.datasets.upload("features/scores/history/mine.csv", b"customer,score\nc-1,1\n")
    with pytest.raises(
        DatasetInvalidError, match=r"history/mine\.csv: a history has the columns entity, event_time"
    ):
        scores(made, resolve(made)[2])
