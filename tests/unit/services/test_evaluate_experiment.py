from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from functions.advance_experiment.handler import handle as advance
from functions.evaluate_experiment.handler import handle as evaluate
from lambdaloop.domain.documents import Document
from lambdaloop.domain.errors import LeaseHeldError
from lambdaloop.domain.experiment import Arm, ArmFigures, Look
from lambdaloop.services.archived_documents import load_record
from lambdaloop.services.read_exposures import ExposureReader, ReadingBounds
from tests.fakes.capture import InMemoryCaptureArchive
from tests.fakes.datasets import InMemoryDatasetStore
from tests.fakes.experiment_desk import RULES, ExperimentDesk
from tests.fakes.experiment_log import crowd, deliver, exposure, label
from tests.fakes.experiments import FakeExperimentMetrics, FakeFailures
from tests.fakes.samples import MODEL
from tests.unit.services.test_life_of_an_experiment import desk_with_live

HOUR = timedelta(hours=1)


class Trial:
    """An experiment that runs, its log, and looks at it."""

    def __init__(self, **changes: Any) -> None:
        rules = replace(RULES, **{"min_units": 20, **changes})
        self.desk: ExperimentDesk = desk_with_live()
        self.desk.start(rules=rules)
        self.desk.release("churn-trial-1")
        self.desk.advance()
        self.archive, self.datasets = InMemoryCaptureArchive(), InMemoryDatasetStore()
        self.failures, self.metrics = FakeFailures(), FakeExperimentMetrics()
        self.desk.app.__dict__.update(
            archive=self.archive,
            datasets=self.datasets,
            served=self.failures,
            experiment_metrics=self.metrics,
        )
        self.begin = self.desk.clock.now()

    def log(self, lines: Sequence[Document], name: str = "part") -> None:
        deliver(self.archive, lines, at=self.desk.clock.now(), name=name)

    def look(self, after: timedelta = HOUR) -> Document:
        self.desk.clock.advance(after.total_seconds())
        return evaluate({"at": self.desk.clock.now().isoformat()}, self.desk.app)

    def figures(self, arm: str) -> ArmFigures:
        return self.desk.experiment().looks[-1].figures[arm]


@pytest.fixture
def trial() -> Trial:
    return Trial()


def test_a_better_arm_is_found_and_the_order_to_carry_it_out_follows(trial: Trial) -> None:
    predictions, labels = crowd({"old": 0.6, "new": 0.9}, units=2000, since=trial.begin)
    trial.log([*predictions, *labels])
    found = trial.look()
    assert (found["verdict"], found["order"]["kind"]) == ("better", "conclude")
    assert trial.figures("new").units == trial.figures("new").measured == 1000
    look = trial.desk.experiment().looks[-1]
    assert look.winner == "new"
    assert trial.desk.app.fake_clock.now() - look.at < HOUR

    order = {"order": found["order"]}
    assert advance(order, trial.desk.app)["status"] == "concluding"
    trial.desk.release("churn-trial-2")
    assert trial.desk.advance() == "concluded"
    assert trial.desk.registry.releases(MODEL)[0].version == 2


def test_an_arm_that_harms_ends_the_experiment(trial: Trial) -> None:
    predictions, labels = crowd({"old": 0.9, "new": 0.5}, units=2000, since=trial.begin)
    trial.log([*predictions, *labels])
    found = trial.look()
    assert (found["verdict"], found["order"]["kind"]) == ("harmful", "conclude")


def test_a_split_that_is_not_the_asked_one_spoils_the_result_loudly(trial: Trial) -> None:
    predictions, labels = crowd({"old": 0.6, "new": 0.9}, units=2000, since=trial.begin)
    lost = [line for number, line in enumerate(predictions) if number % 4 != 1]
    trial.log([*lost, *labels])
    assert trial.look()["verdict"] == "invalid"
    assert trial.desk.notices.told[-1][0] == "Experiment trial of churn: invalid"


def test_people_are_told_once_of_a_verdict_that_is_new() -> None:
    trial = Trial(automatic=False)
    predictions, labels = crowd({"old": 0.6, "new": 0.9}, units=2000, since=trial.begin)
    trial.log(predictions, "predictions")
    assert trial.look()["verdict"] == "undecided"
    told = len(trial.desk.notices.told)
    trial.log(labels, "labels")
    for _ in range(2):
        found = trial.look()
        assert (found["verdict"], found["order"]["kind"]) == ("better", "none")
    assert len(trial.desk.notices.told) == told + 1


def test_nothing_is_said_without_an_experiment_that_runs(trial: Trial) -> None:
    trial.desk.order("stop")
    found = trial.look()
    assert (found["verdict"], found["order"]["kind"]) == (None, "none")
    assert trial.metrics.looks == []


def test_only_one_look_is_taken_at_a_time(trial: Trial) -> None:
    trial.desk.registry.acquire(
        model=MODEL, name="experiment", owner="another", at=trial.begin, seconds=10 * 3600
    )
    with pytest.raises(LeaseHeldError):
        trial.look()


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


def test_a_look_taken_again_shows_the_same(trial: Trial) -> None:
    predictions, labels = crowd({"old": 0.6, "new": 0.7}, units=400, since=trial.begin)
    trial.log([*predictions, *labels])
    first = trial.look()
    again = trial.look(timedelta(0))
    assert first == again
    assert len(trial.desk.experiment().looks) == 1


def test_all_looks_are_kept_in_the_bucket(trial: Trial) -> None:
    trial.log(crowd({"old": 0.7, "new": 0.7}, units=50, since=trial.begin)[0])
    trial.look()
    [key] = trial.archive.keys("reports/model=churn/experiment=trial/")
    assert load_record(trial.archive, key, Look) == trial.desk.experiment().looks[-1]


def test_a_unit_is_an_entity_however_often_it_asks(trial: Trial) -> None:
    lines = [exposure("ana", "old", at=trial.begin + timedelta(seconds=n)) for n in range(4)]
    at = trial.begin + timedelta(minutes=1)
    trial.log(
        [
            *lines,
            *(label(line, actual, at=at) for line, actual in zip(lines, ["yes", "no", "no"], strict=False)),
        ]
    )
    trial.look()
    figures = trial.figures("old")
    assert (figures.units, figures.measured, figures.requests) == (1, 1, 4)
    assert figures.total == pytest.approx(1 / 3)


def test_a_unit_that_moved_counts_for_the_arm_it_saw_first_with_what_happened_there(trial: Trial) -> None:
    first = exposure("ana", "old", at=trial.begin)
    moved = exposure("ana", "new", at=trial.begin + timedelta(seconds=1))
    at = trial.begin + timedelta(minutes=1)
    trial.log([moved, first, label(first, "no", at=at), label(moved, "yes", at=at)])
    trial.look()
    assert (trial.figures("old").units, trial.figures("old").total) == (1, 0.0)
    assert (trial.figures("new").units, trial.figures("new").requests) == (0, 0)


def test_without_an_entity_the_unit_is_the_request(trial: Trial) -> None:
    anonymous: Document = {"assignment": "request", "entity": None}
    trial.log(
        [
            exposure("", "old", at=trial.begin, request="r1", **anonymous),
            exposure("", "old", at=trial.begin, request="r1", **anonymous),
            exposure("", "new", at=trial.begin, request="r2", **anonymous),
        ]
    )
    trial.look()
    assert (trial.figures("old").units, trial.figures("new").units) == (1, 1)


def test_who_is_outside_the_experiment_or_came_before_it_ran_is_not_counted(trial: Trial) -> None:
    trial.log(
        [
            exposure("ana", "champion", at=trial.begin, assignment="outside"),
            exposure("bob", "old", at=trial.begin - timedelta(seconds=1)),
            exposure("eve", "old", at=trial.begin, experiment="another"),
            exposure("joe", "unheard-of", at=trial.begin),
        ]
    )
    trial.look()
    assert trial.figures("old").units == 0


def test_rewards_are_an_outcome_of_their_own() -> None:
    trial = Trial(outcome="reward")
    line = exposure("ana", "old", at=trial.begin)
    at = trial.begin + timedelta(minutes=1)
    absurd = exposure("bob", "old", at=trial.begin)
    trial.log([line, label(line, None, reward=2.5, at=at), absurd, label(absurd, None, reward=1e300, at=at)])
    trial.look()
    assert (trial.figures("old").measured, trial.figures("old").total) == (1, 2.5)


def test_what_units_were_like_before_takes_variance_away(trial: Trial) -> None:
    """Half of the users are always answered right, and half never."""
    early, late, labels = [], [], []
    start = trial.desk.experiment().created_at - timedelta(days=2)
    for number in range(400):
        unit, arm = f"user-{number}", ("old", "new")[number % 2]
        before = exposure(unit, "champion", at=start, experiment=None, assignment=None, release=1)
        during = exposure(unit, arm, at=trial.begin)
        actual = "yes" if number % 4 < 2 else "no"
        early.append(before)
        late.append(during)
        labels += [label(line, actual, at=trial.begin + timedelta(minutes=1)) for line in (before, during)]
    deliver(trial.archive, early, at=start)
    trial.log([*late, *labels])
    trial.look()
    [contrast] = trial.desk.experiment().looks[-1].contrasts
    assert contrast.variance_reduction > 0.9


def test_failed_requests_count_against_the_arm_that_failed(trial: Trial) -> None:
    trial.failures.of["new"] = 150
    predictions, labels = crowd({"old": 0.7, "new": 0.7}, units=2000, since=trial.begin)
    trial.log([*predictions, *labels])
    assert trial.look()["verdict"] == "harmful"
    assert (trial.figures("old").failures, trial.figures("new").failures) == (0, 150)


def test_an_experiment_without_an_answer_ends_with_its_days() -> None:
    trial = Trial(max_days=2)
    trial.log(crowd({"old": 0.7, "new": 0.7}, units=50, since=trial.begin)[0])
    assert trial.look()["order"]["kind"] == "none"
    found = trial.look(timedelta(days=2))
    assert (found["verdict"], found["order"]["kind"]) == ("undecided", "conclude")


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


def test_thompson_shares_follow_the_outcomes_at_most_once_a_day() -> None:
    trial = Trial(policy="thompson", smallest_effect=0.02)
    predictions, labels = crowd({"old": 0.66, "new": 0.72}, units=600, since=trial.begin)
    trial.log([*predictions, *labels])
    assert trial.look()["order"]["kind"] == "none"
    found = trial.look(timedelta(days=1))
    assert found["order"]["kind"] == "reshare"
    old, new = found["order"]["shares"]
    assert new > 5000 > old >= 500
    advance({"order": found["order"]}, trial.desk.app)
    trial.desk.release("churn-trial-2")
    trial.desk.advance()
    assert trial.desk.experiment().arms[1] == Arm(name="new", version=2, share=new)
    assert trial.look()["order"]["kind"] == "none"


def test_units_of_two_shares_are_compared_within_each_and_the_split_is_held_against_both() -> None:
    """Simpson's paradox: a good week in which the worse arm had most of the traffic."""
    trial = Trial(policy="thompson", smallest_effect=0.02)
    bad_week, bad = crowd({"old": 0.5, "new": 0.5}, units=2000, since=trial.begin)
    trial.log([*bad_week, *bad], "bad")
    trial.desk.order("reshare", shares=(2000, 8000))
    second = trial.desk.release("churn-trial-2")
    trial.desk.advance()
    trial.desk.clock.advance(60)
    good_week, good = crowd(
        {"old": 0.9, "new": 0.9}, units=5000, since=trial.desk.clock.now(), seed=2, release=second.number
    )
    kept = [line for number, line in enumerate(good_week) if line["variant"] == "new" or number % 8 == 1]
    trial.log([*kept, *good], "good")
    trial.look()
    look = trial.desk.experiment().looks[-1]
    naive = {arm: each.total / each.measured for arm, each in look.figures.items()}
    assert naive["new"] - naive["old"] > 0.1
    [contrast] = look.contrasts
    assert contrast.difference is not None
    assert abs(contrast.difference) < 0.05
    assert look.verdict != "invalid"
