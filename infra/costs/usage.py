"""What is expected of a model in a month: the assumptions of an estimate, each of which an option can replace."""

from dataclasses import dataclass

HOURS = 730.0
"""Of a month, as AWS counts."""


@dataclass(frozen=True, kw_only=True)
class Usage:
    """What one model does in a month. Sizes and times that were measured are in docs/benchmarks.md."""

    requests: float = 100_000
    rows_per_request: float = 1
    request_ms: float = 10
    """What Lambda bills for a warm request; a millisecond or less is our code."""
    cold_starts: float = 0.01
    """Share of the requests that wait for a new process."""
    cold_ms: float = 1_500
    labels: float = 10_000
    """Labels that are posted one by one; files of labels cost next to nothing."""
    trainings: float = 4
    candidate_seconds: float = 60
    """To fit and judge one candidate, in one function."""
    watch_seconds: float = 5
    """Of one run of the watch."""
    storage_gb: float = 1
    """Data, artifacts and the prediction log in S3."""
    registry_gb: float = 0.1
    feature_gb: float = 0.1
    """Stored features in their table; their history is in S3."""
    feature_puts: float = 100_000
    """Rows of stored features that are put, each of up to 1 KB."""

    @property
    def rows(self) -> float:
        """Predictions in a month."""
        return self.requests * self.rows_per_request
