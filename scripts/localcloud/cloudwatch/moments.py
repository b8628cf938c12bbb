"""Times as moto hands them over, in seconds since the epoch."""

from datetime import UTC, datetime
from typing import Any


def seconds(moment: Any, otherwise: float) -> float:
    """Seconds since the epoch of a datetime (naive means UTC), an ISO text or a number; `otherwise` for None."""
    if moment is None:
        return otherwise
    if isinstance(moment, str):
        moment = datetime.fromisoformat(moment)
    if isinstance(moment, datetime):
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    return float(moment)
