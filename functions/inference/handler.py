"""Answers the HTTP requests for one model: API Gateway's event in, its response out.

Importing this file does nothing but define `handler`, except in Lambda: there the import is the init phase, which has a
whole core whatever the function's memory, is where provisioned concurrency and SnapStart prepare an environment, and so is
the right moment for building the application and loading the model. A model that cannot be loaded then is asked for again
by the first request.
"""

import asyncio
import json
import os
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING, Any

from lambdaloop.bootstrap import App
from lambdaloop.domain.documents import Document
from lambdaloop.domain.errors import LambdaloopError
from lambdaloop.domain.http_answer import PROBLEM_TYPE, SECURITY_HEADERS, problem_body
from lambdaloop.settings import Settings

if TYPE_CHECKING:
    from mangum import Mangum

    from lambdaloop.services.look_up_features import FeatureLookUp


@cache
def _gateway() -> "Mangum":
    """The application behind API Gateway, with the model in it if that can be loaded."""
    # There are no plugins, but pydantic would read the metadata of every installed package in search of some.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    from functions.inference.api import create_gateway
    from functions.inference.endpoints import Inference
    from lambdaloop.domain.feedback import LabelRules
    from lambdaloop.services.load_model import ModelSlot
    from lambdaloop.services.predict import Capture

    app = App(Settings.from_env())
    model, definition = app.settings.need("model"), app.definition
    slot = ModelSlot(model=model, pin=app.settings.pin, artifacts=app.artifact_reader, clock=app.clock)
    inference = Inference(
        model=model,
        slot=slot,
        capture=Capture(
            log=app.prediction_log,
            features=definition.serving.capture,
            entity_salt=app.settings.need("entity_salt"),
            rate=definition.serving.capture_rate,
        ),
        labels=LabelRules(definition),
        explains=definition.serving.explains,
        metrics=app.request_metrics,
        look_up=_look_up(app),
    )
    # Mangum expects a loop, and Python no longer makes one by itself.
    asyncio.set_event_loop(asyncio.new_event_loop())
    gateway = create_gateway(inference)
    # The first request asks again, and answers and logs why not.
    with suppress(LambdaloopError):
        slot.get()
    return gateway


def _look_up(app: App) -> "FeatureLookUp | None":
    """None, and nothing is even imported, where the definition stores no features."""
    if app.definition.online is None:
        return None
    from lambdaloop.services.look_up_features import FeatureLookUp

    return FeatureLookUp(
        app.definition.online,
        reader=app.feature_reader,
        metrics=app.look_up_metrics,
        longest_seconds=app.definition.serving.timeout_seconds / 2,
    )


def handler(event: Document, context: Any) -> Document:
    """One request; events are those of API Gateway's payload format 2.0."""
    gateway = _gateway()
    try:
        return gateway(event, context)
    except ValueError:
        # Raised in front of the application only: text that is no Unicode, or base64 that is none.
        request_id = event["requestContext"]["requestId"]
        body = problem_body(400, "the request is not text in UTF-8", request_id=request_id)
        return {
            "statusCode": 400,
            "headers": {"content-type": PROBLEM_TYPE, **SECURITY_HEADERS, "x-request-id": request_id},
            "body": json.dumps(body),
            "isBase64Encoded": False,
        }


if "AWS_LAMBDA_INITIALIZATION_TYPE" in os.environ:
    _gateway()
