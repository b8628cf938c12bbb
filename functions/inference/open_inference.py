"""The Open Inference Protocol, version 2, without its binary data extension."""

from starlette.requests import Request
from starlette.responses import Response

import lambdaloop
from functions.inference.endpoints import Inference, check_rows
from functions.inference.messages import (
    InferBody,
    InferRequest,
    Live,
    ModelReady,
    Ready,
    ServerMetadata,
)
from functions.inference.reading import read_body
from functions.inference.refusals import json_response
from functions.inference.routes import Routes
from functions.inference.tensors import metadata_of, outputs_of, row_count, rows_of, wanted_outputs
from lambdaloop.services.load_model import LoadedModel

_MODEL = "/v2/models/{model}"
_VERSION = "/v2/models/{model}/versions/{version}"


def open_inference(inference: Inference) -> Routes:
    """Its endpoints; those of the server as a whole are answered by answer_unrouted where several models share an API."""
    routes = Routes("Open Inference Protocol")
    _add_health(routes, inference)
    _add_model(routes, inference)
    return routes


def _add_health(routes: Routes, inference: Inference) -> None:
    @routes.get("/v2")
    async def server_metadata() -> Response:
        """Who answers."""
        answer: ServerMetadata = {"name": "lambdaloop", "version": lambdaloop.__version__, "extensions": []}
        return json_response(answer)

    @routes.get("/v2/health/live")
    async def server_live() -> Response:
        """Whether the function runs."""
        answer: Live = {"live": True}
        return json_response(answer)

    @routes.get("/v2/health/ready")
    async def server_ready() -> Response:
        """Whether predictions are answered; 503 when not."""
        inference.slot.get()
        answer: Ready = {"ready": True}
        return json_response(answer)


def _add_model(routes: Routes, inference: Inference) -> None:
    @routes.get(_MODEL)
    async def model_metadata(model: str) -> Response:
        """What the model takes and gives."""
        return _metadata(inference.find(model))

    @routes.get(_VERSION)
    async def version_metadata(model: str, version: str) -> Response:
        """What the version takes and gives."""
        return _metadata(inference.find(model, version))

    @routes.get(f"{_MODEL}/ready")
    async def model_ready(model: str) -> Response:
        """Whether the model answers predictions; 503 when not."""
        return _ready(inference.find(model))

    @routes.get(f"{_VERSION}/ready")
    async def version_ready(model: str, version: str) -> Response:
        """Whether the version answers predictions; 503 when not."""
        return _ready(inference.find(model, version))

    @routes.post(f"{_MODEL}/infer")
    async def model_infer(model: str, request: Request) -> Response:
        """Predict tensors."""
        return await _infer(inference, inference.find(model), request)

    @routes.post(f"{_VERSION}/infer")
    async def version_infer(model: str, version: str, request: Request) -> Response:
        """Predict tensors with this version or not at all."""
        return await _infer(inference, inference.find(model, version), request)


def _metadata(loaded: LoadedModel) -> Response:
    versions = dict.fromkeys(one.pin.version for one in (loaded, *loaded.arms))
    return json_response(metadata_of(loaded.model.signature, versions=[*versions]))


def _ready(loaded: LoadedModel) -> Response:
    answer: ModelReady = {"name": loaded.pin.model, "ready": True}
    return json_response(answer)


async def _infer(inference: Inference, loaded: LoadedModel, request: Request) -> Response:
    body = await read_body(request, InferRequest)
    check_rows(row_count(body), loaded)
    signature = loaded.model.signature
    wanted = wanted_outputs(body, signature)
    predictions = inference.answer(request, loaded, rows_of(body, signature))
    answer: InferBody = {
        "model_name": loaded.pin.model,
        "outputs": outputs_of(predictions, signature, wanted=wanted),
    }
    versions = {prediction.model_version for prediction in predictions}
    if len(versions) == 1:
        answer["model_version"] = str(versions.pop())
    if body.id is not None:
        answer["id"] = body.id
    return json_response(answer)
