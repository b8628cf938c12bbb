"""A prediction log that is never empty: whatever has traffic has just been asked, and answered as the fake inference does."""

import gzip
import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

from lambdaloop.domain.capture import capture_line
from lambdaloop.domain.capture_layout import raw_prefix
from lambdaloop.domain.dataset import DataObject
from lambdaloop.domain.prediction import Output, Prediction
from lambdaloop.domain.prediction_id import new_prediction_id
from lambdaloop.domain.release import OPEN_STATUSES, Release, ReleasePin
from tests.fakes.capture import InMemoryCaptureArchive
from tests.fakes.clock import FakeClock
from tests.fakes.samples import MODEL, artifact

_LINES = 40
_BEFORE = timedelta(minutes=6)
"""When the live release answered alone, for a step that nothing else has traffic in."""


class _Releases(Protocol):
    def releases(self, model: str) -> Sequence[Release]: ...


class LiveLog(InMemoryCaptureArchive):
    """The port CaptureArchive. Beside what is put into `objects`, `raw/` holds the last minutes of the live release and of one that
    takes traffic."""

    def __init__(self, registry: _Releases, clock: FakeClock) -> None:
        super().__init__()
        self._registry = registry
        self._clock = clock

    def sources(self, prefix: str) -> Sequence[DataObject]:
        now = self._clock.now()
        if prefix == raw_prefix(MODEL, now):
            self.objects[f"{prefix}live.gz"] = gzip.compress(self._lines(now), mtime=0)
        return super().sources(prefix)

    def _lines(self, now: datetime) -> bytes:
        lines = []
        for release in self._registry.releases(MODEL):
            if release.status == "live":
                lines += _answered(release, now - _BEFORE) + _answered(release, now)
            elif release.status in OPEN_STATUSES:
                lines += _answered(release, now)
        return b"".join(lines)


def _answered(release: Release, at: datetime) -> list[bytes]:
    pin = ReleasePin(model=MODEL, release=release.number, version=release.version, bundle=artifact())
    return [line_of(pin, {"age": float(age), "plan": "a"}, score=age / 1000, at=at) for age in range(_LINES)]


def line_of(pin: ReleasePin, row: dict[str, Any], *, score: float, at: datetime) -> bytes:
    """One line of the sample model about a row to which it said yes with this probability."""
    prediction = Prediction(
        prediction_id=new_prediction_id(at),
        output=Output(value="yes" if score > 0.5 else "no", probabilities={"no": 1 - score, "yes": score}),
        variant="champion",
        model_version=pin.version,
    )
    line = capture_line(prediction, release=pin, entity=None, event_time=at, features=row, latency_ms=1.0)
    return json.dumps(line).encode() + b"\n"
