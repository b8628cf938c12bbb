"""GetExecutionHistory in pages, and from its end on request.

moto always answers with everything, so whoever follows an execution would be sent its whole past at every look.
"""

from typing import Any

from moto.core.responses import ActionResult
from moto.stepfunctions.parser import api
from moto.stepfunctions.responses import StepFunctionResponse

from scripts.localcloud import moto_seams
from scripts.localcloud.cloud import Cloud

_PAGE = 100  # events, where the request names no number


def install(cloud: Cloud) -> None:
    """Patch moto's answer."""

    def get_execution_history(self: Any) -> ActionResult:
        arn = self._get_param("executionArn")
        events = list(self.stepfunction_backend.get_execution_history(arn)["events"])
        if self._get_param("reverseOrder"):
            events.reverse()
        after = self._get_param("nextToken")
        begin = 0 if after is None else _begin(events, after)
        end = begin + (self._get_param("maxResults") or _PAGE)
        page = {"events": events[begin:end]}
        # A token names an event and not a place: meanwhile new ones may have come at either end.
        return ActionResult(page if end >= len(events) else {**page, "nextToken": str(events[end]["id"])})

    moto_seams.of(cloud).replace(StepFunctionResponse, "get_execution_history", get_execution_history)


def _begin(events: list[Any], token: str) -> int:
    for place, event in enumerate(events):
        if str(event["id"]) == token:
            return place
    raise api.InvalidToken
