"""Replays a stream against the live endpoint in virtual time: predictions, and labels when they are known.

A virtual day has two halves. In the middle of each one half of its rows is sent; in the first also the labels that are
known by then. Time passes between, and whatever is due happens: logs are delivered, the watch looks, alarms change, the
governor decides, models are trained and released.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from lambdaloop.domain.definition import Label, ModelDefinition
from lambdaloop.domain.errors import LambdaloopError
from lambdaloop.domain.prediction import Output
from scripts.cli.demo_stream import Stream
from scripts.cli.local_process import LocalCloud
from scripts.cli.predict import SignedClient
from scripts.cli.stacks import Deployment

HALF_DAY = 43_200.0
DAY = 2 * HALF_DAY
_MOST_REQUESTS = 24  # of half a day, while a release bakes: enough for a canary to get its share
_ROWS_AT_ONCE = 1000


class ReplayFailedError(LambdaloopError):
    """The endpoint refused labels."""


class Replay:
    """Sends the rows of a stream; remembers what was answered."""

    def __init__(
        self,
        cloud: LocalCloud,
        deployment: Deployment,
        definition: ModelDefinition,
        stream: Stream,
    ) -> None:
        self._cloud, self._stream = cloud, stream
        self._release_workflow = deployment.release_workflow.rpartition(":")[2]
        self._client = SignedClient()
        self._predict_url, self._feedback_url = deployment.predict_url, deployment.feedback_url
        self.rows = stream.rows(definition)
        self.actuals: list[Label | float] = stream.actuals(definition)
        self.answers: dict[int, Output] = {}
        """By row; a row that was refused has none."""
        self.statuses: Counter[int] = Counter()
        self._ids: dict[int, str] = {}
        self._rows_by_label_day: defaultdict[int, list[int]] = defaultdict(list)
        for row, day in enumerate(stream.label_days):
            self._rows_by_label_day[day].append(row)

    def play(self, start: float, *, meanwhile: Callable[[Sequence[str]], None]) -> Iterator[int]:
        """Play day after day from virtual time `start` on; yields each day (0, 1 …) when it is over."""
        size = self._stream.rows_per_day
        for day in range(self._stream.days):
            first, last = day * size, min((day + 1) * size, len(self.rows))
            middle = min(first + math.ceil(size / 2), last)
            morning = start + day * DAY + HALF_DAY / 2
            self._cloud.pass_until(morning, meanwhile=meanwhile)
            self._send_labels(self._rows_by_label_day[day])
            self._send_rows(first, middle)
            self._cloud.pass_until(morning + HALF_DAY, meanwhile=meanwhile)
            self._send_rows(middle, last)
            self._cloud.pass_until(start + (day + 1) * DAY, meanwhile=meanwhile)
            yield day

    @property
    def example_row(self) -> dict[str, Any]:
        """A row that was sent."""
        return self.rows[max(self.answers)]

    @property
    def summary(self) -> dict[str, int]:
        """How many rows were sent and answered, and how many requests failed with a 5xx status."""
        failed = sum(count for status, count in self.statuses.items() if status >= 500)
        return {"sent": len(self.rows), "ok": len(self.answers), "http_5xx": failed}

    def _send_rows(self, first: int, last: int) -> None:
        """In one request; while a release bakes in several, so that both sides get traffic."""
        parts = _MOST_REQUESTS if self._release_workflow in self._cloud.running_workflows() else 1
        size = min(_ROWS_AT_ONCE, max(1, math.ceil((last - first) / parts)))
        for begin in range(first, last, size):
            end = min(begin + size, last)
            status, answer = self._client.post(self._predict_url, {"rows": self.rows[begin:end]})
            self.statuses[status] += 1
            if status == 200:
                for row, prediction in zip(range(begin, end), answer["predictions"], strict=True):
                    self._ids[row] = prediction["prediction_id"]
                    self.answers[row] = Output(
                        value=prediction["value"], probabilities=prediction.get("probabilities")
                    )

    def _send_labels(self, rows: Sequence[int]) -> None:
        labels = [
            {"prediction_id": self._ids[row], "actual": self.actuals[row]} for row in rows if row in self._ids
        ]
        for begin in range(0, len(labels), _ROWS_AT_ONCE):
            part = labels[begin : begin + _ROWS_AT_ONCE]
            status, answer = self._client.post(self._feedback_url, {"labels": part})
            if status != 202:
                raise ReplayFailedError(f"{self._feedback_url} answered {status}: {answer}")
