"""Where labels are sent to: what really happened, and what it was worth, about predictions made before."""

from starlette.requests import Request
from starlette.responses import Response

from functions.inference.endpoints import Inference
from functions.inference.facts import RequestFacts
from functions.inference.messages import FeedbackBody, FeedbackRequest
from functions.inference.reading import read_body
from functions.inference.refusals import json_response
from functions.inference.routes import Routes
from lambdaloop.services.record_feedback import SentLabel, record_feedback


def feedback_api(inference: Inference) -> Routes:
    """Its one endpoint. It needs the model's definition and not the model: labels come before, during and after a release."""
    routes = Routes("Labels")

    @routes.post("/models/{model}/feedback")
    async def send_labels(model: str, request: Request) -> Response:
        """Send labels."""
        request.state.is_uncounted = True
        inference.check_model(model)
        body = await read_body(request, FeedbackRequest)
        facts: RequestFacts = request.state.facts
        accepted = record_feedback(
            [
                SentLabel(
                    prediction_id=one.prediction_id,
                    actual=one.actual,
                    reward=one.reward,
                    observed_at=one.observed_at,
                )
                for one in body.labels
            ],
            model=inference.model,
            rules=inference.labels,
            received_at=facts.event_time,
            log=inference.capture.log,
        )
        answer: FeedbackBody = {"accepted": accepted, "request_id": facts.request_id}
        return json_response(answer, 202)

    return routes
