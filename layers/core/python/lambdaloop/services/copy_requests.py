"""Asks one published version what the prediction log says others were asked: copies of live requests, past the gateway.

Only the new version is asked; what the version before answered is in the log. So the function instances that answer live
requests are left alone, and where Lambda has no room to spare, copying ends.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lambdaloop.domain.captured import CapturedPrediction
from lambdaloop.domain.errors import BackendUnavailableError, VerificationFailedError
from lambdaloop.domain.gateway_event import answer_of, post_event
from lambdaloop.domain.prediction import Output
from lambdaloop.domain.replay import PairedAnswer
from lambdaloop.domain.signature import Signature
from lambdaloop.ports import Clock, Traffic

LONGEST_SECONDS = 30.0
"""After so long no more copies are made in one go."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Copied(PairedAnswer):
    """One row, the answer in the log, and the answer of the new version."""

    milliseconds: float
    """How long the call took."""


def copy_requests(
    rows: Sequence[CapturedPrediction],
    *,
    model: str,
    lambda_version: str,
    signature: Signature,
    traffic: Traffic,
    clock: Clock,
    request_id: str,
    arm: str | None = None,
    seconds: float = LONGEST_SECONDS,
    timer: Callable[[], float] = time.perf_counter,
) -> Sequence[Copied]:
    """A request of one row for each logged row, one after the other; `rows` must be `comparable_rows`.

    `arm`: of the version's experiment, which shall answer. Fewer than `rows` when the `seconds` are up or Lambda is out of room.
    A refusal or a failure is an answer, too: None.
    """
    copies: list[Copied] = []
    until = timer() + seconds
    # The first row goes out once more, before: a cold start is no property of the model.
    for place, row in enumerate([*rows[:1], *rows]):
        features = {name: row.features[name] for name in signature.features}
        event = post_event(
            f"/models/{model}/predict",
            {"rows": [features]},
            request_id=f"{request_id}-{place}",
            at=clock.now(),
            arm=arm,
        )
        started = timer()
        if place and started > until:
            break
        try:
            output = _answer(traffic, lambda_version, event)
        except BackendUnavailableError:
            break
        if place:
            copies.append(
                Copied(
                    row=row,
                    champion=Output(value=row.prediction, probabilities=row.probabilities),
                    candidate=output,
                    milliseconds=(timer() - started) * 1000,
                )
            )
    return copies


def _answer(traffic: Traffic, lambda_version: str, event: dict[str, Any]) -> Output | None:
    try:
        status, body = answer_of(traffic.invoke(lambda_version, event))
    except (VerificationFailedError, ValueError):  # the function failed, or answered no JSON
        return None
    return _output(body) if status == 200 else None


def _output(body: Any) -> Output | None:
    """None for another format."""
    found = body.get("predictions") if isinstance(body, Mapping) else None
    prediction = found[0] if isinstance(found, list) and found else None
    if not isinstance(prediction, Mapping) or "value" not in prediction:
        return None
    return Output(value=prediction["value"], probabilities=prediction.get("probabilities"))
