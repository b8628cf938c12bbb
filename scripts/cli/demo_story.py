"""How the demo tells what happens: a line per step with its time, and a summary at the end."""

import json
import shlex
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from rich.panel import Panel
from rich.table import Table

from lambdaloop.adapters.dynamo_registry import DynamoRegistry
from lambdaloop.domain.alias import CHAMPION
from lambdaloop.domain.definition import ModelDefinition
from scripts.cli.executions import Execution
from scripts.cli.local_process import LocalCloud
from scripts.cli.output import cell, console
from scripts.cli.stacks import Deployment


class Caller(Protocol):
    """Who sent rows to the model."""

    @property
    def summary(self) -> Mapping[str, int]:
        """sent, ok (answered) and http_5xx."""
        ...

    @property
    def example_row(self) -> Mapping[str, Any]:
        """A row that was sent."""
        ...


class Story:
    """What happened so far, with the seconds that each step took."""

    def __init__(self) -> None:
        self.timings: dict[str, float] = {}
        self.facts: dict[str, Any] = {}

    @contextmanager
    def written_to(self, path: Path | None) -> Iterator[None]:
        """Leave the summary in a file at the end, whatever the end is: a pipeline tells of what failed, too."""
        try:
            yield
        finally:
            error = sys.exception()
            if error is not None:
                outcome = "rejected" if self.facts.get("outcome") == "rejected" else "failed"
                self.facts |= {"outcome": outcome, "problem": str(error) or type(error).__name__}
            if path is not None:
                path.write_text(self.to_json(), encoding="utf-8")

    @contextmanager
    def timed(self, name: str) -> Iterator[None]:
        """Measure a step that shows its own progress."""
        started = time.monotonic()
        yield
        self.timings[name] = round(time.monotonic() - started, 2)

    @contextmanager
    def step(self, name: str, title: str) -> Iterator[Callable[[str], None]]:
        """Measure a step and show that it goes on; yields a function that takes lines of detail."""
        with self.timed(name), console.status(title) as status:
            yield lambda line: status.update(f"{title} [dim]{_short(line)}[/dim]" if line.strip() else title)
        console.print(f"[green]✓[/green] {title} [dim]{self.timings[name]:.1f} s[/dim]", highlight=False)

    def tell(self, line: str) -> None:
        """A fact worth a line of its own."""
        console.print(f"  {line}", highlight=False, markup=False)

    def tell_end(self) -> None:
        """The summary, for people."""
        facts, predictions = self.facts, self.facts["predictions"]
        table = Table.grid(padding=(0, 2))
        for name, told in (
            ("model", f"{facts['model']} ({facts['task']}, {facts['rows']:,} rows)"),
            ("candidates", ", ".join(f"{c['name']} {cell(c['score'])}" for c in facts["candidates"])),
            ("version", f"{facts['version']}: {cell(facts['metrics'])}"),
            (
                "release",
                f"{facts['release']} is Lambda version {facts['lambda_version']}, with all the traffic",
            ),
            ("endpoint", facts["endpoint"]),
            (
                "predictions",
                f"{predictions['sent']} sent, {predictions['ok']} answered, {predictions['http_5xx']} failed",
            ),
            ("time", f"{self.seconds:.0f} s: {self._longest()}"),
        ):
            table.add_row(f"[bold]{name}[/bold]", told)
        console.print(Panel(table, title="What happened", title_align="left", expand=False))

    @property
    def seconds(self) -> float:
        """How long it all took."""
        return sum(self.timings.values())

    def _longest(self) -> str:
        return ", ".join(f"{name} {seconds:.0f}" for name, seconds in self.timings.items() if seconds >= 0.5)

    def tell_how_to_go_on(self, cloud: LocalCloud) -> None:
        """The commands that use what was left running."""
        row = json.dumps({"rows": [self.facts["example_row"]]})
        command = Path(sys.executable).with_name("lambdaloop")
        lines = [
            *(f"export {name}={value}" for name, value in cloud.environment.items()),
            f"curl --aws-sigv4 aws:amz:us-east-1:execute-api --user local:local -H 'content-type: application/json' -d {shlex.quote(row)} {self.facts['endpoint']}",
            f"aws --endpoint-url {cloud.endpoint_url} lambda get-alias --function-name {self.facts['function']} --name live",
            f"aws --endpoint-url {cloud.endpoint_url} dynamodb scan --table-name {self.facts['registry_table']}",
            f"{command} versions list {self.facts['model']}",
            f"{command} console",
            f"{command} local down --state {cloud.state}",
        ]
        console.print("The local cloud is up. To use it, and to stop it at last:")
        for line in lines:
            console.print(f"  {line}", highlight=False, markup=False, soft_wrap=True)

    def to_json(self) -> str:
        """The summary, for programs."""
        hidden = ("example_row", "function", "registry_table")
        facts = {name: value for name, value in self.facts.items() if name not in hidden}
        return json.dumps({**facts, "timings_seconds": self.timings}, indent=2) + "\n"


def summarise(
    definition: ModelDefinition, deployment: Deployment, training: Execution, caller: Caller
) -> dict[str, Any]:
    """What the registry and the traffic say at the end; the champion is what serves."""
    registry = DynamoRegistry(table=deployment.registry_table)
    champion = registry.alias(definition.name, CHAMPION)
    if champion is None or champion.release is None:
        raise LookupError(f"no champion of {definition.name} although its release completed")
    version = registry.version(definition.name, champion.version)
    release = registry.release(definition.name, champion.release)
    return {
        "outcome": "released",
        "model": definition.name,
        "task": definition.task,
        "rows": version.rows,
        "candidates": _candidates(training),
        "version": version.number,
        "metrics": dict(version.metrics),
        "gate": dict(version.gate),
        "release": release.number,
        "lambda_version": release.lambda_version,
        "endpoint": deployment.predict_url,
        "predictions": caller.summary,
        "example_row": caller.example_row,
        "function": deployment.inference_function,
        "registry_table": deployment.registry_table,
    }


def rejection(training: Execution) -> dict[str, Any]:
    """What the gate had against a training that registered no version."""
    evaluation = training.output["evaluation"]
    return {
        "outcome": "rejected",
        "rows": training.output["dataset"]["rows"],
        "candidates": _candidates(training),
        "metrics": evaluation["metrics"],
        "gate": {name: evaluation[name] for name in ("passed", "checks")},
    }


def _candidates(training: Execution) -> list[dict[str, Any]]:
    return [{"name": found["name"], "score": found.get("score")} for found in training.output["candidates"]]


def _short(line: str) -> str:
    return line.strip().replace("[", r"\[")[:70]
