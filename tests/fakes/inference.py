"""An inference function that predicts what the sample golden rows expect."""

import json
from typing import Any

from lambdaloop.domain.alias import CHAMPION
from lambdaloop.domain.documents import Document
from lambdaloop.domain.gateway_event import ARM_HEADER
from lambdaloop.domain.release import ReleasePin


def answer(pin: ReleasePin | None, event: Document, *, off_by: float = 0.0) -> Document:
    """The HTTP response to a request of the row API; 503 without a pin."""
    if pin is None:
        return {"statusCode": 503, "body": json.dumps({"error": "no model released yet"})}
    arm = _arm(pin, event)
    if arm is None:
        return {"statusCode": 404, "body": json.dumps({"error": "unknown arm"})}
    rows = json.loads(event["body"])["rows"]
    body = {"predictions": [_prediction(*arm, row, off_by) for row in rows], "request_id": "r"}
    return {"statusCode": 200, "body": json.dumps(body), "isBase64Encoded": False}


def _arm(pin: ReleasePin, event: Document) -> tuple[str, int] | None:
    """Name and version of who answers a verification."""
    wanted = event["headers"].get(ARM_HEADER)
    if wanted is None:
        return CHAMPION, pin.version
    arms = pin.experiment.arms if pin.experiment else ()
    return next(((arm.name, arm.version) for arm in arms if arm.name == wanted), None)


def _prediction(variant: str, version: int, row: dict[str, Any], off_by: float) -> Document:
    yes = (row["age"] or 0.0) / 1000 + off_by
    return {
        "prediction_id": "p",
        "value": "no",
        "probabilities": {"no": 1 - yes, "yes": yes},
        "variant": variant,
        "model_version": version,
    }
