"""The inference function behind API Gateway, in memory: requests go in as events and come back as Lambda's responses."""

import base64
import copy
import gzip
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from functions.inference.api import create_gateway
from functions.inference.endpoints import Inference
from lambdaloop.domain.artifact import Artifact
from lambdaloop.domain.bundle import golden_of
from lambdaloop.domain.definition import ModelDefinition
from lambdaloop.domain.documents import Document
from lambdaloop.domain.errors import LambdaloopError
from lambdaloop.domain.feedback import LabelRules
from lambdaloop.domain.release import ReleasePin
from lambdaloop.ports import PredictionLog, ServedModel
from lambdaloop.services.load_model import LoadedModel
from lambdaloop.services.look_up_features import FeatureLookUp
from lambdaloop.services.predict import Capture
from lambdaloop.serving.served_model import LoadedBundle
from tests.fakes.tiny_model import DEFINITION, classifier

EVENTS = Path(__file__).parents[2] / "events"
LOADED_AT = datetime(2026, 3, 2, 9, 20, 1, tzinfo=UTC)
"""Ten minutes before the sample requests."""
PIN = ReleasePin(
    model="churn", release=3, version=7, bundle=Artifact(key="k", version_id="v", sha256="s", size=1)
)


def load_event(name: str) -> Document:
    """One of `tests/events`."""
    event: Document = json.loads((EVENTS / f"{name}.json").read_text())
    return event


@dataclass
class FakeSlot:
    """Holds a model, or the error that loading it gives."""

    content: ServedModel | LoadedModel | LambdaloopError
    release: int | None = PIN.release
    loaded_at: datetime | None = LOADED_AT

    def get(self) -> LoadedModel:
        if isinstance(self.content, LambdaloopError):
            raise self.content
        return (
            self.content
            if isinstance(self.content, LoadedModel)
            else LoadedModel(pin=PIN, model=self.content, golden_json=golden_of(classifier()))
        )


@dataclass(frozen=True)
class Answer:
    """A response as a caller sees it."""

    status: int
    headers: Mapping[str, str]
    body: Any


@dataclass
class Gateway:
    """One deployed model; remembers what was captured and measured."""

    model: ServedModel | LoadedModel | LambdaloopError = field(
        default_factory=lambda: LoadedBundle.from_bytes(classifier())
    )
    definition: ModelDefinition = DEFINITION
    log: PredictionLog | None = None
    look_up: FeatureLookUp | None = None
    captured: list[Mapping[str, Any]] = field(default_factory=list)
    measured: list[Mapping[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.slot = FakeSlot(self.model)
        capture = Capture(log=self.log or self, features=("age",), entity_salt="stack-1")
        inference = Inference(
            model="churn",
            slot=self.slot,
            capture=capture,
            labels=LabelRules(self.definition),
            explains=self.definition.serving.explains,
            metrics=self,
            look_up=self.look_up,
        )
        self._lambda = create_gateway(inference)
        self.app: Any = self._lambda.app

    def write(self, line: Mapping[str, Any]) -> None:
        """The port PredictionLog."""
        self.captured.append(line)

    def record(self, **figures: Any) -> None:
        """The port RequestMetrics."""
        self.measured.append(figures)

    def invoke(self, event: Document) -> Document:
        """Lambda's response to one event."""
        context: Any = None
        return self._lambda(event, context)

    def send(self, event: Document) -> Answer:
        """One event through the application."""
        response = self.invoke(event)
        body = response.get("body") or ""
        content = base64.b64decode(body) if response["isBase64Encoded"] else body.encode()
        if response["headers"].get("content-encoding") == "gzip":
            content = gzip.decompress(content)
        return Answer(response["statusCode"], response["headers"], json.loads(content))

    def request(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        raw: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """One request; bytes that are no text travel in base64, as API Gateway sends them."""
        content = raw if raw is not None else b"" if body is None else json.dumps(body).encode()
        event = copy.deepcopy(load_event("predict"))
        event["rawPath"] = path
        event["requestContext"]["http"] |= {"method": method, "path": unquote(path)}
        if headers is not None:
            event["headers"] = {"host": "a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com", **headers}
        event["body"] = base64.b64encode(content).decode()
        event["isBase64Encoded"] = True
        return self.send(event)

    def predict(self, *rows: Mapping[str, Any], **more: Any) -> Answer:
        """Rows through the row API."""
        return self.request("POST", "/models/churn/predict", {"rows": list(rows), **more})

    def explain(self, *rows: Mapping[str, Any], **more: Any) -> Answer:
        """Rows to explain."""
        return self.request("POST", "/models/churn/explain", {"rows": list(rows), **more})

    def feedback(self, *labels: Mapping[str, Any], **more: Any) -> Answer:
        """Labels."""
        return self.request("POST", "/models/churn/feedback", {"labels": list(labels), **more})

    def infer(self, *tensors: Mapping[str, Any], path: str = "/v2/models/churn/infer", **more: Any) -> Answer:
        """Tensors through the Open Inference Protocol."""
        return self.request("POST", path, {"inputs": list(tensors), **more})
