"""Several arms in one process: loaded as a whole, asked once each, answered in the order of the rows."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from lambdaloop.domain.captured import CapturedPrediction, read_line
from lambdaloop.domain.documents import to_document
from lambdaloop.domain.encoding import RowsInvalidError
from lambdaloop.domain.errors import ArmsDifferError, ArtifactCorruptError, ArtifactMissingError
from lambdaloop.domain.prediction import Prediction
from lambdaloop.services.load_model import LoadedModel, ModelSlot, load_model
from lambdaloop.services.predict import Capture, predict
from tests.fakes.artifacts import InMemoryArtifactStore
from tests.fakes.clock import FakeClock
from tests.fakes.experiment import CHALLENGER, CONTROL, CountingModel, entities_of, pin_of, two_arms
from tests.fakes.tiny_model import FEATURES, ROW, WEIGHTS, classifier

AT = datetime(2026, 3, 2, 9, 30, 1, 500_000, tzinfo=UTC)
LOADED = two_arms()
HALF = two_arms(buckets=5000)


class Log:
    """A PredictionLog that is read as the watch reads it."""

    def __init__(self) -> None:
        self.lines: list[Mapping[str, Any]] = []

    def write(self, line: Mapping[str, Any]) -> None:
        self.lines.append(line)

    def read(self) -> list[CapturedPrediction]:
        found = [read_line(json.dumps(line), model="churn", now=AT) for line in self.lines]
        return [one for one in found if isinstance(one, CapturedPrediction)]


def ask(
    rows: list[dict[str, Any]],
    loaded: LoadedModel = LOADED,
    *,
    entity: str | None = None,
    request: str = "r-1",
) -> tuple[list[Prediction], list[CapturedPrediction]]:
    log = Log()
    predictions = predict(
        rows,
        loaded=loaded,
        entity_id=entity,
        request_id=request,
        event_time=AT,
        capture=Capture(log=log, features=("age",), entity_salt="stack-1"),
    )
    return predictions, log.read()


def test_each_row_is_answered_by_the_arm_of_its_entity_in_the_order_of_the_rows() -> None:
    customers = entities_of(LOADED, 10)
    mixed = [one for pair in zip(customers["challenger"], customers["control"], strict=True) for one in pair]
    predictions, lines = ask(
        [{**ROW, "customer": customer, "age": float(n)} for n, customer in enumerate(mixed)]
    )
    assert [one.model_version for one in predictions] == [CHALLENGER, CONTROL] * 10
    assert [one.variant for one in predictions] == ["challenger", "control"] * 10
    for arm, weights in (("challenger", -1), ("control", 1)):
        alone = [n for n, one in enumerate(predictions) if one.variant == arm]
        expected = LOADED.arms[0].model.predict([{**ROW, "age": float(n)} for n in alone])
        for n, output in zip(alone, expected, strict=True):
            assert output.probabilities
            assert predictions[n].output.probabilities == pytest.approx(
                output.probabilities
                if weights > 0
                else {"no": output.probabilities["yes"], "yes": output.probabilities["no"]}
            )
    assert [line.features["age"] for line in lines] == [float(n) for n in range(20)]
    assert [(line.variant, line.version) for line in lines] == [
        (one.variant, one.model_version) for one in predictions
    ]


def test_the_line_says_which_experiment_and_how_the_arm_was_chosen() -> None:
    [customer] = entities_of(LOADED)["challenger"]
    [_], [line] = ask([ROW], entity=customer)
    assert (line.experiment, line.variant, line.assignment, line.request) == (
        "checkout",
        "challenger",
        "entity",
        None,
    )
    assert line.entity is not None


def test_the_same_entity_gets_the_same_arm_in_every_request() -> None:
    customers = [f"customer-{n}" for n in range(50)]
    first = ask([{**ROW, "customer": customer} for customer in customers])[0]
    for customer, before in zip(customers, first, strict=True):
        [again], _ = ask([ROW], entity=customer, request=f"request of {customer}")
        assert again.variant == before.variant


@pytest.mark.parametrize("nobody", [None, ""])
def test_rows_without_an_entity_are_assigned_by_their_request_and_flagged(nobody: str | None) -> None:
    variants = set()
    for number in range(20):
        predictions, lines = ask([ROW, {**ROW, "customer": nobody}], entity=nobody, request=f"r-{number}")
        assert len({one.variant for one in predictions}) == 1
        assert {(line.assignment, line.request, line.entity) for line in lines} == {
            ("request", f"r-{number}", None)
        }
        variants.add(predictions[0].variant)
    assert variants == {"control", "challenger"}


def test_who_is_outside_gets_the_control_and_is_told_apart() -> None:
    [customer] = entities_of(HALF)["outside"]
    [prediction], [line] = ask([ROW], HALF, entity=customer)
    assert (prediction.variant, prediction.model_version) == ("champion", CONTROL)
    assert (line.experiment, line.assignment, line.variant) == ("checkout", "outside", "champion")


def test_each_arm_is_asked_once_for_all_of_its_rows_and_the_control_with_those_outside() -> None:
    models = [CountingModel(arm.model) for arm in HALF.arms]
    arms = tuple(replace(arm, model=model) for arm, model in zip(HALF.arms, models, strict=True))
    customers = entities_of(HALF, 3)
    rows = [{**ROW, "customer": customer} for some in customers.values() for customer in some]
    ask([rows[n] for n in (0, 3, 6, 1, 4, 7, 2, 5, 8)], replace(HALF, arms=arms))
    assert [model.asked for model in models] == [[6], [3]]


def test_problems_name_the_rows_of_the_request_and_nothing_is_captured() -> None:
    customers = entities_of(LOADED, 2)
    rows = [{**ROW, "customer": one} for one in (*customers["challenger"], *customers["control"])]
    log = Log()
    with pytest.raises(RowsInvalidError) as caught:
        predict(
            [rows[0], {**rows[2], "visits": "many"}, {**rows[1], "visits": None}, rows[3]],
            loaded=LOADED,
            entity_id=None,
            request_id="r",
            event_time=AT,
            capture=Capture(log=log, features=(), entity_salt="s"),
        )
    assert [(one.row, one.field) for one in caught.value.problems] == [(1, "visits"), (2, "visits")]
    assert log.lines == []


def test_an_arm_alone_is_in_no_experiment() -> None:
    [customer] = entities_of(LOADED)["challenger"]
    for alone, variant, version in (
        (LOADED.alone(), "champion", CONTROL),
        (LOADED.arms[1], "challenger", CHALLENGER),
    ):
        [prediction], [line] = ask([ROW], alone, entity=customer)
        assert (prediction.variant, prediction.model_version) == (variant, version)
        assert (line.experiment, line.assignment) == (None, None)


def test_arms_of_one_version_share_one_model() -> None:
    store = InMemoryArtifactStore()
    loaded = load_model(pin_of(store, {"a": (7, classifier()), "b": (7, classifier())}), artifacts=store)
    assert loaded.arms[0].model is loaded.arms[1].model is loaded.model
    assert {one.variant for one in ask([{**ROW, "customer": str(n)} for n in range(50)], loaded)[0]} == {
        "a",
        "b",
    }


def test_half_an_experiment_is_never_served() -> None:
    store = InMemoryArtifactStore()
    pin = pin_of(store, {"control": (7, classifier()), "challenger": (9, classifier(weights=(1, 1, 1, 1)))})
    kept = dict(store.objects)
    slot = ModelSlot(model="churn", pin=json.dumps(to_document(pin)), artifacts=store, clock=FakeClock())
    damaged = [place for place in store.objects if store.objects[place] != classifier()]
    for place in damaged:
        store.objects[place] = kept[place][:-1] + bytes([kept[place][-1] ^ 1])
    with pytest.raises(ArtifactCorruptError):
        slot.get()
    for place in damaged:
        del store.objects[place]
    with pytest.raises(ArtifactMissingError):
        slot.get()
    assert slot.release == 3
    store.objects.update(kept)
    assert [arm.variant for arm in slot.get().arms] == ["control", "challenger"]


@pytest.mark.parametrize(
    ("bundle", "problem"),
    [
        ({"classes": ("no", "perhaps")}, "differ in their classes"),
        (
            {"features": {**FEATURES, "age": replace(FEATURES["age"], nullable=False)}},
            "the same values of 'age'",
        ),
        (
            {"features": {**FEATURES, "visits": replace(FEATURES["visits"], max=10)}},
            "the same values of 'visits'",
        ),
        (
            {
                "features": {name: each for name, each in FEATURES.items() if name != "plan"},
                "weights": WEIGHTS[:3],
            },
            "the same values of 'plan'",
        ),
    ],
)
def test_arms_that_do_not_take_the_same_rows_are_refused(bundle: dict[str, Any], problem: str) -> None:
    with pytest.raises(ArmsDifferError, match=problem):
        two_arms(**bundle)


def test_what_every_arm_answers_may_differ_between_them() -> None:
    features = {
        **FEATURES,
        "age": replace(FEATURES["age"], max=99.0),
        "plan": replace(FEATURES["plan"], categories=("basic", "plus", "pro")),
    }
    assert len(two_arms(features=features).arms) == 2
