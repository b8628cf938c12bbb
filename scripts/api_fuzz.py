"""Asks a model's API what Schemathesis can think of, and checks every answer against the OpenAPI document."""

import re
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime

import schemathesis
from schemathesis.engine import events, from_schema

from lambdaloop.domain.documents import Document
from lambdaloop.domain.prediction_id import new_prediction_id
from lambdaloop.domain.signature import Signature
from scripts import openapi
from scripts.wsgi_gateway import WsgiGateway

_ACCEPTED = ["2xx", "404", "413", "422"]
_REFUSED = (400, 401, 403, 404, 405, 406, 409, 413, 415, 422, 428, 429)
_CONFIG: Document = {
    "base-url": "http://gateway.example",
    "generation": {"database": "none"},
    # Too many rows are a refusal as well, and the one that a request gets which is wrong in other ways, too.
    "checks": {"negative_data_rejection": {"expected-statuses": [*map(str, _REFUSED)]}},
    "operations": [
        # That the shapes of tensors fit each other and the model, and that a label's id and time are possible ones, no schema can say.
        {
            "include-path-regex": "/(infer|feedback)$",
            "checks": {"positive_data_acceptance": {"expected-statuses": _ACCEPTED}},
        }
    ],
}


@dataclass(frozen=True, slots=True)
class Findings:
    """What was asked, and what was wrong with the answers."""

    statuses: Counter[int]
    failures: list[str] = field(default_factory=list)

    @property
    def requests(self) -> int:
        """How many were answered."""
        return self.statuses.total()


def fuzz_api(
    invoke: Callable[[Document], Document], signature: Signature, *, examples: int, seed: int
) -> Findings:
    """All phases with all checks; `examples` is how many each phase makes up for each operation."""
    generation = {**_CONFIG["generation"], "max-examples": examples}
    config = schemathesis.Config.from_dict({**_CONFIG, "generation": generation, "seed": seed})
    schema = schemathesis.openapi.from_dict(openapi.document(signature), config=config)
    with closing(WsgiGateway(lambda event: invoke(_with_a_fresh_key(event)))) as gateway:
        schema.app = gateway
        findings = Findings(gateway.statuses)
        for event in from_schema(schema).execute():
            if isinstance(event, events.ScenarioFinished):
                findings.failures.extend(_failures(event))
            elif isinstance(event, events.NonFatalError | events.FatalError):
                findings.failures.append(f"{event}")
    return findings


def _with_a_fresh_key(event: Document) -> Document:
    """A key is a time, and its pattern cannot say that it has to be one of the last day."""
    headers = event["headers"]
    if re.fullmatch(openapi.KEY_PATTERN, headers.get("idempotency-key", "")):
        headers["idempotency-key"] = new_prediction_id(datetime.now(UTC))
    return event


def _failures(event: events.ScenarioFinished) -> list[str]:
    return [
        f"{event.recorder.cases[id_].value.as_curl_command()}\n{check.name}: {check.failure_info.failure}"
        for id_, checks in event.recorder.checks.items()
        for check in checks
        if check.failure_info
    ]
