"""Follows a Step Functions execution and shows each step as it happens."""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

import boto3
from rich.progress import Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from scripts.cli.output import progress_console

_POLL_SECONDS = 0.5
_LOOK_EVENTS = 20  # about as many as happen between two looks


@dataclass(frozen=True, kw_only=True)
class Execution:
    """An execution that has ended."""

    arn: str
    status: str
    output: Mapping[str, Any]
    cause: str
    """Why it failed; empty when it did not."""

    @property
    def succeeded(self) -> bool:
        """Whether it reached a success state."""
        return self.status == "SUCCEEDED"


class _Steps:
    """The progress display: one line per state, counting the iterations of a Map."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._lines: dict[str, TaskID] = {}
        self._entered: dict[str, int] = {}
        self._left: dict[str, int] = {}
        self.current: str | None = None

    def see(self, event: Mapping[str, Any]) -> None:
        """Take one history event into account."""
        kind = event["type"]
        if kind.endswith("StateEntered"):
            self._enter(event["stateEnteredEventDetails"]["name"])
        elif kind.endswith("StateExited"):
            self._leave(event["stateExitedEventDetails"]["name"])

    def _enter(self, name: str) -> None:
        self.current = name
        self._entered[name] = self._entered.get(name, 0) + 1
        if name not in self._lines:
            self._lines[name] = self._progress.add_task(name, total=1)
        self._show(name)

    def _leave(self, name: str) -> None:
        self._left[name] = self._left.get(name, 0) + 1
        self._show(name)

    def _show(self, name: str) -> None:
        entered, left = self._entered.get(name, 0), self._left.get(name, 0)
        count = f" ({left} of {entered})" if entered > 1 else ""
        self._progress.update(
            self._lines[name], description=name + count, completed=left, total=max(entered, 1)
        )


def follow(arn: str, *, meanwhile: Callable[[str | None], None] = lambda _state: None) -> Execution:
    """Show the steps of an execution until it ends; `meanwhile` is called between polls with the state it is in."""
    client: Any = boto3.client("stepfunctions")
    columns = (SpinnerColumn(finished_text="✓"), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=progress_console) as progress:
        try:
            status = _watch(client, arn, _Steps(progress), meanwhile)
        except KeyboardInterrupt:
            progress_console.print(f"It goes on without you: {arn}", highlight=False, markup=False)
            raise
    execution = Execution(
        arn=arn,
        status=status["status"],
        output=json.loads(status.get("output") or "{}"),
        cause=": ".join(filter(None, (status.get("error"), status.get("cause")))),
    )
    if not execution.succeeded:
        progress_console.print(
            f"{execution.status}: {execution.cause}", style="red", highlight=False, markup=False
        )
    return execution


def _watch(client: Any, arn: str, steps: _Steps, meanwhile: Callable[[str | None], None]) -> dict[str, Any]:
    """Tell the display what happens until the execution has ended; returns its description then."""
    seen = 0
    while True:
        status: dict[str, Any] = client.describe_execution(executionArn=arn)
        for event in _history(client, arn, after=seen):
            steps.see(event)
            seen = max(seen, event["id"])
        if status["status"] != "RUNNING":
            return status
        meanwhile(steps.current)
        time.sleep(_POLL_SECONDS)


def _history(client: Any, arn: str, *, after: int) -> list[dict[str, Any]]:
    """What happened since event number `after`, in order; asked for from the end, so that a look costs what is new."""
    paginator = client.get_paginator("get_execution_history")
    pages = paginator.paginate(executionArn=arn, reverseOrder=True, maxResults=_LOOK_EVENTS)
    newest_first = (event for page in pages for event in page["events"])
    return list(takewhile(lambda event: event["id"] > after, newest_first))[::-1]
