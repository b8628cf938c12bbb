import re

import numpy as np
import pytest

from lambdaloop.domain.candidate import Estimator
from lambdaloop.domain.metrics import Task
from lambdaloop.training.environment import environment_lock
from lambdaloop.training.estimator_files import dump_estimator, load_estimator
from lambdaloop.training.pipelines import fit
from lambdaloop.training.scoring import predict_scores
from tests.unit.training.sample_data import USUAL, candidate, definition, prepared

CASES = [(task, estimator) for task, estimators in USUAL.items() for estimator in estimators]


@pytest.mark.parametrize(("task", "estimator"), CASES)
def test_equal_fits_have_equal_bytes_and_read_back(task: Task, estimator: Estimator) -> None:
    data, model = prepared(task), definition(task)
    pipelines = [
        fit(model, candidate(estimator), data.training_frame, data.training_target) for _ in range(2)
    ]
    content = dump_estimator(pipelines[0])
    assert dump_estimator(pipelines[1]) == content
    frame = data.holdout_frame
    assert np.array_equal(
        predict_scores(load_estimator(content), frame, task=task),
        predict_scores(pipelines[0], frame, task=task),
    )


def test_the_environment_is_pinned_requirement_by_requirement() -> None:
    first, *lines = environment_lock().splitlines()
    assert re.fullmatch(r"# python 3\.\d+\.\d+ on \w+ \w+", first)
    assert all(re.fullmatch(r"[a-z-]+==\d[\w.]*", line) for line in lines)
    assert {line.split("==")[0] for line in lines} >= {"numpy", "scikit-learn", "pandas", "joblib"}
