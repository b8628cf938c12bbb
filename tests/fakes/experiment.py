"""An experiment of tiny models in memory: versions that answer by other weights, and the entities that each arm gets."""

from collections.abc import Mapping
from typing import Any

from lambdaloop.domain.experiment_pin import ArmPin, ExperimentPin
from lambdaloop.domain.release import ReleasePin
from lambdaloop.ports import ServedModel
from lambdaloop.services.load_model import LoadedModel, load_model
from tests.fakes.artifacts import InMemoryArtifactStore
from tests.fakes.tiny_model import WEIGHTS, classifier

CONTROL, CHALLENGER = 7, 9
"""Versions of the two arms."""


def pin_of(
    store: InMemoryArtifactStore,
    bundles: Mapping[str, tuple[int, bytes]],
    *,
    buckets: int = 10_000,
) -> ReleasePin:
    """A pin with an arm of equal share for each named version and its bundle."""
    share, rest = divmod(10_000, len(bundles))
    arms = tuple(
        ArmPin(
            name=name,
            version=version,
            bundle=store.put("churn", "bundle.zip", content),
            share=share + (rest if place == 0 else 0),
        )
        for place, (name, (version, content)) in enumerate(bundles.items())
    )
    experiment = ExperimentPin(
        id="checkout", salt="summer", namespace="churn", first_bucket=0, buckets=buckets, arms=arms
    )
    return ReleasePin(
        model="churn", release=3, version=arms[0].version, bundle=arms[0].bundle, experiment=experiment
    )


def two_arms(*, buckets: int = 10_000, **changes: Any) -> LoadedModel:
    """A control, and a challenger whose answers are the opposite; `changes` are of the challenger's bundle."""
    store = InMemoryArtifactStore()
    challenger = classifier(**{"weights": tuple(-weight for weight in WEIGHTS), **changes})
    bundles = {"control": (CONTROL, classifier()), "challenger": (CHALLENGER, challenger)}
    return load_model(pin_of(store, bundles, buckets=buckets), artifacts=store)


def entities_of(loaded: LoadedModel, count: int = 1) -> dict[str, list[str]]:
    """So many customers of each arm, and of nobody's ("outside") where the experiment leaves buckets out."""
    experiment = loaded.pin.experiment
    assert experiment
    found: dict[str, list[str]] = {arm.name: [] for arm in experiment.arms}
    if experiment.buckets < 10_000:
        found["outside"] = []
    number = 0
    while min(map(len, found.values())) < count:
        entity = f"customer-{number}"
        one = experiment.assign(entity, request="r")
        name = "outside" if one.kind == "outside" else experiment.arms[one.arm].name
        found[name].append(entity)
        number += 1
    return {name: some[:count] for name, some in found.items()}


class CountingModel:
    """A ServedModel that remembers how many rows it was asked at once."""

    def __init__(self, model: ServedModel) -> None:
        self.signature = model.signature
        self.asked: list[int] = []
        self._model = model

    def predict(self, rows: Any) -> Any:
        self.asked.append(len(rows))
        return self._model.predict(rows)

    def exact_shares(self, *arguments: Any, **named: Any) -> Any:
        return self._model.exact_shares(*arguments, **named)
