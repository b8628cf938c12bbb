"""Tries every estimator on hard data and writes what serves it, and how exactly: `python -m scripts.conversion_matrix`.

Each line is fitted, packaged by the same choice as in training, and asked rows that training never saw: amounts of 1e7 and epoch
seconds, missing values, unseen categories. docs/runtimes.md is the result.
"""

import sys
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import numpy as np

from lambdaloop.domain.candidate import ENSEMBLES, Candidate, Estimator, Member, Preparation
from lambdaloop.domain.definition import Data, Feature, Label, ModelDefinition, Training
from lambdaloop.domain.golden import TOLERANCE
from lambdaloop.domain.metrics import Task
from lambdaloop.domain.runtime import Runtime
from lambdaloop.domain.serving_rules import Serving
from lambdaloop.domain.signature import Signature
from lambdaloop.services.choose_runtime import choose_runtime
from lambdaloop.serving.served_model import LoadedBundle
from lambdaloop.training.estimator_files import dump_estimator
from lambdaloop.training.golden_rows import frame_of, golden_rows
from lambdaloop.training.pipelines import fit
from lambdaloop.training.scoring import predict_scores

DOCUMENT = Path(__file__).resolve().parents[1] / "docs" / "runtimes.md"
_ROWS, _HELD_OUT = 500, 100
_CLASSES: dict[Task, tuple[Label, ...]] = {
    "binary": ("no", "yes"),
    "multiclass": ("a", "b", "c"),
    "regression": (),
}
_METRIC: dict[Task, str] = {"binary": "log_loss", "multiclass": "log_loss", "regression": "rmse"}
_FEATURES = {
    "amount": Feature(type="number"),
    "since": Feature(type="integer"),
    "score": Feature(type="number", nullable=True),
    "active": Feature(type="boolean", nullable=True),
    "plan": Feature(type="category", categories=("basic", "plus", "pro"), nullable=True),
    "size": Feature(type="category", categories=("small", "middle", "large"), ordered=True),
    "note": Feature(type="text", nullable=True),
}
_SMALLER: dict[Estimator, dict[str, Any]] = {
    "random_forest": {"n_estimators": 30},
    "extra_trees": {"n_estimators": 30},
    "gradient_boosting": {"n_estimators": 30},
    "hist_gradient_boosting": {"max_iter": 30},
    "neural_network": {"hidden_layer_sizes": (16,), "max_iter": 200},
}
_MEMBERS = (Member(estimator="linear_svm"), Member(estimator="decision_tree"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One candidate for one task."""

    task: Task
    candidate: Candidate


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What came of a case."""

    name: str
    task: Task
    runtime: Runtime
    worst: float
    """Of a probability, or of a number relative to max(1, |number|)."""
    flips: int
    """Other labels than scikit-learn's where its margin is not below the tolerance."""
    rows: int


def cases() -> Iterator[Case]:
    """Every estimator for every task that it fits, then what else pipelines are made of."""
    for candidate in (*_estimators(), *_variations()):
        for task in get_args(Task):
            try:
                candidate.check_task(task)
            except ValueError:
                continue
            yield Case(task=task, candidate=candidate)


def try_case(case: Case) -> Line:
    """Fit, package and ask."""
    definition = ModelDefinition(
        name="matrix",
        task=case.task,
        target="y",
        features=_FEATURES,
        data=Data(location="matrix/"),
        classes=_CLASSES[case.task],
        training=Training(metric=_METRIC[case.task], candidates=(case.candidate,)),
        serving=Serving(runtime="auto"),
    )
    rows, target = _made_up_rows(case.task)
    frame = frame_of(rows, _FEATURES)
    with warnings.catch_warnings():
        # That a fit might go on is nothing to do with what serves it.
        warnings.simplefilter("ignore")
        pipeline = fit(definition, case.candidate, frame[:-_HELD_OUT], target[:-_HELD_OUT])
    signature = Signature.of(definition)
    served = choose_runtime(
        "auto",
        candidate=case.candidate,
        fitted=dump_estimator(pipeline),
        pipeline=pipeline,
        signature=signature,
        golden=golden_rows(pipeline, signature, frame[-_HELD_OUT:]),
    )
    asked = list(_troubled(rows[-_HELD_OUT:]))
    expected = predict_scores(pipeline, frame_of(asked, _FEATURES), task=case.task)
    outputs = LoadedBundle(served.bundle).predict(asked)
    got = np.array(
        [list(one.probabilities.values()) if one.probabilities else [one.value] for one in outputs]
    ).astype(np.float64)
    sure = np.ones(len(asked), dtype=bool)
    if definition.classes:
        best = np.sort(expected, axis=1)
        sure = best[:, -1] - best[:, -2] >= TOLERANCE
    flips = (got.argmax(axis=1) != expected.argmax(axis=1)) & sure
    return Line(
        name=case.candidate.name,
        task=case.task,
        runtime=served.runtime.name,
        worst=float((np.abs(got - expected) / np.maximum(1, np.abs(expected))).max()),
        flips=int(flips.sum()),
        rows=len(asked),
    )


def document(lines: list[Line]) -> str:
    """The page."""
    table = [
        f"| {line.name} | {line.task} | {_RUNTIME_NAMES[line.runtime]} | {line.worst:.1e} | "
        f"{line.flips if line.task != 'regression' else '–'} | {line.rows} |"
        for line in lines
    ]
    return "\n".join([_HEAD, *table, ""])


def main() -> int:
    """Write the page; fail when a line is not exact."""
    lines = []
    for case in cases():
        lines.append(try_case(case))
        print(
            f"{lines[-1].name}, {lines[-1].task}: {lines[-1].runtime}, {lines[-1].worst:.1e}", file=sys.stderr
        )
    DOCUMENT.write_text(document(lines), encoding="utf-8")
    return int(any(line.worst > TOLERANCE or line.flips for line in lines))


def _estimators() -> Iterator[Candidate]:
    for estimator in get_args(Estimator):
        yield Candidate(
            name=estimator,
            estimator=estimator,
            parameters=_SMALLER.get(estimator, {}),
            members=_MEMBERS if estimator in ENSEMBLES else (),
        )


def _variations() -> Iterator[Candidate]:
    boosting = _SMALLER["hist_gradient_boosting"]
    yield Candidate(
        name="hist_gradient_boosting, native categories",
        estimator="hist_gradient_boosting",
        parameters=boosting,
        preparation=Preparation(categories="native"),
    )
    for estimator in ("logistic_regression", "random_forest", "hist_gradient_boosting"):
        for curve in ("sigmoid", "isotonic"):
            yield Candidate(
                name=f"{estimator}, calibrated ({curve})",
                estimator=estimator,
                parameters=_SMALLER.get(estimator, {}),
                calibrate=curve,
            )
    yield Candidate(
        name="nearest_neighbors, calibrated (sigmoid)", estimator="nearest_neighbors", calibrate="sigmoid"
    )
    for name, preparation in {
        "mean, robust scaling": Preparation(impute="mean", scale="robust"),
        "most frequent, scaled to 0..1, categories as places": Preparation(
            impute="most_frequent", scale="min_max", mark_missing=False, categories="ordinal"
        ),
        "zero, scaled by the greatest": Preparation(impute="zero", scale="max_abs"),
        "products of two, the best 30 columns": Preparation(degree=2, keep=30),
        "terms of two words, damped": Preparation(longest_term=2, damp_terms=True, terms=50),
    }.items():
        yield Candidate(name=f"ridge: {name}", estimator="ridge", preparation=preparation)
        yield Candidate(
            name=f"logistic_regression: {name}", estimator="logistic_regression", preparation=preparation
        )


def _made_up_rows(task: Task) -> tuple[list[dict[str, Any]], "np.ndarray[Any, Any]"]:
    random = np.random.default_rng(11)
    words = ("great", "poor", "slow", "service", "again", "naïve", "straße", "42")
    rows: list[dict[str, Any]] = []
    signal = []
    for _ in range(_ROWS):
        row: dict[str, Any] = {
            "amount": float(random.lognormal(8, 4)),
            "since": 1_600_000_000 + int(random.integers(0, 100_000_000)),
            "score": float(random.normal()),
            "active": bool(random.random() < 0.5),
            "plan": str(random.choice(["basic", "plus", "pro"])),
            "size": str(random.choice(["small", "middle", "large"])),
            "note": " ".join(random.choice(words, random.integers(0, 7))),
        }
        signal.append(
            np.log(row["amount"]) / 3 + row["score"] - 2 * (row["plan"] == "pro") + ("great" in row["note"])
        )
        row |= {name: None for name in ("score", "active", "plan", "note") if random.random() < 0.1}
        rows.append(row)
    noisy = np.array(signal) + random.normal(size=_ROWS) / 2
    if task == "regression":
        return rows, 100 * noisy
    return rows, np.digitize(noisy, [2.5] if task == "binary" else [1.5, 3.5])


def _troubled(rows: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    yield from rows
    changes: list[dict[str, Any]] = [
        {"amount": 1e7, "since": 1_700_000_000},
        {"amount": -1e7, "score": 1e7},
        {"amount": 1.7e12, "since": 1_700_000_123_456},
        {"score": None, "active": None, "plan": None, "note": None},
        {"plan": "gold", "size": "vast", "note": "İstanbul, unheard of"},
        {"plan": "gold", "score": None, "amount": 1.7e9},
    ]
    for change in changes:
        yield from (row | change for row in rows[:10])


_RUNTIME_NAMES: dict[Runtime, str] = {"compiled": "compiled", "sklearn": "scikit-learn itself"}
_HEAD = f"""# What serves which estimator, and how exactly

Packaging tries the compiled form of every winner (fitted parameters as typed arrays, evaluated with numpy alone) on golden rows
against scikit-learn, and takes it where no probability is off by more than {TOLERANCE:g} (a number: relative to its size) and no label
differs but where scikit-learn's own margin is smaller than that. Whatever is not exact is served by scikit-learn itself, where the
definition's `serving.runtime` is `auto`; otherwise packaging fails and names that option. `lambdaloop versions show` tells which runtime
a version has, why, and how fast it is.

Written by `python -m scripts.conversion_matrix`: each line is fitted on {_ROWS - _HELD_OUT} rows with amounts from 1 to 1e9, epoch seconds,
missing values, free text and ordered categories, and asked rows that it never saw, some of them with values up to 1.7e12, with everything
missing that may be, and with categories and words that nobody knows. Differences of 1e-16 are the rounding of one sum; 0 is bit for bit.

| candidate | task | served by | greatest difference | other labels | rows |
|---|---|---|---|---|---|"""


if __name__ == "__main__":
    sys.exit(main())
