"""Generated requests through the whole handler of a trained model: what no documented answer fits is a failure."""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from functions.inference.api import create_gateway
from functions.inference.endpoints import Inference
from lambdaloop.domain.artifact import Artifact
from lambdaloop.domain.bundle import golden_of
from lambdaloop.domain.documents import Document
from lambdaloop.domain.feedback import LabelRules
from lambdaloop.domain.release import ReleasePin
from lambdaloop.services.load_model import LoadedModel
from lambdaloop.services.predict import Capture
from lambdaloop.serving.served_model import LoadedBundle
from scripts.api_fuzz import fuzz_api
from scripts.benchmarks.report import Section, Table
from scripts.benchmarks.trained_models import FittedModel, fit_models

_REQUESTS = 20_000
_EXAMPLES = 100
_NUMBERS, _CATEGORIES = 4, 1
"""An explanation asks the model for up to 10,000 predictions: of thirty features it takes a second, of five a hundredth of that."""


class _Slot:
    """A model in memory."""

    release = 1
    loaded_at = None

    def __init__(self, fitted: FittedModel) -> None:
        pin = ReleasePin(
            model=fitted.definition.name,
            release=1,
            version=1,
            bundle=Artifact(key="bundle.zip", version_id="1", sha256="0", size=len(fitted.bundle)),
        )
        self._loaded = LoadedModel(
            pin=pin, model=LoadedBundle.from_bytes(fitted.bundle), golden_json=golden_of(fitted.bundle)
        )

    def get(self) -> LoadedModel:
        """The model."""
        return self._loaded


class _Nowhere:
    """Takes prediction lines and metrics, and keeps none."""

    def write(self, line: Mapping[str, Any]) -> None:
        """The port PredictionLog."""

    def record(self, **figures: Any) -> None:
        """The port RequestMetrics."""


def fuzz(advance: Callable[[int, int], None]) -> Section:
    """Round after round, each with its own seed, until there were enough requests."""
    fitted = next(fit_models("binary", numbers=_NUMBERS, categories=_CATEGORIES))
    slot = _Slot(fitted)
    asyncio.set_event_loop(asyncio.new_event_loop())  # Mangum looks for one when it is made
    gateway = create_gateway(_inference(fitted, slot))

    def invoke(event: Document) -> Document:
        context: Any = None
        return gateway(event, context)

    statuses: Counter[int] = Counter()
    failures: list[str] = []
    seed = 0
    while statuses.total() < _REQUESTS:
        found = fuzz_api(invoke, slot.get().model.signature, examples=_EXAMPLES, seed=seed)
        statuses += found.statuses
        failures += found.failures
        seed += 1
        advance(min(statuses.total(), _REQUESTS), _REQUESTS)
    if failures:
        raise RuntimeError(f"{len(failures)} answers are not as documented, the first:\n{failures[0]}")
    return Section(
        title="Generated requests",
        text=(
            f"Schemathesis over the whole API of a {fitted.label} with {len(fitted.definition.features)} features, all phases and all checks, "
            f"through the handler in process, with {seed} seeds. Must hold: {_REQUESTS:,} requests, no 5xx, no status and no body that the "
            "OpenAPI document does not say."
        ),
        table=Table(
            head=["status", "answers"],
            rows=[
                *([str(status), f"{count:,}"] for status, count in sorted(statuses.items())),
                ["all", f"**{statuses.total():,}**"],
                ["not as documented", f"**{len(failures)}**"],
            ],
        ),
    )


def _inference(fitted: FittedModel, slot: _Slot) -> Inference:
    nowhere = _Nowhere()
    return Inference(
        model=fitted.definition.name,
        slot=slot,
        capture=Capture(log=nowhere, features=[*fitted.definition.features], entity_salt="fuzz"),
        labels=LabelRules(fitted.definition),
        explains=True,
        metrics=nowhere,
    )
