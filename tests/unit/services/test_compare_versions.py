import json
from itertools import count
from typing import Any

import pytest

from lambdaloop.domain.captured import CapturedPrediction
from lambdaloop.domain.definition import Feature
from lambdaloop.domain.documents import Document
from lambdaloop.domain.errors import BackendUnavailableError, VerificationFailedError
from lambdaloop.domain.replay import Replay
from lambdaloop.domain.signature import Signature
from lambdaloop.services.compare_versions import LONGEST_SECONDS, Side, compare_versions
from tests.fakes.clock import FakeClock
from tests.fakes.samples import MODEL, definition
from tests.fakes.traffic import InMemoryTraffic
from tests.unit.domain.test_replay import row

SIGNATURE = Signature.of(definition())
ROWS = [row(age=float(age), plan="a") for age in range(50)]


class Asked(InMemoryTraffic):
    """Two versions whose answers a test gives by Lambda version; remembers the requests."""

    def __init__(self, **answers: Any) -> None:
        super().__init__()
        self.answers = answers
        self.requests: list[tuple[str, Document]] = []

    def invoke(self, lambda_version: str, event: Document) -> Document:
        self.requests.append((lambda_version, event))
        answer = self.answers[f"v{lambda_version}"]
        found: Document = answer(json.loads(event["body"])["rows"])
        return found


def answering(value: str = "no") -> Any:
    def answer(rows: list[Document]) -> Document:
        return reply(
            200, {"predictions": [{"value": value, "probabilities": {"no": 1, "yes": 0}} for _ in rows]}
        )

    return answer


def reply(status: int, body: Any) -> Document:
    return {"statusCode": status, "body": json.dumps(body)}


def compared(traffic: Asked, rows: list[CapturedPrediction] = ROWS, **options: Any) -> Replay:
    return compare_versions(
        rows,
        model=MODEL,
        champion=Side(lambda_version="2", signature=SIGNATURE),
        candidate=Side(lambda_version="3", signature=options.pop("signature", SIGNATURE)),
        traffic=traffic,
        clock=FakeClock(),
        request_id="judge-churn-2",
        **options,
    )


def test_every_row_is_asked_of_both_versions_in_small_requests_past_the_gateway() -> None:
    traffic = Asked(v2=answering("no"), v3=answering("yes"))
    replay = compared(traffic)
    assert [
        (one.champion and one.champion.value, one.candidate and one.candidate.value) for one in replay.answers
    ] == [("no", "yes")] * 50
    assert [one.row for one in replay.answers] == ROWS
    sizes = [len(json.loads(event["body"])["rows"]) for version, event in traffic.requests if version == "3"]
    assert sizes == [1, 20, 20, 10]
    contexts = [event["requestContext"] for _, event in traffic.requests]
    assert {context["apiId"] for context in contexts} == {"verification"}
    assert len({context["requestId"] for context in contexts}) == 8


def test_the_first_request_warms_up_and_is_not_timed() -> None:
    seconds = count()
    replay = compared(
        Asked(v2=answering(), v3=answering()), ROWS[:20], timer=lambda: float(next(seconds)) / 100
    )
    assert replay.champion_ms == replay.candidate_ms == pytest.approx((10.0,))


def test_a_row_that_does_not_fit_fails_alone() -> None:
    def refuses_old(rows: list[Document]) -> Document:
        old = [place for place, one in enumerate(rows) if one["age"] in (7.0, 9.0)]
        if old:
            return reply(422, {"error": "rows", "details": [{"row": place, "field": "age"} for place in old]})
        found: Document = answering()(rows)
        return found

    replay = compared(Asked(v2=answering(), v3=refuses_old))
    failed = [one.features["age"] for one in replay.answers if one.candidate is None]
    assert failed == [7.0, 9.0]
    assert replay.new_failures == 2


def fails(_: list[Document]) -> Document:
    raise VerificationFailedError("Runtime.ExitError")


@pytest.mark.parametrize(
    "broken",
    [
        fails,
        lambda _: reply(500, {"error": "internal error"}),
        lambda _: reply(422, {"error": "rows"}),
        lambda _: reply(422, ["odd"]),
        lambda _: {"statusCode": 200, "body": "no JSON"},
        lambda _: reply(200, {"predictions": []}),
        lambda _: reply(200, ["odd"]),
        lambda rows: reply(200, {"predictions": [{"score": 1}] * len(rows)}),
    ],
)
def test_whatever_a_version_answers_is_a_failure_of_its_rows_and_no_error(broken: Any) -> None:
    replay = compared(Asked(v2=answering(), v3=broken))
    assert (replay.candidate_failures, replay.champion_failures) == (50, 0)


def test_each_version_gets_the_features_that_it_knows() -> None:
    wider = Signature(
        model=MODEL,
        task="binary",
        features={"age": Feature(type="number"), "visits": Feature(type="integer")},
        classes=("no", "yes"),
    )
    traffic = Asked(v2=answering(), v3=answering())
    compared(traffic, [row(age=1.0, plan="a", visits=3)], signature=wider)
    asked = {version: json.loads(event["body"])["rows"][0] for version, event in traffic.requests}
    assert asked == {"2": {"age": 1.0, "plan": "a"}, "3": {"age": 1.0, "visits": 3}}


def test_versions_that_take_too_long_are_asked_no_more() -> None:
    now = [0.0]

    def slow(rows: list[Document]) -> Document:
        now[0] += LONGEST_SECONDS / 2
        found: Document = answering()(rows)
        return found

    replay = compared(Asked(v2=answering(), v3=slow), timer=lambda: now[0])
    assert len(replay.answers) == 20


def test_without_rows_nobody_is_asked() -> None:
    traffic = Asked()
    assert compared(traffic, []).answers == ()
    assert traffic.requests == []


def test_without_room_at_lambda_what_was_answered_until_then_is_compared() -> None:
    asked = count(1)

    def crowded(rows: list[Document]) -> Document:
        if next(asked) > 2:  # the warm-up and the first twenty rows
            raise BackendUnavailableError("Invoke was refused (TooManyRequestsException): try again")
        found: Document = answering("yes")(rows)
        return found

    replay = compared(Asked(v2=answering("no"), v3=crowded))
    assert len(replay.answers) == 20
    assert all(each.champion and each.candidate for each in replay.answers)
