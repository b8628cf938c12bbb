"""A page of every kind, about things that really happened to models in memory: trained, watched, released, tried out."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from functools import cache
from typing import Any, cast

from lambdaloop.domain.candidate import Estimator
from lambdaloop.domain.capture_layout import HOUR
from lambdaloop.domain.metrics import Task
from lambdaloop.domain.monitoring_rules import Monitoring
from lambdaloop.domain.report_subject import ReportKind, ReportSubject
from lambdaloop.domain.serving_rules import Serving
from lambdaloop.services.gather_report import Records, ReportPorts, gather_report
from tests.fakes.experiment_log import crowd
from tests.fakes.experiment_trial import Trial
from tests.fakes.samples import MODEL
from tests.fakes.trained_canary import TrainedCanary, canary_definition
from tests.fakes.watched_model import WatchedModel, rows, watched_definition
from tests.unit.services.training_run import Workshop
from tests.unit.training.sample_data import FEATURES, METRIC, candidate, definition, sample_csv

_WINDOWS = 9
_LOOKS = 8


def page_of(kind: ReportKind, identity: str, *, model: str, world: Any) -> str:
    """`world` has registry, artifacts, archive and clock."""
    ports = ReportPorts(
        records=cast("Records", world.registry),
        artifacts=world.artifacts,
        archive=world.archive,
        clock=world.clock,
    )
    return gather_report(ReportSubject(model=model, kind=kind, id=identity), ports=ports)


@cache
def trained(task: Task) -> Workshop:
    """A version that serves, with segments."""
    others: dict[Task, Estimator] = {
        "binary": "naive_bayes",
        "multiclass": "naive_bayes",
        "regression": "ridge",
    }
    tried: tuple[Estimator, ...] = ("decision_tree", others[task], "hist_gradient_boosting")
    of = definition(
        task,
        training={"candidates": tuple(candidate(each) for each in tried), "folds": 2},
        serving=Serving(capture=tuple(FEATURES)),
        monitoring=Monitoring(segments=("region (code)", "active")),
    )
    workshop = Workshop(of, sample_csv(task, rows=600))
    workshop.make_champion(workshop.run()["version"]["number"])
    return workshop


@cache
def watched() -> WatchedModel:
    """A model whose callers grow older, hour by hour, until it drifts and is wrong more often."""
    model = WatchedModel(watched_definition(window_hours=2, performance_hours=6, min_rows=100, min_labels=60))
    begin = model.clock.now()
    for hour in range(_WINDOWS):
        gone = max(0, hour - 4)
        some = rows(160, seed=hour + 10, shift=2.0 * gone, flip=0.06 * gone)
        made = model.predict(some, at=begin + hour * HOUR)
        arrives = begin + hour * HOUR + timedelta(minutes=30)
        model.deliver([each.line for each in made], at=arrives)
        model.deliver(model.labels(made, after=timedelta(minutes=20)), at=arrives)
        model.clock.advance(3600)
        model.watch()
    return model


@cache
def released() -> TrainedCanary:
    """A second release that nothing speaks against, and a third that answers nonsense and is rolled back."""
    steps = (10, 25, 50, 100)

    def fitted(*estimators: Any) -> Any:
        training = {"candidates": estimators, "folds": 2, "metric": METRIC["binary"]}
        return replace(
            canary_definition("binary", steps=steps), training=definition(training=training).training
        )

    world = TrainedCanary(fitted(candidate("logistic_regression")), sample_csv(rows=600))
    boosted = fitted(candidate("hist_gradient_boosting", max_iter=20))
    world.release(world.train("run-2", sample_csv(rows=600, seed=3), boosted), "second")
    tree = fitted(candidate("decision_tree", max_depth=1))
    world.release(world.train("run-3", sample_csv(rows=200, seed=8), tree), "third")
    return world


@cache
def tried() -> Trial:
    """An experiment whose new arm turns out better, after some looks."""
    trial = Trial(smallest_effect=0.02, max_harm=0.2, min_units=200)
    for place in range(_LOOKS):
        predictions, labels = crowd(
            {"old": 0.62, "new": 0.71}, units=400, since=trial.desk.clock.now(), seed=place + 1
        )
        trial.log([*predictions, *labels], name=f"part-{place}")
        trial.look()
    return trial


class _Desk:
    """What pages are made from, of a trial."""

    def __init__(self, trial: Trial) -> None:
        self.registry, self.clock = trial.desk.registry, trial.desk.clock
        self.artifacts, self.archive = trial.desk.app.artifacts, trial.archive


class _Canary:
    """What pages are made from, of a canary."""

    def __init__(self, canary: TrainedCanary) -> None:
        self.registry, self.clock = canary.workshop.registry, canary.workshop.clock
        self.artifacts, self.archive = canary.workshop.artifacts, canary.archive


PAGES: Mapping[str, Callable[[], str]] = {
    "model-card-binary": lambda: page_of("version", "1", model="sample", world=trained("binary")),
    "model-card-multiclass": lambda: page_of("version", "1", model="sample", world=trained("multiclass")),
    "model-card-regression": lambda: page_of("version", "1", model="sample", world=trained("regression")),
    "drift": lambda: page_of("window", watched().clock.now().isoformat(), model=MODEL, world=watched()),
    "release-live": lambda: page_of("release", "2", model="sample", world=_Canary(released())),
    "release-rolled-back": lambda: page_of("release", "3", model="sample", world=_Canary(released())),
    "experiment": lambda: page_of("experiment", "trial", model=MODEL, world=_Desk(tried())),
}
"""Rendered when they are asked for."""
