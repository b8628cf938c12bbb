"""An inference function that predicts what the sample golden rows expect."""

import json
from typing import Any

from lambdaloop.domain.documents import Document
from lambdaloop.domain.release import ReleasePin


def answer(pin: ReleasePin | None, event: Document, *, off_by: float = 0.0) -> Document:
    """The HTTP response to a request of the row API; 503 without a pin."""
    if pin is None:
        return {"statusCode": 503, "body": json.dumps({"error": "no model released yet"})}
    rows = json.loads(event["body"])["rows"]
    body = {"predictions": [_prediction(pin, row, off_by) for row in rows], "request_id": "r"}
    return {"statusCode": 200, "body": json.dumps(body), "isBase64Encoded": False}


def _prediction(pin: ReleasePin, row: dict[str, Any], off_by: float) -> Document:
    yes = row["age"] / 1000 + off_by
    return {
        "prediction_id": "p",
        "value": "no",
        "probabilities": {"no": 1 - yes, "yes": yes},
        "variant": "champion",
        "model_version": pin.version,
    }
