"""How many of the newest captured rows a retraining keeps to compare its winner with the champion.

Two models are told apart on no fewer labelled rows than their performance is (monitoring.min_labels). Rows that the
champion was fitted on would flatter it, so they are left to training as long as enough others remain.
"""

from collections.abc import Sequence
from datetime import datetime

from lambdaloop.domain.definition import ModelDefinition

ROWS_PER_FOLD = 10
"""Fewer rows say nothing about a model."""


def least_rows(definition: ModelDefinition) -> int:
    """Fewer captured rows cannot be split into some to learn from and some to compare on."""
    return definition.monitoring.min_labels + _least_training(definition)


def held_out(times: Sequence[datetime], definition: ModelDefinition, *, seen_until: datetime | None) -> int:
    """How many of these rows, the last ones of them, are held out.

    times: of at least `least_rows` predictions, oldest first. seen_until: the time of the newest row that the champion
    may have been fitted on.
    """
    least = definition.monitoring.min_labels
    share = round(len(times) * definition.retraining.holdout)
    wanted = max(min(share, len(times) - _least_training(definition)), least)
    unseen = len(times) if seen_until is None else sum(at > seen_until for at in times)
    return min(wanted, unseen) if unseen >= least else wanted


def _least_training(definition: ModelDefinition) -> int:
    """Folds in time order need one part more than there are folds."""
    return max(definition.monitoring.min_labels, (definition.training.folds + 1) * ROWS_PER_FOLD)
