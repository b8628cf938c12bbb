"""Scores one candidate on folds of the training rows."""

import statistics
from dataclasses import dataclass

from lambdaloop.domain.candidate import Candidate
from lambdaloop.domain.definition import ModelDefinition
from lambdaloop.training.folds import folds
from lambdaloop.training.pipelines import fit
from lambdaloop.training.preparation import PreparedData
from lambdaloop.training.scoring import compute_metrics, predict_scores


@dataclass(frozen=True, slots=True, kw_only=True)
class CrossValidation:
    """The training metric over the folds; None when it has no value in one of them."""

    score: float | None
    score_std: float | None


def cross_validate(definition: ModelDefinition, candidate: Candidate, data: PreparedData) -> CrossValidation:
    """Fit on one side of each fold, score on the other. Weights are for fitting: every row is scored alike."""
    frame, target, weights = data.training_frame, data.training_target, data.training_weights
    scores: list[float] = []
    for fitted, held in folds(data, definition):
        weighing = None if weights is None else weights[fitted]
        pipeline = fit(definition, candidate, frame.iloc[fitted], target[fitted], weighing)
        predicted = predict_scores(pipeline, frame.iloc[held], task=definition.task)
        value = compute_metrics(target[held], predicted, task=definition.task)[definition.training.metric]
        if value is None:
            return CrossValidation(score=None, score_std=None)
        scores.append(value)
    return CrossValidation(score=statistics.fmean(scores), score_std=statistics.pstdev(scores))
