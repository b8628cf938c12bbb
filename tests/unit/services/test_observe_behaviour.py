"""What is measured of a canary, with a log and versions that a test writes by hand."""

import gzip
import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from lambdaloop.domain.bundle import pack_bundle, unpack_bundle
from lambdaloop.domain.capture import label_line
from lambdaloop.domain.capture_layout import raw_prefix
from lambdaloop.domain.documents import Document
from lambdaloop.domain.errors import VersionNotFoundError
from lambdaloop.domain.feedback import ReceivedLabel
from lambdaloop.domain.release import Release, ReleasePin
from lambdaloop.domain.version import BUNDLE, Comparison
from lambdaloop.services.load_reference import References
from lambdaloop.services.observe_behaviour import Behaved, BehaviourPorts, observe_behaviour
from tests.fakes.capture import InMemoryCaptureArchive
from tests.fakes.live_log import line_of
from tests.fakes.samples import MODEL, MORNING, artifact, bundle
from tests.unit.services.release_desk import ReleaseDesk

SINCE, UNTIL = MORNING, MORNING + timedelta(minutes=5)
SECOND = timedelta(seconds=1)
PLANS = "ab"


class Canary:
    """Release 2 beside release 1, with an empty log; both answer with age / 1000."""

    def __init__(self, **rules: Any) -> None:
        self.desk = ReleaseDesk(**rules)
        self.archive = InMemoryCaptureArchive()
        self.rules = self.desk.app.definition.release
        self.lines: list[bytes] = []

    def predicted(
        self,
        release: int,
        count: int,
        *,
        at: datetime = SINCE + SECOND,
        score: Any = lambda age: age / 1000,
        **changes: Any,
    ) -> list[str]:
        """The ids of so many logged predictions."""
        pin = ReleasePin(model=MODEL, release=release, version=release, bundle=artifact())
        ids = []
        for age in range(count):
            row = {"age": float(age), "plan": PLANS[age % 2]} | changes
            line = line_of(pin, row, score=score(age), at=at)
            ids.append(json.loads(line)["prediction_id"])
            self.lines.append(line)
        return ids

    def labelled(self, ids: list[str], actual: Any) -> None:
        for place, prediction in enumerate(ids):
            label = ReceivedLabel(prediction_id=prediction, actual=actual(place), observed_at=UNTIL)
            line = label_line(label, model=MODEL, received_at=UNTIL)
            self.lines.append(json.dumps(line).encode() + b"\n")

    def seen(self, *, alone: bool = False, until: datetime = UNTIL) -> Behaved:
        self.archive.save(f"{raw_prefix(MODEL, UNTIL)}a.gz", gzip.compress(b"".join(self.lines)))
        app = self.desk.app
        app.fake_clock.advance((until - app.fake_clock.now()).total_seconds())
        self.desk.traffic.versions |= {
            str(number + 1): ReleasePin(model=MODEL, release=number, version=number, bundle=artifact())
            for number in (1, 2)
        }
        return observe_behaviour(
            self.release(2),
            self.release(1),
            since=SINCE,
            until=until,
            alone=alone,
            ports=BehaviourPorts(
                references=References(
                    app.definition, versions=self.desk.registry, artifacts=self.desk.artifacts
                ),
                archive=self.archive,
                traffic=self.desk.traffic,
                clock=app.fake_clock,
            ),
        )

    def release(self, number: int) -> Release:
        return Release(
            number=number,
            model=MODEL,
            version=number,
            status="shifting",
            execution="x",
            requested_by="ml-team",
            reason="better",
            created_at=MORNING,
            lambda_version=str(number + 1),
            previous=number - 1 or None,
            previous_lambda_version=str(number),
            first=False,
            rules=self.rules,
        )

    def compare(self, comparison: Comparison) -> None:
        """What the training of version 2 is said to have seen."""
        versions = self.desk.registry._versions[MODEL]
        place = next(place for place, one in enumerate(versions) if one.number == 2)
        versions[place] = replace(versions[place], comparison=comparison)


@pytest.fixture
def canary() -> Canary:
    return Canary()


def test_both_versions_are_compared_in_the_same_minutes(canary: Canary) -> None:
    canary.predicted(2, 40)
    canary.predicted(1, 100)
    canary.predicted(1, 7, at=SINCE - SECOND)
    figures = canary.seen().figures
    assert (figures.predictions, figures.champion_predictions) == (40, 100)
    assert (figures.replayed_rows, figures.disagreement, figures.replay_failures) == (140, 0.0, 0)
    assert figures.prediction_drift == 0.0
    assert (figures.invalid_rate, figures.champion_invalid_rate) == (0.0, 0.0)


def test_alone_the_version_before_is_read_in_the_time_just_before(canary: Canary) -> None:
    canary.predicted(2, 40)
    canary.predicted(2, 9, at=SINCE - SECOND)
    canary.predicted(1, 30, at=SINCE - SECOND)
    canary.predicted(1, 30, at=SINCE - timedelta(minutes=6))
    canary.predicted(1, 2)
    figures = canary.seen(alone=True).figures
    assert (figures.predictions, figures.champion_predictions) == (40, 30)


def test_a_log_without_every_feature_still_shows_how_answers_are_distributed(canary: Canary) -> None:
    canary.predicted(2, 100, score=lambda _: 0.9)
    canary.predicted(1, 100)
    canary.lines = [_without(line, "plan") for line in canary.lines]
    behaved = canary.seen()
    assert behaved.figures.replayed_rows is None
    assert behaved.figures.disagreement is None
    assert behaved.figures.prediction_drift is not None
    assert behaved.figures.prediction_drift > 0.25
    assert "the log keeps not every feature of both versions, so they were not asked again" in behaved.notes


def _without(line: bytes, feature: str) -> bytes:
    record = json.loads(line)
    del record["features"][feature]
    return json.dumps(record).encode() + b"\n"


def test_the_answers_to_the_same_rows_are_compared_where_there_are_enough(canary: Canary) -> None:
    """Other rows went to each version, so the log alone would show a drift that is none of the model's."""
    canary.predicted(2, 60, age=900.0)
    canary.predicted(1, 100)
    figures = canary.seen().figures
    assert figures.prediction_drift == 0.0


def test_rows_that_the_new_version_does_not_answer_are_counted(canary: Canary) -> None:
    answer = canary.desk.traffic.answer
    assert answer is not None

    def broken(pin: ReleasePin | None, event: Document) -> Document:
        failed: Document = {"statusCode": 500, "body": "{}"}
        return failed if pin and pin.version == 2 else answer(pin, event)

    canary.desk.traffic.answer = broken
    canary.predicted(2, 30)
    canary.predicted(1, 30)
    figures = canary.seen().figures
    assert (figures.replay_failures, figures.champion_replay_failures) == (60, 0)
    assert figures.disagreement is None


def test_missing_unseen_and_out_of_range_values_are_counted_by_row(canary: Canary) -> None:
    canary.predicted(2, 30)
    canary.predicted(2, 5, age=None)
    canary.predicted(2, 5, plan="unheard of")
    canary.predicted(1, 40)
    figures = canary.seen().figures
    assert (figures.invalid_rate, figures.champion_invalid_rate) == (0.25, 0.0)
    assert figures.invalid_rate_p is not None
    assert figures.invalid_rate_p < 0.01


def test_labels_that_came_already_tell_the_real_performance(canary: Canary) -> None:
    def right(place: int) -> str:
        return "yes" if place >= 50 else "no"

    def wrong(place: int) -> str:
        return "no" if place >= 50 else "yes"

    canary.labelled(canary.predicted(2, 100), wrong)
    canary.labelled(canary.predicted(1, 100), right)
    figures = canary.seen().figures
    assert (figures.labels, figures.champion_labels) == (100, 100)
    assert figures.performance == pytest.approx(0, abs=0.001)
    assert figures.champion_performance == pytest.approx(1, abs=0.001)
    assert figures.performance_drop_low is not None
    assert figures.performance_gain_low is not None
    assert figures.performance_drop_low > 0.9
    assert figures.performance_gain_low < -0.9


def test_fewer_labels_than_wanted_are_no_performance(canary: Canary) -> None:
    canary.labelled(canary.predicted(2, 29), lambda _: "no")
    canary.labelled(canary.predicted(1, 100), lambda _: "no")
    figures = canary.seen().figures
    assert (figures.labels, figures.champion_labels, figures.performance) == (29, 100, None)


COMPARISON = Comparison(
    champion=1,
    disagreement=0.3,
    prediction_drift=1.0,
    skill_metric="roc_auc",
    skill=0.84,
    champion_skill=0.8,
)


def test_what_training_saw_is_the_yardstick_if_it_was_with_this_version(canary: Canary) -> None:
    canary.predicted(2, 40)
    canary.compare(COMPARISON)
    assert canary.seen().figures.expected_disagreement == 0.3
    canary.compare(replace(COMPARISON, champion=7))
    behaved = canary.seen()
    assert behaved.figures.expected_disagreement is None
    assert "what both versions answered in training is no yardstick for this step" in behaved.notes


def test_a_version_before_that_predicts_something_else_is_not_compared(canary: Canary) -> None:
    other = canary.desk.registry.version(MODEL, 1)
    usual = unpack_bundle(bundle())
    signature = replace(usual.signature, classes=("no", "maybe"))
    content = pack_bundle(replace(usual, signature=signature))
    stored = canary.desk.artifacts.put(MODEL, BUNDLE, content)
    place = canary.desk.registry._versions[MODEL].index(other)
    canary.desk.registry._versions[MODEL][place] = replace(other, files={BUNDLE: stored})
    canary.predicted(2, 40)
    behaved = canary.seen()
    assert behaved.notes == ("version 1 predicts something else, so nothing was compared",)
    assert behaved.figures.predictions == 40


def test_a_version_that_is_not_in_the_registry_cannot_be_compared(canary: Canary) -> None:
    canary.desk.registry._versions[MODEL].pop()
    with pytest.raises(VersionNotFoundError, match="which release"):
        canary.seen()


def test_lines_that_cannot_be_read_are_told(canary: Canary) -> None:
    canary.predicted(2, 40)
    canary.lines.append(b"no JSON\n")
    assert "1 lines of the log could not be read" in canary.seen().notes
