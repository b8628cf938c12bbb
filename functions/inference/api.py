"""Puts the HTTP interface of one model together."""

from mangum import Mangum
from mangum.adapter import DEFAULT_TEXT_MIME_TYPES
from starlette.applications import Starlette
from starlette.middleware import Middleware

from functions.inference.boundary import Boundary
from functions.inference.endpoints import Inference
from functions.inference.explain_api import explain_api
from functions.inference.feedback_api import feedback_api
from functions.inference.open_inference import open_inference
from functions.inference.refusals import REFUSALS
from functions.inference.row_api import row_api
from lambdaloop.domain.http_answer import PROBLEM_TYPE


def create_gateway(inference: Inference) -> Mangum:
    """The application behind API Gateway."""
    return Mangum(
        create_app(inference), lifespan="off", text_mime_types=[*DEFAULT_TEXT_MIME_TYPES, PROBLEM_TYPE]
    )


def create_app(inference: Inference) -> Starlette:
    """The application. Its endpoints are async: a sync one would go through a thread pool, several times slower."""
    app = Starlette(
        routes=[
            route
            for routes in (row_api, explain_api, feedback_api, open_inference)
            for route in routes(inference)
        ],
        middleware=[Middleware(Boundary, metrics=inference.metrics, slot=inference.slot)],
        exception_handlers=REFUSALS,
    )
    app.router.redirect_slashes = False
    return app
