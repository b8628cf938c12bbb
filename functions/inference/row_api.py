"""The plain interface: a list of rows in, a list of predictions out."""

from starlette.requests import Request
from starlette.responses import Response

from functions.inference.endpoints import Inference
from functions.inference.messages import PredictionsBody, RowsRequest
from functions.inference.reading import read_body
from functions.inference.refusals import json_response
from functions.inference.routes import Routes
from lambdaloop.domain.row_schema import row_schema


def row_api(inference: Inference) -> Routes:
    """Its endpoints."""
    routes = Routes("Rows")

    @routes.post("/models/{model}/predict")
    async def predict_rows(model: str, request: Request) -> Response:
        """Predict rows."""
        loaded = inference.find(model)
        body = await read_body(request, RowsRequest)
        predictions = inference.answer(request, loaded, body.rows, body.entity_id)
        answer: PredictionsBody = {
            "predictions": [
                {
                    "prediction_id": one.prediction_id,
                    "value": one.output.value,
                    "probabilities": one.output.probabilities,
                    "variant": one.variant,
                    "model_version": one.model_version,
                }
                for one in predictions
            ],
            "request_id": request.state.facts.request_id,
        }
        return json_response(answer)

    @routes.get("/models/{model}/schema")
    async def describe_row(model: str) -> Response:
        """What a row is made of, as JSON Schema."""
        loaded = inference.find(model)
        stored = inference.look_up.defaults if inference.look_up else {}
        return json_response(row_schema(loaded.model.signature, version=loaded.pin.version, stored=stored))

    return routes
