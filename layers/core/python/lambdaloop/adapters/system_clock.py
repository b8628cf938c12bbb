"""The clock of the machine, which in Lambda is AWS's."""

from datetime import UTC, datetime


class SystemClock:
    """The port Clock."""

    def now(self) -> datetime:
        """Aware, in UTC."""
        return datetime.now(UTC)
