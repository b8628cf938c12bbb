"""Where experiments keep what they know in the capture bucket.

Below `experiments/` lie single predictions, which expire as others do; looks know sums only, and stay among the reports.
"""

from datetime import UTC, datetime


def experiment_folder(model: str, experiment: str) -> str:
    """Single predictions of one experiment, and what was read of it."""
    return f"experiments/model={model}/experiment={experiment}/"


def exposure_prefix(model: str, experiment: str) -> str:
    """Who saw which arm, a file for each day of predictions."""
    return f"{experiment_folder(model, experiment)}exposures/"


def exposure_key(model: str, experiment: str, day: datetime) -> str:
    """Who saw which arm on that day.

    >>> exposure_key("churn", "layout", datetime(2026, 3, 2, 9, tzinfo=UTC))
    'experiments/model=churn/experiment=layout/exposures/2026-03-02.npz'
    """
    return f"{exposure_prefix(model, experiment)}{day.astimezone(UTC):%Y-%m-%d}.npz"


def reading_key(model: str, experiment: str) -> str:
    """Which sources were read."""
    return f"{experiment_folder(model, experiment)}reading.json.gz"


def look_prefix(model: str, experiment: str) -> str:
    """What every look showed."""
    return f"reports/model={model}/experiment={experiment}/"


def look_key(model: str, experiment: str, at: datetime) -> str:
    """What the look at that time showed."""
    return f"{look_prefix(model, experiment)}{at.astimezone(UTC):%Y-%m-%dT%H:%M}Z.json.gz"
