"""Callers of a deployed model who together send a fixed number of requests each second, whatever else happens."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from scripts.cli.predict import PredictionRefusedError, SignedClient, input_types, read_csv
from scripts.cli.stacks import Deployment

REQUESTS_PER_SECOND = 50
_CALLERS = 6  # the local cloud runs eight invocations of a function at once
_PATIENCE_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Answered:
    """One request."""

    sent: float
    """By `time.monotonic`, and so is `at`."""
    at: float
    """When the answer was there."""
    status: int
    """0 when there was none."""
    version: int | None
    """Of the model that answered."""
    problem: str = ""
    """What an answer that is no prediction says."""


@dataclass
class SteadyLoad:
    """Requests of one row each, over and over through a file; a caller that comes late catches up."""

    deployment: Deployment
    data: Path
    wanted_rate: int = REQUESTS_PER_SECOND
    """Requests per second."""
    answers: list[Answered] = field(default_factory=list)

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Send for as long as this lasts; every request is answered in the end."""
        rows = read_csv(self.data, input_types(SignedClient(), self.deployment))
        begin, ticks, over = time.monotonic(), count(), threading.Event()

        def call() -> None:
            client = SignedClient()
            while not over.is_set():
                tick = next(ticks)
                if over.wait(max(0.0, begin + tick / self.wanted_rate - time.monotonic())):
                    return
                self.answers.append(self._ask(client, rows[tick % len(rows)]))

        with ThreadPoolExecutor(_CALLERS) as pool:
            calls = [pool.submit(call) for _ in range(_CALLERS)]
            try:
                yield
            finally:
                over.set()
        for each in calls:
            each.result()

    def wait(self, requests: int) -> None:
        """Until so many more are answered; TimeoutError when nobody answers any more."""
        wanted, deadline = len(self.answers) + requests, time.monotonic() + _PATIENCE_SECONDS
        while len(self.answers) < wanted:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{wanted - len(self.answers)} of {requests} requests are not answered")
            threading.Event().wait(0.01)

    @property
    def rate(self) -> float:
        """Requests per second that were really sent."""
        sent = sorted(each.sent for each in self.answers)
        return (len(sent) - 1) / (sent[-1] - sent[0])

    @property
    def failures(self) -> list[Answered]:
        """Requests without a prediction."""
        return [each for each in self.answers if each.status != 200]

    def _ask(self, client: SignedClient, row: dict[str, object]) -> Answered:
        sent = time.monotonic()
        try:
            status, answer = client.post(self.deployment.predict_url, {"rows": [row]})
        except PredictionRefusedError as error:
            return Answered(sent, time.monotonic(), 0, None, str(error))
        at = time.monotonic()
        if status != 200:
            return Answered(sent, at, status, None, str(answer))
        return Answered(sent, at, status, answer["predictions"][0]["model_version"])
