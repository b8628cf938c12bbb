"""Scores one candidate on folds of the training rows."""

import statistics
from dataclasses import dataclass

from lambdaloop.domain.definition import Candidate, ModelDefinition
from lambdaloop.training.pipelines import fit
from lambdaloop.training.preparation import PreparedData, folds
from lambdaloop.training.scoring import compute_metrics, predict_scores


@dataclass(frozen=True, slots=True, kw_only=True)
class CrossValidation:
    """The training metric over the folds; None when it has no value in one of them."""

    score: float | None
    score_std: float | None


def cross_validate(definition: ModelDefinition, candidate: Candidate, data: PreparedData) -> CrossValidation:
    """Fit on all folds but one, score on that one, for each fold."""
    frame, target = data.training_frame, data.training_target
    scores: list[float] = []
    for fitted, held in folds(data, definition):
        pipeline = fit(definition, candidate, frame.iloc[fitted], target[fitted])
        predicted = predict_scores(pipeline, frame.iloc[held], task=definition.task)
        value = compute_metrics(target[held], predicted, task=definition.task)[definition.training.metric]
        if value is None:
            return CrossValidation(score=None, score_std=None)
        scores.append(value)
    return CrossValidation(score=statistics.fmean(scores), score_std=statistics.pstdev(scores))
