"""How the log of an experiment is read: once, whatever happens."""

from datetime import timedelta

import pytest

from lambdaloop.services.read_exposures import ExposureReader, ReadingBounds
from tests.fakes.capture import InMemoryCaptureArchive
from tests.fakes.experiment_log import crowd, deliver, exposure, label
from tests.fakes.experiment_trial import Trial
from tests.fakes.samples import MODEL


@pytest.fixture
def trial() -> Trial:
    return Trial()


def test_labels_may_come_late_early_twice_and_in_any_order(trial: Trial) -> None:
    first = exposure("ana", "old", at=trial.begin)
    second = exposure("bob", "new", at=trial.begin)
    third = exposure("eve", "new", at=trial.begin)
    at = trial.begin + timedelta(minutes=1)
    trial.log([label(second, "yes", at=at), first], "a")
    trial.look()
    assert (trial.figures("new").units, trial.figures("old").measured) == (0, 0)
    later = at + timedelta(minutes=5)
    trial.log([second, label(first, "yes", at=at), third, label(first, "no", at=later)], "b")
    trial.log(
        [second, label(first, "yes", at=at), label(third, "yes", at=at), label(third, "no", at=at)], "c"
    )
    trial.look()
    assert (trial.figures("new").units, trial.figures("new").measured) == (2, 1)  # eve's labels contradict
    assert (trial.figures("old").measured, trial.figures("old").total) == (1, 0.0)  # the later one counts


def test_each_object_of_the_log_is_read_once(trial: Trial) -> None:
    predictions, labels = crowd({"old": 0.7, "new": 0.7}, units=200, since=trial.begin)
    trial.log([*predictions, *labels], "one")
    trial.look()
    trial.log(crowd({"old": 0.7, "new": 0.7}, units=200, since=trial.desk.clock.now(), seed=2)[0], "two")
    for _ in range(30):
        trial.look()
    reads = trial.archive.reads
    assert sorted(key.rpartition("/")[2] for key in reads) == ["one.gz", "two.gz"]
    assert trial.figures("old").units == 200


def test_files_of_labels_count_too(trial: Trial) -> None:
    line = exposure("ana", "old", at=trial.begin)
    trial.log([line])
    trial.datasets.upload(
        "feedback/churn/labels.csv", f"prediction_id,actual\n{line['prediction_id']},yes\n".encode()
    )
    trial.look()
    assert trial.figures("old").total == 1


def test_an_object_that_cannot_be_read_holds_nobody_up(trial: Trial) -> None:
    trial.archive.save(deliver(trial.archive, [], at=trial.begin, name="broken"), b"\x1f\x8bnonsense")
    trial.log([exposure("ana", "old", at=trial.begin)])
    trial.look()
    trial.look()
    assert trial.figures("old").units == 1
    assert len([key for key in trial.archive.reads if "broken" in key]) == 1


def test_what_does_not_fit_into_a_run_is_left_for_the_next_one(trial: Trial) -> None:
    for number in range(5):
        trial.log([exposure(f"user-{number}", "old", at=trial.begin)], f"part-{number}")
    experiment = trial.desk.experiment()
    ticks = iter(range(100))
    reader = ExposureReader(
        definition=trial.desk.app.definition,
        experiment=experiment,
        archive=trial.archive,
        datasets=trial.datasets,
        clock=trial.desk.clock,
        bounds=ReadingBounds(seconds=2, batch_bytes=1, stopwatch=lambda: next(ticks)),
    )
    assert reader.read() == 4
    assert reader.read() == 3
    trial.look()
    assert trial.figures("old").units == 5


@pytest.mark.parametrize("death", range(1, 6))
def test_a_look_that_dies_at_a_write_is_made_up_for(death: int) -> None:
    class Dead(BaseException):
        pass

    class DyingArchive(InMemoryCaptureArchive):
        writes = 0

        def save(self, key: str, content: bytes) -> None:
            super().save(key, content)
            self.writes += key.startswith(("experiments/", "reports/"))
            if self.writes == death:
                raise Dead

    trial = Trial()
    trial.archive = trial.desk.app.__dict__["archive"] = DyingArchive()
    for number in range(2):
        predictions, labels = crowd(
            {"old": 0.6, "new": 0.7}, units=200, since=trial.begin - timedelta(minutes=number), seed=number
        )
        trial.log([*predictions, *labels], f"part-{number}")
    try:
        trial.look()
    except Dead:
        trial.desk.registry.free(model=MODEL, name="experiment", owner="nobody")
        trial.look(timedelta(minutes=20))
    assert trial.figures("old").units == 100
    assert trial.figures("new").measured == 100
