"""Puts the HTTP interface of one model together."""

from fastapi import FastAPI
from mangum import Mangum
from mangum.adapter import DEFAULT_TEXT_MIME_TYPES

import lambdaloop
from functions.inference.boundary import Boundary
from functions.inference.endpoints import Inference
from functions.inference.explain_api import explain_api
from functions.inference.feedback_api import feedback_api
from functions.inference.open_inference import open_inference
from functions.inference.refusals import install_refusals
from functions.inference.row_api import row_api
from lambdaloop.domain.http_answer import PROBLEM_TYPE


def create_gateway(inference: Inference) -> Mangum:
    """The application behind API Gateway."""
    return Mangum(
        create_app(inference), lifespan="off", text_mime_types=[*DEFAULT_TEXT_MIME_TYPES, PROBLEM_TYPE]
    )


def create_app(inference: Inference) -> FastAPI:
    """The application. Its endpoints are async: a sync one would go through a thread pool, several times slower."""
    app = FastAPI(
        title="Lambdaloop",
        version=lambdaloop.__version__,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,  # published as a file: docs/openapi.json
        redirect_slashes=False,
    )
    install_refusals(app)
    app.add_middleware(Boundary, metrics=inference.metrics, slot=inference.slot)
    for router in (row_api, explain_api, feedback_api, open_inference):
        # Their routes and not the routers, each of which would be one more layer around every request.
        app.router.routes.extend(router(inference).routes)
    return app
