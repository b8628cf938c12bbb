"""The demo's callers: they replay rows of the data over HTTP, and keep a canary supplied while it bakes."""

from collections import Counter
from pathlib import Path
from typing import Any

from rich.progress import track

from scripts.cli.executions import Execution, follow
from scripts.cli.local_process import LocalCloud
from scripts.cli.output import progress_console
from scripts.cli.predict import SignedClient, input_types, read_csv
from scripts.cli.stacks import Deployment

_REQUESTS_WHILE_BAKING = 300  # a tenth of them is evidence enough for the usual min_requests
_BAKE = "Bake"


class Traffic:
    """Signed single-row requests; counts how they were answered."""

    def __init__(self, deployment: Deployment, data: Path) -> None:
        self._deployment, self._data, self._client = deployment, data, SignedClient()
        self._rows: list[dict[str, Any]] = []
        self._sent = 0
        self.statuses: Counter[int] = Counter()

    def send(self, count: int, *, show: bool = True) -> None:
        """Send `count` requests, one row each, over and over through the data."""
        for _ in track(range(count), description="  predictions", console=progress_console, disable=not show):
            status, _ = self._client.post(self._deployment.predict_url, {"rows": [self._next_row()]})
            self.statuses[status] += 1

    def _next_row(self) -> dict[str, Any]:
        if not self._rows:
            self._rows = read_csv(self._data, input_types(self._client, self._deployment))
        self._sent += 1
        return self._rows[(self._sent - 1) % len(self._rows)]

    @property
    def example_row(self) -> dict[str, Any]:
        """The row that was sent last."""
        return self._rows[(self._sent - 1) % len(self._rows)]

    @property
    def summary(self) -> dict[str, int]:
        """How many were sent, answered with 200, and answered with a 5xx status."""
        failed = sum(count for status, count in self.statuses.items() if status >= 500)
        return {"sent": self.statuses.total(), "ok": self.statuses[200], "http_5xx": failed}


def follow_release(execution: str, *, cloud: LocalCloud, traffic: Traffic, bake_seconds: int) -> Execution:
    """Follow a release; whenever it bakes, send traffic and let the bake time pass."""

    def while_baking(state: str | None) -> None:
        if state == _BAKE:
            # In the middle of the bake: CloudWatch counts by the minute, and the minute of the shift belongs to both sides.
            cloud.advance(bake_seconds / 2)
            traffic.send(_REQUESTS_WHILE_BAKING, show=False)
            cloud.advance(bake_seconds / 2)

    return follow(execution, meanwhile=while_baking)
