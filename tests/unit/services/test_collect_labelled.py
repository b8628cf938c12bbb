"""What a retraining gets to learn from, whatever lies in the prediction log."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from functions.collect_labelled.handler import handle
from lambdaloop.domain.artifact import Artifact
from lambdaloop.domain.csv_rows import read_csv
from lambdaloop.domain.definition import ModelDefinition
from lambdaloop.domain.documents import Document, from_document
from lambdaloop.domain.monitoring_rules import Monitoring, Retraining
from lambdaloop.domain.prediction_id import new_prediction_id
from lambdaloop.domain.serving_rules import Serving
from lambdaloop.services.collect_labelled import Collected, CollectLimits, collect_labelled
from lambdaloop.services.label_join import JoinLimits
from tests.fakes.artifacts import InMemoryArtifactStore
from tests.fakes.capture import InMemoryCaptureArchive
from tests.fakes.datasets import InMemoryDatasetStore
from tests.unit.services.captured_log import deliver, feedback_line, log_rows, prediction_line
from tests.unit.services.training_run import Workshop
from tests.unit.training.sample_data import FEATURES, definition

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
ROW = {
    "plan": "basic",
    "amount": 20.5,
    "since": 1_600_000_000,
    "region (code)": "north",
    "age": 44,
    "score": -0.5,
    "active": True,
}


def captured_definition(**retraining: Any) -> ModelDefinition:
    return definition(
        serving=Serving(capture=tuple(FEATURES)),
        monitoring=Monitoring(min_labels=30),
        retraining=Retraining(**retraining),
    )


def some_rows(count: int, *, first: int = 0) -> list[tuple[Mapping[str, Any], str]]:
    """Told apart by their age."""
    return [({**ROW, "age": number}, "yes" if number % 2 else "no") for number in range(first, first + count)]


class Log:
    """A prediction log, the labels that users uploaded, and what is collected from them."""

    def __init__(self, model: ModelDefinition | None = None) -> None:
        self.model = model or captured_definition()
        self.archive = InMemoryCaptureArchive()
        self.datasets = InMemoryDatasetStore()
        self.artifacts = InMemoryArtifactStore()

    def collect(self, until: datetime | None, limits: CollectLimits | None = None) -> Collected:
        return collect_labelled(
            self.model,
            until=until,
            capture=self.archive,
            datasets=self.datasets,
            artifacts=self.artifacts,
            limits=limits,
        )

    def rows(self, collected: Collected) -> list[list[str]]:
        assert collected.file is not None, collected.reason
        columns, rows = read_csv(self.artifacts.get(collected.file), source="captured.csv")
        assert columns == (*FEATURES, "outcome", "prediction_id")
        return list(rows)

    def ages(self, collected: Collected) -> list[int]:
        return [int(row[4]) for row in self.rows(collected)]

    def add_noise(self, *lines: Document | str, at: datetime = START + 40 * HOUR) -> None:
        deliver(self.archive, lines, at=at, name="noise")


@pytest.fixture
def log() -> Log:
    """Eighty predictions, one each hour, labelled after a day."""
    filled = Log()
    log_rows(filled.archive, some_rows(80), since=START)
    return filled


END = START + 79 * HOUR + DAY


def test_rows_with_their_truth_come_in_the_order_of_their_predictions(log: Log) -> None:
    found = log.collect(END)
    assert (found.rows, found.reason) == (80, "80 captured rows with labels")
    assert log.ages(found) == list(range(80))
    assert log.rows(found)[1][:8] == ["basic", "20.5", "1600000000", "north", "1", "-0.5", "true", "yes"]
    assert not found.left_out


def test_what_became_known_later_is_not_known(log: Log) -> None:
    assert log.ages(log.collect(END - 5 * HOUR)) == list(range(75))


def test_a_label_that_came_a_moment_too_late_is_left_to_the_next_run(log: Log) -> None:
    late = prediction_line({**ROW, "age": 100}, at=START + 40 * HOUR)
    came = END + timedelta(minutes=12)
    log.add_noise(late, feedback_line(late["prediction_id"], "yes", at=came), at=END)
    assert 100 not in log.ages(log.collect(came - timedelta(minutes=2)))
    assert 100 in log.ages(log.collect(came))


def test_only_predictions_of_the_last_days_are_taken(log: Log) -> None:
    log.model = captured_definition(window_days=4)
    assert log.ages(log.collect(END)) == list(range(7, 80))
    assert not any("day=2026-03-01" in key for key in log.archive.reads)


def test_the_same_log_gives_the_same_artifact_in_whatever_order_and_however_often_it_was_delivered(
    log: Log,
) -> None:
    once = log.collect(END)
    other = Log()
    contents = list(log.archive.objects.values())
    for number, content in enumerate([*reversed(contents), *contents[:30]]):
        hour = START + 60 * HOUR
        other.archive.save(f"{deliver(other.archive, [], at=hour, name=f'{number:05d}')}", content)
    again = other.collect(END)
    assert again.file is not None
    assert once.file is not None
    assert again.file.sha256 == once.file.sha256


def test_labels_are_taken_from_uploaded_files_too(log: Log) -> None:
    bare = Log()
    bare.archive.objects = {k: v for k, v in log.archive.objects.items() if k.endswith("-row.gz")}
    ids = [row[-1] for row in log.rows(log.collect(END))]
    lines = [f"{each},{'yes' if number % 2 else 'no'}" for number, each in enumerate(ids)]
    bare.datasets.upload("feedback/sample/march.csv", "\n".join(["prediction_id,actual", *lines]).encode())
    assert bare.rows(bare.collect(END)) == log.rows(log.collect(END))


def test_the_later_observation_counts_and_a_contradiction_does_not(log: Log) -> None:
    ids = [row[-1] for row in log.rows(log.collect(END))]
    log.add_noise(
        feedback_line(ids[0], "yes", at=START + 30 * HOUR),
        feedback_line(ids[2], "yes", at=START + 2 * HOUR + DAY),
    )
    found = log.collect(END)
    rows = {row[4]: row[7] for row in log.rows(found)}
    assert rows["0"] == "yes"
    assert "2" not in rows
    assert found.left_out == {"rows with conflicting labels": 1}


def test_labels_that_came_after_all_hope_was_given_up_are_not_counted(log: Log) -> None:
    log.model = replace(log.model, monitoring=Monitoring(min_labels=30, label_days=1))
    late = prediction_line({**ROW, "age": 100}, at=START)
    log.add_noise(late, feedback_line(late["prediction_id"], "yes", at=START + DAY + HOUR))
    assert log.ages(log.collect(END)) == list(range(80))


def test_lines_that_nobody_can_read_stop_nothing(log: Log) -> None:
    at = START + 40 * HOUR
    odd = prediction_line({**ROW, "age": "old"}, at=at)
    fewer = prediction_line({"age": 1}, at=at)
    foreign = prediction_line(ROW, at=at, model="other")
    half = json.dumps(prediction_line(ROW, at=at))[:-20]
    identities = [odd["prediction_id"], fewer["prediction_id"], foreign["prediction_id"]]
    truths = [feedback_line(each, "yes", at=at + HOUR) for each in identities]
    wrong = feedback_line(new_prediction_id(at), "maybe", at=at + HOUR)
    log.add_noise(
        odd, fewer, foreign, half, "[1, 2]", '"label"', "null", "\x00", *truths, {**wrong, "kind": "x"}, wrong
    )
    assert log.ages(found := log.collect(END)) == list(range(80))
    assert found.left_out == {"rows that do not fit": 3, "unreadable labels": 1}


def test_a_reward_alone_teaches_nothing_and_takes_no_label_away(log: Log) -> None:
    at = START + 40 * HOUR
    unlabelled = prediction_line({**ROW, "age": 500}, at=at)
    labelled = [row[-1] for row in log.rows(log.collect(END))[:3]]
    rewards = [
        feedback_line(each, None, reward=1.0, at=END) for each in (unlabelled["prediction_id"], *labelled)
    ]
    log.add_noise(unlabelled, *rewards)
    assert log.ages(found := log.collect(END)) == list(range(80))
    assert found.left_out == {}


def test_objects_and_files_that_nobody_can_read_stop_nothing(log: Log) -> None:
    key = deliver(log.archive, [], at=START + HOUR, name="broken")
    log.archive.objects[key] = b"\x1f\x8bgarbage"
    log.archive.objects["raw/model=sample/readme.txt"] = b"hello"
    log.datasets.upload("feedback/sample/odd.csv", b"\xff\xfe,b\n1\n")
    found = log.collect(END)
    assert log.ages(found) == list(range(80))
    assert found.left_out == {"unreadable labels": 1, "unreadable objects": 1}


def test_a_text_that_only_looks_like_another_line_is_none(log: Log) -> None:
    at = START + 40 * HOUR
    fake = json.dumps({"prediction_id": new_prediction_id(at), "kind": "label"})
    line = prediction_line({**ROW, "age": 200, "plan": fake}, at=at)
    named = prediction_line({**ROW, "age": 201, "plan": "label"}, at=at)
    truths = [feedback_line(each["prediction_id"], "no", at=at + HOUR) for each in (line, named)]
    log.add_noise(line, named, *truths)
    assert {200, 201} <= set(log.ages(log.collect(END)))


def test_beyond_the_limit_the_newest_rows_are_taken_and_older_objects_stay_unread(log: Log) -> None:
    log.archive.reads.clear()
    found = log.collect(END, CollectLimits(join=JoinLimits(rows=72)))
    assert log.ages(found) == list(range(8, 80))
    assert not any("day=2026-03-02/hour=09" in key for key in log.archive.reads)


def test_beyond_the_limit_older_objects_are_left_out_and_counted(log: Log) -> None:
    sizes = sum(len(content) for content in log.archive.objects.values())
    found = log.collect(END, CollectLimits(log_bytes=sizes - 1))
    assert found.left_out["older objects"] == 1
    assert log.ages(found) == list(range(1, 80))


def test_a_run_that_was_not_asked_to_reads_nothing(log: Log) -> None:
    found = log.collect(None)
    assert (found.rows, found.file) == (0, None)
    assert not log.archive.reads


def test_without_every_feature_in_the_log_there_is_nothing_to_learn_and_the_reason_says_so(log: Log) -> None:
    log.model = replace(log.model, serving=Serving(capture=("plan", "score")))
    found = log.collect(END)
    assert found.rows == 0
    assert found.reason.startswith(
        "captured rows lack 'amount', 'since', 'region (code)', 'age', 'active', so"
    )
    assert "serving.capture" in found.reason
    assert not log.archive.reads


def test_too_few_rows_are_not_used_and_the_reason_says_how_many_it_takes(log: Log) -> None:
    log.model = replace(log.model, monitoring=Monitoring(min_labels=60))
    found = log.collect(END)
    assert (found.rows, found.file) == (0, None)
    assert found.reason.startswith("80 captured rows with labels are too few")
    assert "120 are needed" in found.reason


def test_an_empty_log_is_too_few_rows() -> None:
    assert Log().collect(END).reason.startswith("0 captured rows with labels are too few")


def test_the_step_answers_with_references_and_counts_only(log: Log) -> None:
    workshop = Workshop(log.model)
    workshop.archive = log.archive
    run = {"id": "run-1", "model": "sample", "reason": "drift", "requested_by": "governor"}
    answer = handle({"run": {**run, "captured_until": END.isoformat()}}, workshop.app)
    assert answer["rows"] == 80
    assert answer["until"] == END.isoformat()
    assert workshop.artifacts.get(from_document(Artifact, answer["file"]))
    assert len(json.dumps(answer)) < 1000
    assert handle({"run": run}, workshop.app)["rows"] == 0


def test_a_label_without_a_prediction_in_the_log_does_no_harm(log: Log) -> None:
    at = START + 40 * HOUR
    log.add_noise(*(feedback_line(new_prediction_id(at), "yes", at=at + HOUR) for _ in range(50)))
    assert log.ages(log.collect(END)) == list(range(80))
