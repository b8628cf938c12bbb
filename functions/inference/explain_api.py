"""Where callers ask why: explanations are no predictions, so they are neither logged nor counted as such."""

from starlette.requests import Request
from starlette.responses import Response

from functions.inference.endpoints import Inference
from functions.inference.explain_messages import ExplainRequest, ExplanationBody, ExplanationsBody
from functions.inference.reading import read_body
from functions.inference.refusals import RefusedError, json_response
from functions.inference.routes import Routes
from lambdaloop.domain.errors import ArtifactCorruptError
from lambdaloop.domain.explained_scale import Scale
from lambdaloop.domain.explanation import Explanation
from lambdaloop.domain.golden import GoldenRows
from lambdaloop.domain.signature import Signature
from lambdaloop.services.explain import background_of, explain, max_rows
from lambdaloop.services.explain_exactly import Row
from lambdaloop.services.load_model import LoadedModel
from lambdaloop.services.predict import entities_of


def explain_api(inference: Inference) -> Routes:
    """Its one endpoint."""
    routes = Routes("Rows")
    backgrounds: dict[str, tuple[Row, ...]] = {}

    @routes.post("/models/{model}/explain")
    async def explain_rows(model: str, request: Request) -> Response:
        """Explain rows."""
        request.state.is_uncounted = True
        inference.check_model(model)
        if not inference.explains:
            raise RefusedError(
                403, "rows of this model are not explained: its definition says so with serving.explain"
            )
        inference.find(model)
        body = await read_body(request, ExplainRequest)
        version = None if body.model_version is None else str(body.model_version)
        loaded = inference.find(model, version).alone()
        signature = loaded.model.signature
        if len(body.rows) > (limit := max_rows(signature)):
            raise RefusedError(413, f"{len(body.rows)} rows, at most {limit} are explained at once")
        entities_of(
            body.rows, column=signature.entity, default=None
        )  # a row is refused here if it is for predictions
        completed = inference.complete(request, loaded, body.rows)
        explanations = explain(
            completed.rows if completed else body.rows,
            model=loaded.model,
            background=_background(loaded, backgrounds),
            label=_checked_label(body.label, signature),
            scale=_checked_scale(body.scale, signature),
        )
        answer: ExplanationsBody = {
            "explanations": [_body_of(one) for one in explanations],
            "model_version": loaded.pin.version,
            "request_id": request.state.facts.request_id,
        }
        return json_response(answer)

    return routes


def _background(loaded: LoadedModel, known: dict[str, tuple[Row, ...]]) -> tuple[Row, ...]:
    """Read by the first explanation; ArtifactCorruptError when the version came without."""
    digest = loaded.pin.bundle.sha256
    if digest not in known:
        try:
            rows = background_of(GoldenRows.from_json(loaded.golden_json), loaded.model.signature)
        except ValueError as error:
            raise ArtifactCorruptError(f"the golden rows cannot be read: {error}") from error
        if not rows:
            raise ArtifactCorruptError("the bundle has no golden rows, which rows could be held against")
        known[digest] = rows
    return known[digest]


def _checked_label(label: object, signature: Signature) -> str | None:
    """RefusedError 422 unless it is one of the classes."""
    if label is None:
        return None
    for known in signature.classes:
        if type(label) is type(known) and label == known:
            return str(known)
    classes = ", ".join(repr(known) for known in signature.classes[:10]) or "none, it predicts a number"
    problem = f"must be one of the model's classes: {classes}"
    raise RefusedError(422, "label: no such class", [{"row": None, "field": "label", "problem": problem}])


def _checked_scale(scale: Scale | None, signature: Signature) -> Scale | None:
    """RefusedError 422 where the model's output has no such scale."""
    known = ("probability", "margin") if signature.classes else ("value",)
    if scale is None or scale in known:
        return scale
    problem = f"must be {' or '.join(known)} for this model"
    raise RefusedError(
        422, "scale: not one of this model", [{"row": None, "field": "scale", "problem": problem}]
    )


def _body_of(one: Explanation) -> ExplanationBody:
    return {
        "value": one.prediction.value,
        "probabilities": one.prediction.probabilities,
        "label": one.label,
        "scale": one.scale,
        "method": one.method,
        "base": one.base,
        "output": one.output,
        "contributions": one.contributions,
        "errors": one.errors,
    }
