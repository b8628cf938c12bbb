"""Tells programs through the platform's event bus."""

import json
import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from lambdaloop.adapters.aws_client import aws_client
from lambdaloop.adapters.aws_errors import aws_errors
from lambdaloop.domain.documents import to_document
from lambdaloop.domain.errors import BackendUnavailableError
from lambdaloop.domain.happening import SOURCE, Happening

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient

MOST_ENTRIES = 10
MOST_BYTES = 256 * 1024
"""Of one call, over all of its entries."""
MOST_DETAIL_BYTES = 200 * 1024
"""Of one event: what EventBridge adds around it has to fit into the 256 KB of the targets, too."""
_TIME_BYTES = 14
"""What EventBridge counts for an entry's time."""
ATTEMPTS = 4
_FIRST_WAIT_SECONDS = 0.2

Entry = dict[str, Any]


class EventBridgeBus:
    """The port HappeningBus. IAM: events:PutEvents."""

    def __init__(
        self,
        *,
        bus: str,
        client: "EventBridgeClient | None" = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._bus = bus
        self._client: EventBridgeClient = client or aws_client("events")
        self._sleep = sleep

    def put(self, happenings: Sequence[Happening]) -> Sequence[bool]:
        """For each event whether it was taken, after bounded retries; it may arrive twice."""
        entries = [self._entry(each) for each in happenings]
        taken: list[bool] = []
        for call in _calls(entries):
            taken += self._put(call)
        return taken

    def _put(self, entries: list[Entry]) -> list[bool]:
        left = dict(enumerate(entries))
        for attempt in range(ATTEMPTS):
            if attempt:
                wait = _FIRST_WAIT_SECONDS * 2**attempt
                self._sleep(random.uniform(wait / 2, wait))  # noqa: S311  (spreads callers, keeps no secret)
            left = self._refused(left)
            if not left:
                break
        return [place not in left for place in range(len(entries))]

    def _refused(self, entries: dict[int, Entry]) -> dict[int, Entry]:
        """Those that one call was not rid of."""
        try:
            with aws_errors():
                answer = self._client.put_events(Entries=list(entries.values()))  # type: ignore[arg-type]
        except BackendUnavailableError:
            return entries
        answers = zip(entries.items(), answer["Entries"], strict=True)
        return {place: entry for (place, entry), result in answers if result.get("ErrorCode")}

    def _entry(self, happening: Happening) -> Entry:
        return {
            "EventBusName": self._bus,
            "Source": SOURCE,
            "DetailType": happening.detail_type,
            "Time": happening.at,
            "Detail": _detail(happening),
        }


def _detail(happening: Happening) -> str:
    text = json.dumps(to_document(happening))  # ASCII: as many bytes as characters
    if len(text) <= MOST_DETAIL_BYTES:
        return text
    return json.dumps(to_document(replace(happening, data={"truncated": True})))


def _calls(entries: Sequence[Entry]) -> Iterator[list[Entry]]:
    """As few calls as the limits allow, in order."""
    call: list[Entry] = []
    size = 0
    for entry in entries:
        bytes_ = _TIME_BYTES + sum(
            len(str(entry[name]).encode()) for name in ("Source", "DetailType", "Detail")
        )
        if call and (len(call) == MOST_ENTRIES or size + bytes_ > MOST_BYTES):
            yield call
            call, size = [], 0
        call.append(entry)
        size += bytes_
    if call:
        yield call
