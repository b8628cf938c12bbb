"""How far the served runtime is from scikit-learn, on golden rows with missing values, unseen categories and 1e12."""

from collections.abc import Callable
from typing import get_args

from lambdaloop.domain.bundle import unpack_bundle
from lambdaloop.domain.golden import TOLERANCE, Answer, worst_difference
from lambdaloop.domain.metrics import Task
from lambdaloop.serving.served_model import LoadedBundle
from scripts.benchmarks.report import Section, Table
from scripts.benchmarks.trained_models import fit_models


def parity(advance: Callable[[int, int], None]) -> Section:
    """Fit every estimator for every task and replay its golden rows."""
    rows = []
    total = 9
    for task in get_args(Task):
        for model in fit_models(task):
            golden = unpack_bundle(model.bundle).golden()
            answers = [
                Answer(value=one.value, probabilities=one.probabilities)
                for one in LoadedBundle.from_bytes(model.bundle).predict(golden.rows)
            ]
            rows.append(
                [f"{model.label}, {task}", str(len(golden.rows)), f"{worst_difference(golden, answers):.1e}"]
            )
            advance(len(rows), total)
    return Section(
        title="Parity with scikit-learn",
        text=(
            "The worst difference of a probability (of a number: relative to its size) on the golden rows, which hold values up "
            f"to 1.7e12, missing values and categories that training never saw. Must hold: at most {TOLERANCE:g} and the same labels."
        ),
        table=Table(head=["estimator", "golden rows", "worst difference"], rows=rows),
    )
