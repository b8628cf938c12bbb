"""How long `lambdaloop rollback` takes under load, from the command to the last answer of the version that is left."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any
from uuid import uuid4

from lambdaloop.adapters.dynamo_registry import DynamoRegistry
from lambdaloop.adapters.step_functions import StepFunctionsWorkflows
from lambdaloop.domain.run import Run
from lambdaloop.domain.version import VersionDraft
from scripts.benchmarks.deployed_model import DeployedModel, deployed_model
from scripts.benchmarks.report import Section, Table
from scripts.benchmarks.steady_load import REQUESTS_PER_SECOND, SteadyLoad
from scripts.cli.stacks import Deployment

_ROUNDS = 5
_AROUND = 150
"""Requests before the command, and after its end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """A deployed model with two live releases, one after the other."""

    deployment: Deployment
    data: Path
    older: int
    """Version of the older release."""
    newer_release: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rollback:
    """One of them, in seconds from the start of its process."""

    last_new_answer: float
    process: float
    requests: int
    rate: float
    failures: int


def rollback_speed(advance: Callable[[int, int], None]) -> Section:
    """Back and forth between two releases; only the ways back are measured."""
    measured: list[_Rollback] = []
    with _place() as place:
        for _ in range(_ROUNDS):
            measured.append(_roll_back(place))
            _command("rollback", place.deployment.model, "--to", str(place.newer_release))
            advance(len(measured), _ROUNDS)
    rows = [_row(str(number), [each]) for number, each in enumerate(measured, start=1)]
    return Section(
        title="A rollback under load",
        text=(
            f"`lambdaloop rollback` through the local cloud while callers ask for {REQUESTS_PER_SECOND} predictions per second over "
            "HTTP, all on the same machine. From the start of the command's process to the moment after which only the version "
            "before answered; the process itself goes on to write the record. "
            f"Must hold: under 2 s, and no request fails. Each from {_AROUND} requests before to {_AROUND} after."
        ),
        table=Table(
            head=[
                "rollback",
                "until all answers were old, s",
                "the whole command, s",
                "requests",
                "sent per second",
                "failed",
            ],
            rows=[*rows, _row("median; all failures", measured, bold="**")],
        ),
    )


def register_again(registry: DynamoRegistry, model: str, number: int) -> int:
    """The same version once more under another number, so that answers tell which release gave them."""
    version, now, run = registry.version(model, number), datetime.now(UTC), str(uuid4())
    registry.start_run(
        Run(id=run, model=model, reason="another number", requested_by="benchmark", started_at=now)
    )
    known = {each.name: getattr(version, each.name) for each in fields(VersionDraft)}
    return registry.register_version(VersionDraft(**{**known, "run": run}), by="benchmark", at=now).number


def _row(name: str, measured: list[_Rollback], *, bold: str = "") -> list[str]:
    def figure(value: Callable[[_Rollback], float]) -> float:
        return median(map(value, measured))

    return [
        name,
        f"{bold}{figure(lambda one: one.last_new_answer):.2f}{bold}",
        f"{figure(lambda one: one.process):.2f}",
        f"{figure(lambda one: one.requests):.0f}",
        f"{figure(lambda one: one.rate):.1f}",
        f"{bold}{sum(one.failures for one in measured)}{bold}",
    ]


def _roll_back(place: _Place) -> _Rollback:
    load = SteadyLoad(place.deployment, place.data)
    with load.applied():
        load.wait(_AROUND)
        started = time.monotonic()
        answer = _command("rollback", place.deployment.model)
        ended = time.monotonic()
        load.wait(_AROUND)
    if not answer["moved"]:
        raise RuntimeError(f"nothing was rolled back: {answer}")
    new = [each.at for each in load.answers if each.version not in (place.older, None)]
    return _Rollback(
        last_new_answer=max(new) - started,
        process=ended - started,
        requests=len(load.answers),
        rate=load.rate,
        failures=len(load.failures),
    )


def _command(*arguments: str) -> Any:
    """What `lambdaloop` answers, in a process of its own as people run it."""
    program = Path(sys.executable).with_name("lambdaloop")
    ended = subprocess.run([str(program), *arguments, "--json"], check=True, capture_output=True, text=True)
    return json.loads(ended.stdout)


@contextmanager
def _place() -> Iterator[_Place]:
    with deployed_model() as deployed:
        yield _two_releases(deployed)


def _two_releases(deployed: DeployedModel) -> _Place:
    deployment, model = deployed.deployment, deployed.definition.name
    registry = DynamoRegistry(table=deployment.registry_table)
    older = registry.releases(model)[0].version
    document = {
        "model": model,
        "version": register_again(registry, model, older),
        "requested_by": "benchmark",
        "reason": "to be rolled back",
    }
    second = StepFunctionsWorkflows().start(
        workflow=deployment.release_workflow, name="to-be-rolled-back", document=document
    )
    deployed.finish_release(second)
    newest = registry.releases(model)[0]
    return _Place(deployment=deployment, data=deployed.data, older=older, newer_release=newest.number)
