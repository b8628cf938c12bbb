"""What all endpoints of one model share: finding the model and answering rows."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from starlette.requests import Request

from functions.inference.facts import RequestFacts
from functions.inference.limits import max_rows
from functions.inference.refusals import RefusedError
from lambdaloop.domain.feedback import LabelRules
from lambdaloop.domain.prediction import Prediction
from lambdaloop.domain.retry_key import RetryKey, read_retry_key
from lambdaloop.services.load_model import LoadedModel
from lambdaloop.services.predict import Capture, predict

if TYPE_CHECKING:
    from lambdaloop.ports import RequestMetrics
    from lambdaloop.services.look_up_features import CompletedRows, FeatureLookUp


class Slot(Protocol):
    """Where the model is, once it is loaded."""

    @property
    def release(self) -> int | None:
        """The release of this process."""
        ...

    @property
    def loaded_at(self) -> datetime | None:
        """When the model was fetched; None before."""
        ...

    def get(self) -> LoadedModel:
        """The model, or one of the errors that `refusals` answers with 503."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Inference:
    """One model behind HTTP."""

    model: str
    slot: Slot
    capture: Capture
    labels: LabelRules
    explains: bool
    metrics: "RequestMetrics"
    look_up: "FeatureLookUp | None" = None
    """None where no features are stored."""

    def check_model(self, model: str) -> None:
        """RefusedError 404 when another model is asked for; whether this one is loaded does not matter."""
        if model != self.model:
            raise RefusedError(404, f"unknown model {model[:100]!r}: this is {self.model!r}")

    def find(self, model: str, version: str | None = None) -> LoadedModel:
        """The loaded model, if that is the one asked for; who asks for a version gets it outside of any experiment."""
        self.check_model(model)
        loaded = self.slot.get()
        if version is None:
            return loaded
        known = {str(one.pin.version): one for one in (*reversed(loaded.arms), loaded.alone())}
        if version not in known:
            numbers = ", ".join(sorted(known, key=int))
            served = f"version {numbers} is" if len(known) == 1 else f"versions {numbers} are"
            raise RefusedError(404, f"unknown version {version[:100]!r}: {served} served here")
        return known[version]

    def answer(
        self, request: Request, loaded: LoadedModel, rows: list[dict[str, Any]], entity_id: str | None = None
    ) -> list[Prediction]:
        """One prediction per row; RefusedError 413 when they would not fit into an answer."""
        check_rows(len(rows), loaded)
        facts: RequestFacts = request.state.facts

        def ask(arm: str) -> None:
            request.state.arm = arm

        predictions = predict(
            rows,
            loaded=loaded if facts.is_traffic else _verified(loaded, facts.arm),
            entity_id=entity_id,
            request_id=facts.gateway_id,
            event_time=facts.event_time,
            capture=self.capture if facts.is_traffic else None,
            ask=ask,
            retry=_retry_key(facts),
            completed=self.complete(request, loaded, rows, entity_id),
        )
        request.state.predictions = len(predictions)
        return predictions

    def complete(
        self, request: Request, loaded: LoadedModel, rows: list[dict[str, Any]], entity_id: str | None = None
    ) -> "CompletedRows | None":
        """The rows with their stored features, which the answer's header tells of; None where none are stored."""
        if self.look_up is None:
            return None
        facts: RequestFacts = request.state.facts
        completed = self.look_up.complete(
            rows, signature=loaded.model.signature, entity_id=entity_id, at=facts.event_time
        )
        request.state.online = completed.worst
        return completed


def _retry_key(facts: RequestFacts) -> RetryKey | None:
    """RefusedError 400 when there is one that cannot keep its promise."""
    if facts.idempotency_key is None:
        return None
    try:
        return read_retry_key(facts.idempotency_key, now=facts.event_time)
    except ValueError as error:
        raise RefusedError(400, f"idempotency-key {error}") from error


def check_rows(count: int, loaded: LoadedModel) -> None:
    """RefusedError 413 when so many predictions would not fit into an answer; one always does."""
    if count == 1:
        return
    limit = max_rows(loaded.model.signature, variants=[one.variant for one in (loaded, *loaded.arms)])
    if count > limit:
        raise RefusedError(413, f"{count} rows, at most {limit} are taken: send several requests")


def _verified(loaded: LoadedModel, arm: str | None) -> LoadedModel:
    """What a verification asks: always one version, whomever its rows are about."""
    if arm is None:
        return loaded.alone()
    known = {one.variant: one for one in loaded.arms}
    if arm not in known:
        raise RefusedError(404, f"unknown arm {arm[:100]!r}: this release has {', '.join(known) or 'none'}")
    return known[arm]
