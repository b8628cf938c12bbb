"""Asks two published versions about the same logged rows, past the gateway: no live request is touched or slowed down.

The requests are marked as verification: the inference function neither counts nor logs them.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from lambdaloop.domain.captured import CapturedPrediction
from lambdaloop.domain.documents import Document
from lambdaloop.domain.errors import BackendUnavailableError, VerificationFailedError
from lambdaloop.domain.gateway_event import answer_of, post_event
from lambdaloop.domain.prediction import Output
from lambdaloop.domain.replay import PairedAnswer, Replay
from lambdaloop.domain.signature import Signature
from lambdaloop.ports import Clock, Traffic

ROWS_PER_REQUEST = 20
LONGEST_SECONDS = 30.0
"""After so long no more rows are asked: a version that answers slowly must not hold up its own judgement."""

Timer = Callable[[], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One of the two versions."""

    lambda_version: str
    signature: Signature
    """Of the model version behind it: it gets the features that it knows and no others."""
    arm: str | None = None
    """Of its experiment, which shall answer; the control does where none is named."""


def compare_versions(
    rows: Sequence[CapturedPrediction],
    *,
    model: str,
    champion: Side,
    candidate: Side,
    traffic: Traffic,
    clock: Clock,
    request_id: str,
    seconds: float = LONGEST_SECONDS,
    timer: Timer = time.perf_counter,
) -> Replay:
    """Ask both versions about every row, for so many seconds; `rows` must be `comparable_rows`.

    Whatever a version answers, it is no error here; nor is it that AWS lets nobody ask, which ends the asking.
    """
    until = timer() + seconds
    sides = [
        _Asked(side, f"/models/{model}/predict", f"{request_id}-{name}", traffic, clock, timer)
        for name, side in (("champion", champion), ("candidate", candidate))
    ]
    answers: list[PairedAnswer] = []
    with suppress(
        BackendUnavailableError
    ):  # Lambda has no room to spare: what was answered until then is compared
        for asked in sides:
            asked.warm_up([row.features for row in rows[:1]])
        for first in range(0, len(rows), ROWS_PER_REQUEST):
            if first and timer() >= until:
                break
            some = rows[first : first + ROWS_PER_REQUEST]
            before, after = (asked.ask([row.features for row in some]) for asked in sides)
            answers += [
                PairedAnswer(row=row, champion=one, candidate=other)
                for row, one, other in zip(some, before, after, strict=True)
            ]
    return Replay(
        answers=tuple(answers),
        champion_ms=tuple(sides[0].milliseconds),
        candidate_ms=tuple(sides[1].milliseconds),
    )


@dataclass(slots=True)
class _Asked:
    """The conversation with one version."""

    side: Side
    path: str
    request_id: str
    traffic: Traffic
    clock: Clock
    timer: Timer
    milliseconds: list[float] = field(default_factory=list)
    _count: int = 0

    def warm_up(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """A first request that is not timed: a cold start is no property of the model."""
        self.ask(rows)
        self.milliseconds.clear()

    def ask(self, rows: Sequence[Mapping[str, Any]]) -> list[Output | None]:
        """One answer per row, None for one that was refused or failed."""
        answers: list[Output | None] = [None] * len(rows)
        places = list(range(len(rows)))
        while places:
            outputs, refused = self._send([rows[place] for place in places])
            if outputs is not None:
                for place, output in zip(places, outputs, strict=True):
                    answers[place] = output
                return answers
            # One row that does not fit refuses the whole request; the others deserve an answer.
            places = [place for number, place in enumerate(places) if number not in refused]
            if not refused:
                return answers
        return answers

    def _send(self, rows: Sequence[Mapping[str, Any]]) -> tuple[list[Output] | None, frozenset[int]]:
        """The outputs, or the numbers of the rows that were refused; neither when the request failed."""
        names = self.side.signature.features
        body = {"rows": [{name: row[name] for name in names} for row in rows]}
        self._count += 1
        event = post_event(
            self.path,
            body,
            request_id=f"{self.request_id}-{self._count}",
            at=self.clock.now(),
            arm=self.side.arm,
        )
        started = self.timer()
        try:
            status, answer = answer_of(self.traffic.invoke(self.side.lambda_version, event))
        except (VerificationFailedError, ValueError):  # the function failed, or answered no JSON
            return None, frozenset()
        if status == 200:
            self.milliseconds.append((self.timer() - started) * 1000)
            return _outputs(answer, len(rows)), frozenset()
        return None, _refused(answer, len(rows)) if status == 422 else frozenset()


def _outputs(answer: Document, rows: int) -> list[Output] | None:
    """None for another format."""
    try:
        found = [
            Output(value=each["value"], probabilities=each.get("probabilities"))
            for each in answer["predictions"]
        ]
    except (KeyError, TypeError, AttributeError):
        return None
    return found if len(found) == rows else None


def _refused(answer: Any, rows: int) -> frozenset[int]:
    details = answer.get("details") if isinstance(answer, dict) else None
    numbers = [each.get("row") for each in details or [] if isinstance(each, dict)]
    return frozenset(number for number in numbers if type(number) is int and 0 <= number < rows)
