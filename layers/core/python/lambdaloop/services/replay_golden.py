"""Asks a loaded model the golden rows, as requests come and as one batch."""

from lambdaloop.domain.golden import Answer, GoldenRows, worst_difference
from lambdaloop.ports import ServedModel


def replay_golden(model: ServedModel, golden: GoldenRows) -> float:
    """The worst difference from scikit-learn's answers; ParityError names the first row that is not exact."""
    batch = model.predict(list(golden.rows))
    single = [output for row in golden.rows for output in model.predict([row])]
    return max(
        worst_difference(
            golden, [Answer(value=one.value, probabilities=one.probabilities) for one in outputs]
        )
        for outputs in (batch, single)
    )
