"""The plain interface: a list of rows in, a list of predictions out."""

from fastapi import APIRouter, Request, Response

from functions.inference.endpoints import Inference
from functions.inference.messages import PredictionsBody, RowsRequest
from functions.inference.reading import read_body
from functions.inference.refusals import json_response


def row_api(inference: Inference) -> APIRouter:
    """Its one endpoint."""
    router = APIRouter(tags=["Rows"])

    @router.post("/models/{model}/predict")
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

    return router
